// wasi:cli/stdin, stdout and stderr. Each run has one stream of each, however many handles its guest asks for: dropping a
// handle closes nothing, the end of the run does. What a run is granted no stream for goes to its log, line by line.

import { hostInstance, wit } from "edge-runtime-core";
import type { Grant, HostCall, HostInstance, Platform, Service, WorkerContext } from "edge-runtime-core";
import type { ByteSink, ByteSource } from "../io/byte-streams.ts";
import { createInputStream, createOutputStream, inputStream, outputStream } from "../io/io-resources.ts";
import { alwaysReady } from "../readiness.ts";
import { createLogSink } from "./log-sink.ts";

export const STDIN_INTERFACE = "wasi:cli/stdin@0.2.12";
export const STDOUT_INTERFACE = "wasi:cli/stdout@0.2.12";
export const STDERR_INTERFACE = "wasi:cli/stderr@0.2.12";

/** The streams of one run; they are closed when it ends. */
export interface Stdio {
  /** Default: empty. */
  readonly stdin?: ByteSource | undefined;
  /** Default: lines of the run's log, at level "info", if it may log. */
  readonly stdout?: ByteSink | undefined;
  /** Default: the same, at level "warn". */
  readonly stderr?: ByteSink | undefined;
  /** Which of them are terminals. Default: none. */
  readonly terminals?: Partial<Readonly<Record<"stdin" | "stdout" | "stderr", boolean>>> | undefined;
}

/** Streams belong to one run: make the grant for each context anew. */
export const STDIO: Grant<Stdio> = { name: "standard streams", none: {} };

interface RunStdio {
  readonly stdin: ByteSource;
  readonly stdout: ByteSink;
  readonly stderr: ByteSink;
}

const emptySource: ByteSource = { ...alwaysReady, read: () => undefined, close: () => undefined };

/** The same stream, as one handle of several. */
const shared = <Stream extends ByteSource | ByteSink>(stream: Stream): Stream => ({
  ...stream,
  close: () => undefined,
});

function createStdioService(wallClock: Platform["wallClock"]): Service<RunStdio> {
  return {
    name: "stdio",
    start: (context: WorkerContext) => {
      const granted = context.grants.get(STDIO);
      return {
        stdin: granted.stdin ?? emptySource,
        stdout: granted.stdout ?? createLogSink(context, "info", wallClock),
        stderr: granted.stderr ?? createLogSink(context, "warn", wallClock),
      };
    },
    end: ({ stdin, stdout, stderr }) => {
      stdin.close();
      stdout.close();
      stderr.close();
    },
  };
}

/** The three interfaces by name. `wallClock` gives the time of log entries. */
export function createStdioInterfaces({ wallClock }: Pick<Platform, "wallClock">): [name: string, HostInstance][] {
  const service = createStdioService(wallClock);
  const output = (name: "stdout" | "stderr"): HostInstance =>
    hostInstance({
      [`get-${name}`]: {
        kind: "sync",
        reads: "nothing",
        type: wit.func({}, wit.own(outputStream)),
        call: (call: HostCall) => createOutputStream(shared(call.context.service(service)[name])),
      },
    });
  const input = hostInstance({
    "get-stdin": {
      kind: "sync",
      reads: "nothing",
      type: wit.func({}, wit.own(inputStream)),
      call: (call: HostCall) => createInputStream(shared(call.context.service(service).stdin)),
    },
  });
  return [
    [STDIN_INTERFACE, input],
    [STDOUT_INTERFACE, output("stdout")],
    [STDERR_INTERFACE, output("stderr")],
  ];
}
