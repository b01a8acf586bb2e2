// How connections of the HTTP client are made: over the network port, to an address that the grant permits, never
// otherwise. TLS is spoken on the socket that came out of that, with the name that the guest gave.

import type { Socket } from "node:net";
import { buildConnector } from "undici";
import { dial } from "../network/dial.ts";
import type { Network } from "../network/network.ts";
import { mayReach } from "../network/network-grant.ts";
import type { Destination } from "../network/network-grant.ts";
import { HttpFailure } from "../wasi/http/http-client.ts";
import type { HttpGrant, HttpScheme } from "./http-grant.ts";
import { DEFAULT_PORTS, toNetworkGrant } from "./http-grant.ts";

export interface ConnectorOptions {
  readonly network: Network;
  readonly grant: HttpGrant;
  /** For connecting and for TLS, together. */
  readonly connectTimeoutMs: number;
  /** Certificates of authorities that are trusted instead of the system's, in PEM. */
  readonly certificateAuthorities?: string;
}

export function createConnector(options: ConnectorOptions): buildConnector.connector {
  const { network, grant, connectTimeoutMs, certificateAuthorities } = options;
  const grants = { http: toNetworkGrant(grant, "http"), https: toNetworkGrant(grant, "https") };
  const secure = buildConnector({
    timeout: connectTimeoutMs,
    allowH2: false,
    ...(certificateAuthorities === undefined ? {} : { ca: certificateAuthorities }),
  });
  return (target, callback) => {
    const scheme: HttpScheme = target.protocol === "https:" ? "https" : "http";
    const port = target.port === "" ? DEFAULT_PORTS[scheme] : Number(target.port);
    const permits = (destination: Destination): boolean => mayReach(grants[scheme], destination);
    const signal = AbortSignal.timeout(connectTimeoutMs);
    const connected = dial({ network, host: target.hostname, port, permits, signal });
    const settle = async (): Promise<void> => {
      let socket: Socket;
      try {
        socket = await connected;
      } catch (error) {
        const failure = signal.aborted ? new HttpFailure({ tag: "connection-timeout" }, error) : asError(error);
        callback(failure, null);
        return;
      }
      socket.setNoDelay(true);
      if (scheme === "http") callback(null, socket);
      else secure({ ...target, httpSocket: socket }, callback);
    };
    void settle();
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
