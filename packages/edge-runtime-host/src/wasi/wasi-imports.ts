// WASI 0.2 as host functions, at the newest version of each interface: guests that import an earlier 0.2 get it too. One
// folder per package; this file is the list of their interfaces. What a function may do is its grants' business.

import type { HostImports, Platform } from "edge-runtime-core";
import type { Network } from "../network/network.ts";
import { createCliInterfaces } from "./cli/cli-interfaces.ts";
import { createClocks } from "./clocks/clock-interfaces.ts";
import { configInterfaces } from "./config/config-store.ts";
import { FILESYSTEM_PREOPENS_INTERFACE, preopensInterface } from "./filesystem/preopens.ts";
import { FILESYSTEM_TYPES_INTERFACE, filesystemTypesInterface } from "./filesystem/types.ts";
import { OUTGOING_HANDLER_INTERFACE, outgoingHandlerInterface } from "./http/outgoing-handler.ts";
import { HTTP_TYPES_INTERFACE, httpTypesInterface } from "./http/types.ts";
import { IO_ERROR_INTERFACE, ioErrorInterface } from "./io/error.ts";
import { IO_POLL_INTERFACE, pollInterface } from "./io/poll.ts";
import { IO_STREAMS_INTERFACE, streamsInterface } from "./io/streams.ts";
import { keyValueInterfaces } from "./keyvalue/keyvalue.ts";
import { loggingInterfaces } from "./logging/logging.ts";
import { randomInterfaces } from "./random/random.ts";
import { createSocketsImports } from "./sockets/sockets-imports.ts";

/** What the services need of the platform. */
export type WasiPlatform = Pick<Platform, "now" | "wallClock" | "schedule">;

export function createWasiImports(platform: WasiPlatform, network: Network): HostImports {
  return new Map([
    [FILESYSTEM_PREOPENS_INTERFACE, preopensInterface()],
    [FILESYSTEM_TYPES_INTERFACE, filesystemTypesInterface],
    [HTTP_TYPES_INTERFACE, httpTypesInterface],
    [OUTGOING_HANDLER_INTERFACE, outgoingHandlerInterface],
    [IO_ERROR_INTERFACE, ioErrorInterface],
    [IO_POLL_INTERFACE, pollInterface],
    [IO_STREAMS_INTERFACE, streamsInterface],
    ...createClocks(platform),
    ...randomInterfaces,
    ...createCliInterfaces(platform),
    ...createSocketsImports(network),
    ...configInterfaces(),
    ...keyValueInterfaces(),
    ...loggingInterfaces(platform.wallClock),
  ]);
}
