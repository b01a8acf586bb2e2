// The server as a user runs it: a process of its own, configured by a file, reached over a socket, read by its log.
// What a test starts ends with it, and so does the folder that held its files.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../", import.meta.url));
export const BIN = join(ROOT, "packages/edge-runtime-cli/bin/edge-runtime.mjs");

/** After this long without what a test waits for it fails rather than hangs. */
const PATIENCE_MS = 60_000;

/** A line of the log. Fields are those of the README: `requestId`, `status`, `fuel` and others. */
export type LogLine = Readonly<Record<string, unknown>>;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Serving {
  readonly origin: string;
  readonly port: number;
  /** What it printed before it served. */
  readonly announced: string;
  /** Every line of its log so far. */
  readonly log: () => LogLine[];
  /** The first line, past or to come, that the condition holds for. Rejects where the process ends without it. */
  readonly logged: (condition: (line: LogLine) => boolean) => Promise<LogLine>;
  /** The log line of the request with that id. */
  readonly requestLine: (requestId: string) => Promise<LogLine>;
  /** Sends the signal, once, and waits for the end. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<Ended>;
}

/** Configuration with the keys of a file; `text` is written beside it and becomes the `source`. */
export interface Setup {
  readonly engine?: Readonly<Record<string, unknown>>;
  readonly execution?: Readonly<Record<string, unknown>>;
  readonly server?: Readonly<Record<string, unknown>>;
  readonly functions: Readonly<Record<string, FunctionSetup>>;
}

export interface FunctionSetup {
  readonly text?: string;
  readonly [key: string]: unknown;
}

/** A folder for one test file: `functions` are routed by their names. */
export interface Workspace {
  readonly path: (name: string) => string;
  /** Writes a file that only its user may read, and returns its path. */
  readonly write: (name: string, content: string) => string;
  /** Writes the configuration and its sources, and returns its path. */
  readonly configure: (setup: Setup) => string;
  /** Serves the configuration; rejects with what was printed where it does not come up. */
  readonly serve: (setup: Setup, args?: readonly string[]) => Promise<Serving>;
  /** Runs the command to its end. */
  readonly run: (...args: readonly string[]) => Promise<Ended>;
  /** Ends what still runs and removes the folder. */
  readonly close: () => Promise<void>;
}

export function createWorkspace(): Workspace {
  const folder = mkdtempSync(join(tmpdir(), "edge-system-"));
  const started: Serving[] = [];
  let configurations = 0;
  const path = (name: string): string => join(folder, name);
  // The key of the artifacts is the user's: a test has a home of its own.
  const env = { ...process.env, XDG_STATE_HOME: path("state") };

  const configure = (setup: Setup): string => {
    configurations += 1;
    const own = path(`config-${configurations}`);
    mkdirSync(own);
    const functions = Object.entries(setup.functions).map(([name, { text, ...keys }]) => {
      if (text !== undefined) writeFileSync(join(own, `${name}.wat`), text);
      return { name, route: `/${name}`, source: `${name}.wat`, ...keys };
    });
    const file = join(own, "edge.json");
    writeFileSync(file, JSON.stringify({ ...setup, functions }));
    return file;
  };

  return {
    path,
    write: (name, content) => {
      writeFileSync(path(name), content, { mode: 0o600 });
      return path(name);
    },
    configure,
    serve: async (setup, args = []) => {
      const command = [process.execPath, BIN, "serve", "--config", configure(setup), "--port", "0", ...args];
      const serving = await startServing(command, env);
      started.push(serving);
      return serving;
    },
    run: (...args) => spawnCommand([process.execPath, BIN, ...args], env).ended,
    close: async () => {
      await Promise.all(started.map((serving) => serving.stop()));
      rmSync(folder, { recursive: true });
    },
  };
}

/** Starts a command that ends up serving, and waits until it says so. */
export async function startServing(command: readonly string[], env: NodeJS.ProcessEnv): Promise<Serving> {
  const { child, output, ended, until } = spawnCommand(command, env);
  const log = (): LogLine[] => parseLog(output.stderr);
  const logged = (condition: (line: LogLine) => boolean): Promise<LogLine> => until(() => log().find(condition));
  const origin = await until(() => /^edge-runtime serves .* on (http:\S+)\n[^]*\n\n$/m.exec(output.stdout)?.[1]);
  return {
    origin,
    port: Number(new URL(origin).port),
    announced: output.stdout,
    log,
    logged,
    requestLine: (requestId) => logged((line) => line["msg"] === "request" && line["requestId"] === requestId),
    stop: (signal = "SIGTERM") => {
      if (child.exitCode === null && !child.killed) child.kill(signal);
      return ended;
    },
  };
}

function spawnCommand([program = "", ...args]: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(program, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  const watching = new Set<() => void>();
  const read = (stream: Readable, name: keyof typeof output): void => {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
      for (const look of watching) look();
    });
  };
  read(child.stdout, "stdout");
  read(child.stderr, "stderr");
  const ended = once(child, "close").then((): Ended => ({ code: child.exitCode, ...output }));
  /** What `find` finds in the output, now or later. */
  const until = async <T>(find: () => T | undefined): Promise<T> => {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timer = setTimeout(() => reject(new Error(`not seen: ${output.stdout}${output.stderr}`)), PATIENCE_MS);
    const look = (): void => {
      const found = find();
      if (found !== undefined) resolve(found);
    };
    watching.add(look);
    look();
    const failed = ended.then(({ code }) => {
      throw new Error(`the process ended with ${code}: ${output.stdout}${output.stderr}`);
    });
    return Promise.race([promise, failed]).finally(() => {
      clearTimeout(timer);
      watching.delete(look);
    });
  };
  return { child, output, ended, until };
}

/** Whole lines only: the last may still be on its way. */
function parseLog(text: string): LogLine[] {
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as LogLine);
}

/** The id that the server gave or took over. */
export function requestIdOf(response: Response): string {
  return response.headers.get("x-request-id") ?? assert.fail("an answer without x-request-id");
}

/** The JSON of an answer that must be problem details with that status and code. */
export async function assertProblem(response: Response, status: number, code: string): Promise<void> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  const problem = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const { title, ...rest } = problem;
  assert.equal(typeof title, "string");
  assert.deepEqual(rest, { type: "about:blank", status, code, request_id: requestIdOf(response) });
}
