// Clients that show what `fetch` hides: the bytes of a connection, and which connection a request took.

import { once } from "node:events";
import { Agent, request } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";

/** A connection that the test may end as it likes. */
export async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  // A server that closes first is what some tests are about.
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** Sends the text on a connection of its own and gives everything until the server closes it. */
export async function exchange(port: number, text: string): Promise<string> {
  const socket = await openSocket(port);
  let received = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    received += chunk;
  });
  socket.write(text);
  await once(socket, "close");
  return received;
}

/** The answer that a raw text is, as `fetch` would give it. */
export function toResponse(text: string): Response {
  const [head = "", ...body] = text.split("\r\n\r\n");
  const [statusLine = "", ...lines] = head.split("\r\n");
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return new Response(body.join("\r\n\r\n"), { status: Number(statusLine.split(" ")[1]), headers });
}

export interface Answered {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  /** One character a byte. */
  readonly body: string;
  /** The client's end of the connection: the same for requests that shared one. */
  readonly localPort: number | undefined;
}

export interface AskOptions {
  /** Connections that requests may share. Default: one of its own. */
  readonly agent?: Agent;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request without a body; `headers` may set what `fetch` does not let one set. */
export async function ask(url: string, options: AskOptions = {}): Promise<Answered> {
  const sent: ClientRequest = request(url, { agent: new Agent(), ...options });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const { localPort } = response.socket;
  let body = "";
  for await (const chunk of response.setEncoding("latin1")) body += String(chunk);
  return { status: response.statusCode, headers: response.headers, body, localPort };
}
