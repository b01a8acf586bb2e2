// `edge:runtime/http-outbound@0.1.0` for components (wit/interfaces/http-outbound.wit). There is no grant for it yet,
// so every call is denied: the truth of deny by default, in the way that guests must be ready for anyway.

import { hostInstance } from "edge-runtime-core";
import type { HostFunction, HostInstance } from "edge-runtime-core";

export const HTTP_OUTBOUND_INTERFACE = "edge:runtime/http-outbound@0.1.0";

export function componentHttpOutbound(): HostInstance {
  const denied: HostFunction = {
    kind: "sync",
    reads: "nothing",
    call: () => ({ tag: "err", val: "permission-denied" }),
  };
  return hostInstance({ fetch: denied, get: denied });
}
