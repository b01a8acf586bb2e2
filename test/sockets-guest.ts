// A JavaScript guest of wasi:sockets, made by componentize-qjs: it looks a name up, connects, sends a text, and answers
// with all that comes back. The interfaces are written down as far as it uses them.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { componentize } from "componentize-qjs";

const WORLD = `
package test:sockets;
world guest {
  import wasi:sockets/instance-network@0.2.6;
  import wasi:sockets/ip-name-lookup@0.2.6;
  import wasi:sockets/tcp-create-socket@0.2.6;
  export echo: func(name: string, port: u16, text: string) -> string;
}
package wasi:io@0.2.6 {
  interface poll { resource pollable { block: func(); } }
  interface error { resource error; }
  interface streams {
    use error.{error};
    variant stream-error { last-operation-failed(error), closed }
    resource input-stream { blocking-read: func(len: u64) -> result<list<u8>, stream-error>; }
    resource output-stream { blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>; }
  }
}
package wasi:sockets@0.2.6 {
  interface network {
    resource network;
    enum error-code {
      unknown, access-denied, not-supported, invalid-argument, out-of-memory, timeout, concurrency-conflict,
      not-in-progress, would-block, invalid-state, new-socket-limit, address-not-bindable, address-in-use,
      remote-unreachable, connection-refused, connection-reset, connection-aborted, datagram-too-large,
      name-unresolvable, temporary-resolver-failure, permanent-resolver-failure
    }
    enum ip-address-family { ipv4, ipv6 }
    type ipv4-address = tuple<u8, u8, u8, u8>;
    type ipv6-address = tuple<u16, u16, u16, u16, u16, u16, u16, u16>;
    variant ip-address { ipv4(ipv4-address), ipv6(ipv6-address) }
    record ipv4-socket-address { port: u16, address: ipv4-address }
    record ipv6-socket-address { port: u16, flow-info: u32, address: ipv6-address, scope-id: u32 }
    variant ip-socket-address { ipv4(ipv4-socket-address), ipv6(ipv6-socket-address) }
  }
  interface instance-network { use network.{network}; instance-network: func() -> network; }
  interface ip-name-lookup {
    use wasi:io/poll@0.2.6.{pollable};
    use network.{network, error-code, ip-address};
    resource resolve-address-stream {
      resolve-next-address: func() -> result<option<ip-address>, error-code>;
      subscribe: func() -> pollable;
    }
    resolve-addresses: func(network: borrow<network>, name: string) -> result<resolve-address-stream, error-code>;
  }
  interface tcp {
    use wasi:io/streams@0.2.6.{input-stream, output-stream};
    use wasi:io/poll@0.2.6.{pollable};
    use network.{network, error-code, ip-socket-address};
    enum shutdown-type { receive, send, both }
    resource tcp-socket {
      start-connect: func(network: borrow<network>, remote-address: ip-socket-address) -> result<_, error-code>;
      finish-connect: func() -> result<tuple<input-stream, output-stream>, error-code>;
      subscribe: func() -> pollable;
      shutdown: func(shutdown-type: shutdown-type) -> result<_, error-code>;
    }
  }
  interface tcp-create-socket {
    use network.{error-code, ip-address-family};
    use tcp.{tcp-socket};
    create-tcp-socket: func(address-family: ip-address-family) -> result<tcp-socket, error-code>;
  }
}
`;

const SOURCE = `
import { instanceNetwork } from "wasi:sockets/instance-network@0.2.6";
import { resolveAddresses } from "wasi:sockets/ip-name-lookup@0.2.6";
import { createTcpSocket } from "wasi:sockets/tcp-create-socket@0.2.6";

function finish(resource, step) {
  for (;;) {
    try {
      return step();
    } catch (error) {
      if (error.payload !== "would-block") throw error;
      resource.subscribe().block();
    }
  }
}

function exchange(name, port, text) {
  const network = instanceNetwork();
  const search = resolveAddresses(network, name);
  const address = finish(search, () => search.resolveNextAddress());
  const socket = createTcpSocket(address.tag);
  const ip6 = address.tag === "ipv6" ? { flowInfo: 0, scopeId: 0 } : {};
  socket.startConnect(network, { tag: address.tag, val: { port, address: address.val, ...ip6 } });
  const [input, output] = finish(socket, () => socket.finishConnect());
  output.blockingWriteAndFlush(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  socket.shutdown("send");
  let answer = "";
  for (;;) {
    try {
      answer += String.fromCharCode(...input.blockingRead(1000));
    } catch (error) {
      if (error.payload?.tag !== "closed") throw error;
      return answer;
    }
  }
}

export function echo(name, port, text) {
  try {
    return exchange(name, port, text);
  } catch (error) {
    return "failed: " + JSON.stringify(error.payload ?? String(error));
  }
}
`;

export async function buildSocketsGuest(): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "edge-sockets-"));
  const witPath = join(folder, "world.wit");
  writeFileSync(witPath, WORLD);
  try {
    const { component } = await componentize({ witPath, world: "guest", jsSource: SOURCE, sync: true });
    return new Uint8Array(component);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
