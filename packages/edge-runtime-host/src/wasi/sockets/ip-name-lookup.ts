// wasi:sockets/ip-name-lookup. What a look-up finds is what the run may reach under that name afterwards.

import { domainToASCII } from "node:url";
import { canonicalAddress, canonicalHost } from "edge-runtime-common";
import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostInstance, HostResource } from "edge-runtime-core";
import { NetworkFailure, toNetworkFailure } from "../../network/network-failure.ts";
import { createPollable, pollable } from "../io/io-resources.ts";
import { Wakers } from "../readiness.ts";
import type { Readiness } from "../readiness.ts";
import type { Closable, RunSockets, SocketsOf } from "./run-sockets.ts";
import { toIpAddress } from "./socket-addresses.ts";
import { answer } from "./socket-results.ts";
import { ipAddressType, networkResource, socketResult } from "./socket-types.ts";

export const IP_NAME_LOOKUP_INTERFACE = "wasi:sockets/ip-name-lookup@0.2.12";

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/** ASCII, lower case, without a final dot; or an address. Throws NetworkFailure: `invalid-argument`. */
function hostNameOf(text: string): string {
  const address = canonicalAddress(text);
  if (address !== undefined) return address;
  // Longer than any name, in any script: converting takes time. URL syntax around a name would be cut off below.
  if (text.length > 1024 || /[/?#\\@:[\]%]/.test(text)) throw new NetworkFailure("invalid-argument");
  const name = canonicalHost(domainToASCII(text));
  if (name.length > 253 || !name.split(".").every((label) => LABEL.test(label))) {
    throw new NetworkFailure("invalid-argument");
  }
  return name;
}

class AddressSearch implements Closable, Readiness {
  readonly #sockets: RunSockets;
  readonly #ending = new AbortController();
  readonly #wakers = new Wakers();
  #found: readonly string[] | NetworkFailure | undefined;
  #next = 0;

  constructor(sockets: RunSockets, name: string) {
    this.#sockets = sockets;
    if (canonicalAddress(name) !== undefined) {
      this.#found = [name];
      return;
    }
    sockets.open(this);
    const settle = (found: readonly string[] | NetworkFailure): void => {
      this.#found = found;
      sockets.closed(this);
      this.#wakers.wake();
    };
    sockets.resolve(name, this.#ending.signal).then(settle, (error: unknown) => settle(toNetworkFailure(error)));
  }

  readonly isReady = (): boolean => this.#found !== undefined;
  readonly onReady = this.#wakers.add;

  readonly close = (): void => {
    this.#sockets.closed(this);
    this.#ending.abort(new NetworkFailure("connection-aborted"));
  };

  /** Undefined after the last. Throws NetworkFailure. */
  next(): string | undefined {
    if (this.#found === undefined) throw new NetworkFailure("would-block");
    if (this.#found instanceof NetworkFailure) throw this.#found;
    this.#next += 1;
    return this.#found[this.#next - 1];
  }
}

const resolveAddressStream: HostResource = {
  kind: "resource",
  drop: (value) => (value as AddressSearch).close(),
};

export function ipNameLookupInterface(socketsOf: SocketsOf): HostInstance {
  const self = { self: wit.borrow(resolveAddressStream) };
  return hostInstance({
    "resolve-address-stream": resolveAddressStream,
    "resolve-addresses": {
      kind: "sync",
      reads: "environment",
      type: wit.func(
        { network: wit.borrow(networkResource), name: wit.string },
        socketResult(wit.own(resolveAddressStream)),
      ),
      call: (call: HostCall, _network: unknown, name: string) =>
        answer(() => {
          const sockets = socketsOf(call);
          const host = hostNameOf(name);
          sockets.checkSeek(host);
          return new AddressSearch(sockets, host);
        }),
    },
    "[method]resolve-address-stream.resolve-next-address": {
      kind: "sync",
      reads: "environment",
      type: wit.func(self, socketResult(wit.option(ipAddressType))),
      call: (_call: HostCall, search: AddressSearch) =>
        answer(() => {
          const address = search.next();
          return address === undefined ? undefined : toIpAddress(address);
        }),
    },
    "[method]resolve-address-stream.subscribe": {
      kind: "sync",
      reads: "nothing",
      type: wit.func(self, wit.own(pollable)),
      call: (_call: HostCall, search: AddressSearch) => createPollable(search),
    },
  });
}
