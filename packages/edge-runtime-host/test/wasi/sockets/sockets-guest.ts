// A guest of wasi:sockets without WebAssembly: calls the host functions as the linker would, and waits as `poll` does.

import type { TestContext } from "node:test";
import { Grants } from "edge-runtime-core";
import type { HostCall } from "edge-runtime-core";
import { createHostImports } from "edge-runtime-host";
import type { Network } from "../../../src/network/network.ts";
import { createNodeNetwork } from "../../../src/network/node-network.ts";
import { networkGrant, socketsGrant } from "../../../src/network/network-grant.ts";
import type { InputStream, OutputStream, Pollable } from "../../../src/wasi/io/io-resources.ts";
import { whenAnyReady } from "../../../src/wasi/readiness.ts";
import type { IpSocketAddress } from "../../../src/wasi/sockets/socket-types.ts";
import { callHost, fakeHostCall } from "../../fake-host-call.ts";

export interface Answer {
  readonly tag: "ok" | "err";
  readonly val: unknown;
}

export type Handle = object;

export interface GuestOptions {
  readonly allow?: readonly string[];
  readonly allowPrivate?: readonly string[];
  readonly listen?: readonly string[];
  readonly network?: Network;
}

const platform = { wallClock: () => 0, now: () => 0, schedule: () => () => undefined };

const packages: Readonly<Record<string, string>> = {
  "tcp-socket": "sockets/tcp",
  "udp-socket": "sockets/udp",
  "incoming-datagram-stream": "sockets/udp",
  "outgoing-datagram-stream": "sockets/udp",
  "resolve-address-stream": "sockets/ip-name-lookup",
  "input-stream": "io/streams",
  "output-stream": "io/streams",
};

export class SocketsGuest {
  readonly call: HostCall;
  readonly #imports;
  readonly #network = {};

  constructor(options: GuestOptions = {}) {
    const { network = createNodeNetwork(), ...lists } = options;
    this.#imports = createHostImports({ platform, network });
    this.call = fakeHostCall({ grants: Grants.none.with(socketsGrant, networkGrant(lists)) });
  }

  function(path: string, ...args: readonly unknown[]): unknown {
    const [name = "", fn = ""] = path.split("#");
    return callHost(this.#imports, `wasi:${name}@0.2.12#${fn}`, this.call, ...args);
  }

  /** `tcp-socket.start-bind` and the like. */
  method(path: string, ...args: readonly unknown[]): Answer {
    return this.function(`${packages[path.split(".", 1)[0] ?? ""]}#[method]${path}`, ...args) as Answer;
  }

  tcp(family = "ipv4"): Handle {
    return must(this.function("sockets/tcp-create-socket#create-tcp-socket", family));
  }

  udp(family = "ipv4"): Handle {
    return must(this.function("sockets/udp-create-socket#create-udp-socket", family));
  }

  /** What the interface's own drop does. */
  drop(resource: string, handle: Handle): void {
    const item = this.#imports.get(`wasi:${packages[resource]}@0.2.12`);
    const type = item?.kind === "instance" ? item.items.get(resource) : undefined;
    if (type?.kind !== "resource") throw new Error(`no resource ${resource}`);
    type.drop(handle);
  }

  async wait(path: string, handle: Handle): Promise<void> {
    const pollable = this.method(`${path}.subscribe`, handle) as unknown as Pollable;
    await whenAnyReady([pollable.readiness]);
  }

  /** Calls a method until it answers something else than `would-block`. */
  async finish(path: string, handle: Handle): Promise<Answer> {
    for (;;) {
      const answer = this.method(path, handle);
      if (answer.val !== "would-block") return answer;
      await this.wait(path.split(".", 1)[0] ?? "", handle);
    }
  }

  start(what: "bind" | "connect", handle: Handle, address: IpSocketAddress, resource = "tcp-socket"): Answer {
    return this.method(`${resource}.start-${what}`, handle, this.#network, address);
  }

  async connect(handle: Handle, address: IpSocketAddress): Promise<[InputStream, OutputStream]> {
    must(this.start("connect", handle, address));
    return must(await this.finish("tcp-socket.finish-connect", handle)) as unknown as [InputStream, OutputStream];
  }

  bind(handle: Handle, address: IpSocketAddress, resource = "tcp-socket"): void {
    must(this.start("bind", handle, address, resource));
    must(this.method(`${resource}.finish-bind`, handle));
  }

  async listen(handle: Handle, address: IpSocketAddress): Promise<void> {
    this.bind(handle, address);
    must(this.method("tcp-socket.start-listen", handle));
    must(await this.finish("tcp-socket.finish-listen", handle));
  }

  resolve(name: string): Answer {
    return this.function("sockets/ip-name-lookup#resolve-addresses", this.#network, name) as Answer;
  }

  /** Everything up to the end of the stream. */
  async readAll(stream: Handle): Promise<string> {
    const chunks: Uint8Array[] = [];
    for (;;) {
      const answer = this.method("input-stream.read", stream, 65_536n);
      if (answer.tag === "err") {
        if ((answer.val as { tag: string }).tag !== "closed") throw new Error(JSON.stringify(answer.val));
        return Buffer.concat(chunks).toString();
      }
      chunks.push(answer.val as Uint8Array);
      if ((answer.val as Uint8Array).length === 0) await this.wait("input-stream", stream);
    }
  }

  async write(stream: Handle, text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    must(await (this.method("output-stream.blocking-write-and-flush", stream, bytes) as unknown as Promise<Answer>));
  }

  end(): void {
    this.call.context.end();
  }
}

/** A guest whose run ends with the test. */
export function startGuest(t: TestContext, options?: GuestOptions): SocketsGuest {
  const guest = new SocketsGuest(options);
  t.after(() => guest.end());
  return guest;
}

export function must(answer: unknown): Handle {
  const { tag, val } = answer as Answer;
  if (tag !== "ok") throw new Error(`the guest got ${JSON.stringify(val)}`);
  return val as Handle;
}

export function ipv4(port: number, address: readonly number[] = [127, 0, 0, 1]): IpSocketAddress {
  return { tag: "ipv4", val: { port, address } };
}

export function ipv6(port: number, address: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 1]): IpSocketAddress {
  return { tag: "ipv6", val: { port, flowInfo: 0, address, scopeId: 0 } };
}
