// wasi:sockets/network and instance-network.

import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostInstance } from "edge-runtime-core";
import type { IoError } from "../io/byte-streams.ts";
import { ioError } from "../io/io-resources.ts";
import { codeOfStreamError } from "./socket-results.ts";
import { errorCodeType, networkResource } from "./socket-types.ts";

export const NETWORK_INTERFACE = "wasi:sockets/network@0.2.12";
export const INSTANCE_NETWORK_INTERFACE = "wasi:sockets/instance-network@0.2.12";

export const networkInterface: HostInstance = hostInstance({
  network: networkResource,
  "network-error-code": {
    kind: "sync",
    reads: "nothing",
    type: wit.func({ err: wit.borrow(ioError) }, wit.option(errorCodeType)),
    call: (_call: HostCall, error: IoError) => codeOfStreamError(error),
  },
});

export const instanceNetworkInterface: HostInstance = hostInstance({
  "instance-network": {
    kind: "sync",
    reads: "nothing",
    type: wit.func({}, wit.own(networkResource)),
    call: () => ({}),
  },
});
