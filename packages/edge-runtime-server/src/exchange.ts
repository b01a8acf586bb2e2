// One request and its answer, from the head of the request to the last byte that is handed to the socket.
//
//   reading (body, if any) -> running (the guest) -> answered
//                             running -> answering (wasi:http: the guest may still write) -> answered
//                    \-> gone (the client closed the connection; a run is cancelled and nobody is answered)

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Run, WorkerContext } from "edge-runtime-core";
import type { Logger } from "edge-runtime-host";
import type { Connection } from "./connections.ts";
import type { ServedFunction } from "./function-runner.ts";

/** A function with the logger that names it. */
export interface Target {
  readonly fn: ServedFunction;
  readonly logger: Logger;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly connection: Connection;
  readonly requestId: string;
  /** Reading of the monotonic clock, in milliseconds. */
  readonly startedMs: number;
  state: "reading" | "running" | "answering" | "answered" | "gone";
  /** The answer is the connection's last. */
  isLast: boolean;
  /** Path as the client sent it; empty until it is known. */
  path: string;
  target: Target | undefined;
  context: WorkerContext | undefined;
  run: Run | undefined;
}
