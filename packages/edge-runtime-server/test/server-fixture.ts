// A listening HttpServer with functions of a test's own, and clients that show every byte.

import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { TestContext } from "node:test";
import { defaultConfig, ExecutionCancelled } from "edge-runtime-common";
import type { ServerConfig } from "edge-runtime-common";
import { Grants } from "edge-runtime-core";
import type { ExecutionMetrics, ExecutionResult, Run, WorkerContext } from "edge-runtime-core";
import { createLogger } from "edge-runtime-host";
import type { ServedFunction } from "../src/function-runner.ts";
import type { GuestResponse } from "../src/guest-response.ts";
import { HttpServer } from "../src/http-server.ts";

export interface GuestRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array | undefined;
}

export const METRICS: ExecutionMetrics = { fuelConsumed: 42, memoryUsedBytes: 65_536, durationMs: 1 };

export function success(value: unknown): ExecutionResult {
  return { kind: "success", value, metrics: METRICS };
}

export function ok(response: Partial<GuestResponse> = {}): ExecutionResult {
  return success({ tag: "ok", val: { status: 200, headers: [], body: undefined, ...response } });
}

export type FakeGuest = (
  request: GuestRequest,
  context: WorkerContext,
) => ExecutionResult | Promise<ExecutionResult> | "forever";

/** A function that a JavaScript callback plays; one that answers "forever" ends when it is cancelled. */
export function fakeFunction(route: string, guest: FakeGuest, more: Partial<ServedFunction> = {}): ServedFunction {
  const start = (_entry: string, args: readonly unknown[], options: { readonly context: WorkerContext }): Run => {
    let cancel: (reason: string) => void = () => undefined;
    const cancelled = new Promise<ExecutionResult>((resolve) => {
      cancel = (reason) => {
        const error = new ExecutionCancelled(reason);
        resolve({ kind: "trap", message: error.message, code: error.code, error, stack: [], metrics: METRICS });
      };
    });
    const answer = async (): Promise<ExecutionResult> => {
      const result = guest(args[0] as GuestRequest, options.context);
      return result === "forever" ? cancelled : result;
    };
    return { result: Promise.race([answer(), cancelled]), cancel: (reason) => cancel(reason) };
  };
  return {
    name: `fn-${route.slice(1)}`,
    route,
    kind: "component",
    entry: "handle",
    contentHash: "0".repeat(64),
    permissions: { loggingEnabled: true },
    grants: Grants.none,
    runner: { start, dispose: () => undefined },
    ...more,
  };
}

export type LogLine = Readonly<Record<string, unknown>>;

export interface Fixture {
  readonly port: number;
  readonly server: HttpServer;
  /** Everything logged so far. */
  readonly log: readonly LogLine[];
  /** The first line, from now on or before, that the condition holds for. */
  readonly logged: (condition: (line: LogLine) => boolean) => Promise<LogLine>;
  /** Sends the text on a connection of its own and resolves to everything received until the server closes it. */
  readonly exchange: (text: string | Uint8Array) => Promise<string>;
  readonly open: () => Promise<Socket>;
}

export async function startServer(
  context: TestContext,
  functions: readonly ServedFunction[],
  config: Partial<ServerConfig> = {},
): Promise<Fixture> {
  const log: LogLine[] = [];
  const waiting = new Set<() => void>();
  const logger = createLogger({
    level: "debug",
    destination: {
      write: (line) => {
        log.push(JSON.parse(line) as LogLine);
        for (const check of waiting) check();
      },
    },
  });
  const server = new HttpServer({
    config: { ...defaultConfig().server, port: 0, shutdownGraceMs: 50, ...config },
    functions,
    logger,
    clock: { now: () => performance.now(), wallClock: () => Date.now() },
    longestRunMs: 1000,
  });
  const { port } = await server.listen();
  context.after(() => server.close());
  const open = async (): Promise<Socket> => {
    const socket = connect({ port, host: "127.0.0.1" });
    context.after(() => socket.destroy());
    await once(socket, "connect");
    return socket;
  };
  return {
    port,
    server,
    log,
    open,
    logged: (condition) =>
      new Promise((resolve) => {
        const check = (): void => {
          const line = log.find(condition);
          if (line === undefined) return;
          waiting.delete(check);
          resolve(line);
        };
        waiting.add(check);
        check();
      }),
    exchange: async (text) => {
      const socket = await open();
      socket.write(text);
      return receive(socket);
    },
  };
}

/** Everything until the connection closes, one character a byte. */
export async function receive(socket: Socket): Promise<string> {
  let received = "";
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1");
  });
  await once(socket, "close");
  return received;
}

/** Everything up to the `count`th answer that has ended with `body`. */
export async function receiveUntil(socket: Socket, end: string): Promise<string> {
  let received = "";
  for await (const [chunk] of socketData(socket)) {
    received += chunk.toString("latin1");
    if (received.includes(end)) return received;
  }
  return received;
}

async function* socketData(socket: Socket): AsyncGenerator<[Buffer]> {
  const abort = new AbortController();
  socket.once("close", () => abort.abort());
  try {
    while (!socket.destroyed) yield (await once(socket, "data", { signal: abort.signal })) as [Buffer];
  } catch {
    // Closed.
  }
}

export interface ParsedAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

/** One answer; names in lower case. */
export function parseAnswer(text: string): ParsedAnswer {
  const headEnd = text.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = text.slice(0, headEnd).split("\r\n");
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status: Number(statusLine.split(" ")[1]), headers, body: text.slice(headEnd + 4) };
}

export function header(answer: ParsedAnswer, name: string): string | undefined {
  return answer.headers.find(([key]) => key === name)?.[1];
}

/** A request as text, its connection closed after it. */
export function requestText(line: string, headers: readonly string[] = [], body = ""): string {
  return `${line} HTTP/1.1\r\n${["Host: x", "Connection: close", ...headers].join("\r\n")}\r\n\r\n${body}`;
}
