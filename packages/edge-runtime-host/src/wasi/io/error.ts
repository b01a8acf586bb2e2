// wasi:io/error.

import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostInstance } from "edge-runtime-core";
import type { IoError } from "./byte-streams.ts";
import { ioError } from "./io-resources.ts";

export const IO_ERROR_INTERFACE = "wasi:io/error@0.2.12";

export const ioErrorInterface: HostInstance = hostInstance({
  error: ioError,
  "[method]error.to-debug-string": {
    kind: "sync",
    reads: "nothing",
    type: wit.func({ self: wit.borrow(ioError) }, wit.string),
    call: (_call: HostCall, self: IoError) => self.message,
  },
});
