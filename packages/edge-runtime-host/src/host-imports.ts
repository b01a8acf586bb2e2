// Everything that this host offers to guests, by the name that they import. One folder per service; this file is the
// list of them. What a run may do with a service is its context's business, so one record serves all functions.

import { hostInstance } from "edge-runtime-core";
import type { HostImports } from "edge-runtime-core";
import { componentHttpOutbound, HTTP_OUTBOUND_INTERFACE } from "./http-outbound/component-http-outbound.ts";
import { componentLogging, LOGGING_INTERFACE } from "./logging/component-logging.ts";
import { coreLog } from "./logging/core-logging.ts";
import type { Network } from "./network/network.ts";
import { createNodeNetwork } from "./network/node-network.ts";
import { createWasiImports } from "./wasi/wasi-imports.ts";
import type { WasiPlatform } from "./wasi/wasi-imports.ts";

/** Types only: nothing in it can be called. */
const HTTP_TYPES_INTERFACE = "edge:runtime/http-types@0.1.0";

export interface HostImportsOptions {
  /** Gives guests the time, and wakes those who wait for it. */
  readonly platform: WasiPlatform;
  /** What connections go through, after it is decided that they may. Default: this machine's. */
  readonly network?: Network;
}

export function createHostImports(options: HostImportsOptions): HostImports {
  const { wallClock } = options.platform;
  const network = options.network ?? createNodeNetwork();
  return new Map([
    ...createWasiImports(options.platform, network),
    [LOGGING_INTERFACE, componentLogging(wallClock)],
    [HTTP_OUTBOUND_INTERFACE, componentHttpOutbound()],
    [HTTP_TYPES_INTERFACE, hostInstance({})],
    ["env", hostInstance({ log: coreLog(wallClock) })],
  ]);
}
