// wasi:filesystem/preopens: the directories that the operator grants, opened anew for each run that asks.

import { constants } from "node:fs";
import { WasiError } from "edge-runtime-common";
import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostInstance, Service } from "edge-runtime-core";
import { Descriptor, descriptor, NO_FLAGS } from "./descriptor.ts";
import { DIRECTORIES } from "./directories-grant.ts";
import type { GrantedDirectory } from "./directories-grant.ts";
import { errorCodeOf } from "./error-code.ts";
import type { OpenFile } from "./open-file.ts";
import { refuseProcesses } from "./process-files.ts";
import { O_PATH, RunFiles } from "./run-files.ts";
import { isSandboxAvailable } from "./sandbox-platform.ts";
import { Turnstile } from "./turnstile.ts";

export const FILESYSTEM_PREOPENS_INTERFACE = "wasi:filesystem/preopens@0.2.12";

/** Calls of the system that all guests of a thread make at one time: libuv has four threads for the whole process. */
const MAX_CALLS = 2;
/** Descriptors that all guests of a thread may have open. */
const MAX_OPEN = 2048;

/** All runs that the interface serves share its bounds. */
export function preopensInterface(): HostInstance {
  const shared = { turnstile: new Turnstile(MAX_CALLS), maxOpen: MAX_OPEN, open: 0, living: new Set<OpenFile>() };
  const service: Service<RunFiles> = {
    name: "wasi:filesystem",
    start: () => new RunFiles(shared),
    end: (files) => files.end(),
  };
  return hostInstance({
    "get-directories": {
      kind: "async",
      reads: "environment",
      type: wit.func({}, wit.list(wit.tuple(wit.own(descriptor), wit.string))),
      call: ({ context }: HostCall) => {
        const granted = context.grants.get(DIRECTORIES);
        return granted.length === 0 ? [] : openAll(granted, context.service(service));
      },
    },
  });
}

async function openAll(granted: readonly GrantedDirectory[], files: RunFiles): Promise<[Descriptor, string][]> {
  const opened: [Descriptor, string][] = [];
  for (const directory of granted) opened.push([await open(files, directory), directory.guest]);
  return opened;
}

/** Where it cannot be opened the run ends: a guest that sees no directory would go on as if none had been granted. */
async function open(files: RunFiles, { host, guest, isWritable }: GrantedDirectory): Promise<Descriptor> {
  if (!isSandboxAvailable()) {
    throw new WasiError(`directory ${guest}: directories can be granted on Linux only`);
  }
  try {
    const file = await files.open(host, O_PATH | constants.O_DIRECTORY);
    await refuseProcesses(files, file).catch((error: unknown) => {
      file.release();
      throw error;
    });
    return Descriptor.create(files, file, { ...NO_FLAGS, read: true, mutateDirectory: isWritable }, isWritable);
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === undefined) throw error;
    throw new WasiError(`directory ${guest} cannot be opened: ${code}`);
  }
}
