// wasi:cli/terminal-*: whether a standard stream is a terminal, which is all that 0.2 can say about one.

import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostInstance, HostResource } from "edge-runtime-core";
import { STDIO } from "./stdio.ts";

const VERSION = "@0.2.12";

const terminalInput: HostResource = { kind: "resource", drop: () => undefined };
const terminalOutput: HostResource = { kind: "resource", drop: () => undefined };

/** Undefined where the run's stream is no terminal; there is nothing to do with one that is. */
function getter(stream: "stdin" | "stdout" | "stderr", resource: HostResource): HostInstance {
  return hostInstance({
    [`get-terminal-${stream}`]: {
      kind: "sync",
      reads: "environment",
      type: wit.func({}, wit.option(wit.own(resource))),
      call: (call: HostCall) => (call.context.grants.get(STDIO).terminals?.[stream] === true ? { stream } : undefined),
    },
  });
}

export const terminalInterfaces: readonly (readonly [name: string, offered: HostInstance])[] = [
  [`wasi:cli/terminal-input${VERSION}`, hostInstance({ "terminal-input": terminalInput })],
  [`wasi:cli/terminal-output${VERSION}`, hostInstance({ "terminal-output": terminalOutput })],
  [`wasi:cli/terminal-stdin${VERSION}`, getter("stdin", terminalInput)],
  [`wasi:cli/terminal-stdout${VERSION}`, getter("stdout", terminalOutput)],
  [`wasi:cli/terminal-stderr${VERSION}`, getter("stderr", terminalOutput)],
];
