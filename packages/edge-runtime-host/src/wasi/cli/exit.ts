// wasi:cli/exit ends the run, not the process.

import { GuestExited } from "edge-runtime-common";
import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostInstance } from "edge-runtime-core";
import type { Result } from "../results.ts";

export const exitInterface: HostInstance = hostInstance({
  exit: {
    kind: "sync",
    reads: "nothing",
    type: wit.func({ status: wit.result() }),
    call: (_call: HostCall, status: Result<undefined, undefined>) => {
      throw new GuestExited(status.tag === "ok" ? 0 : 1);
    },
  },
  "exit-with-code": {
    kind: "sync",
    reads: "nothing",
    type: wit.func({ "status-code": wit.u8 }),
    call: (_call: HostCall, statusCode: number) => {
      throw new GuestExited(statusCode);
    },
  },
});
