// WASI 0.2 as host functions, at the newest version of each interface: guests that import an earlier 0.2 get it too. One
// folder per package; this file is the list of their interfaces. What a function may do is its grants' business.

import type { HostImports } from "edge-runtime-core";
import { IO_ERROR_INTERFACE, ioErrorInterface } from "./io/error.ts";
import { IO_POLL_INTERFACE, pollInterface } from "./io/poll.ts";
import { IO_STREAMS_INTERFACE, streamsInterface } from "./io/streams.ts";

export function createWasiImports(): HostImports {
  return new Map([
    [IO_ERROR_INTERFACE, ioErrorInterface],
    [IO_POLL_INTERFACE, pollInterface],
    [IO_STREAMS_INTERFACE, streamsInterface],
  ]);
}
