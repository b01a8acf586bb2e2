// A server under measurement: on loopback, on a port that is found for it, on a leash.

import type { ChildProcess } from "node:child_process";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

const LEASH = fileURLToPath(new URL("leash.ts", import.meta.url));
const START_MS = 60_000;
const KEPT_CHARACTERS = 4_000;

export type Command = readonly [program: string, ...args: string[]];

export class ServerProcess implements AsyncDisposable {
  readonly port: number;
  readonly #leash: ChildProcess;
  #errors = "";

  private constructor(port: number, [program, ...args]: Command) {
    this.port = port;
    this.#leash = spawn(process.execPath, [LEASH, program, ...args], { stdio: ["pipe", "ignore", "pipe"] });
    this.#leash.stderr?.on("data", (chunk: Buffer) => {
      this.#errors = (this.#errors + String(chunk)).slice(-KEPT_CHARACTERS);
    });
  }

  /** Starts what `command` says for a free port; resolves once `path` answers `body`. Rejects with what it wrote. */
  static async start(
    command: (port: number) => Command,
    { path, body }: { readonly path: string; readonly body: string },
  ): Promise<ServerProcess> {
    const port = await freePort();
    return new ServerProcess(port, command(port)).#untilAnswers(path, body);
  }

  async #untilAnswers(path: string, body: string): Promise<this> {
    const giveUpAt = performance.now() + START_MS;
    let problem = "no answer";
    while (this.isRunning && performance.now() < giveUpAt) {
      const answer = await this.ask(path, 5_000);
      if (answer?.body === body) return this;
      if (answer !== undefined) {
        problem = `status ${answer.status}, ${JSON.stringify(answer.body.slice(0, 200))}`;
        break;
      }
      await new Promise((resolve) => void setTimeout(resolve, 20));
    }
    await this[Symbol.asyncDispose]();
    throw new Error(`${this.#leash.spawnargs.join(" ")}: ${path}: ${problem}; it wrote: ${this.#errors}`);
  }

  get isRunning(): boolean {
    return this.#leash.exitCode === null && this.#leash.signalCode === null;
  }

  /** One request; undefined where no answer came. */
  async ask(path: string, timeoutMs: number): Promise<{ status: number; body: string } | undefined> {
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
        signal,
        headers: { connection: "close" },
      });
      return { status: response.status, body: await response.text() };
    } catch {
      return undefined;
    }
  }

  /** Resident memory of the process that serves, without commands that only started it; undefined without `ps`. */
  residentMb(): number | undefined {
    const kilobytes = leavesUnder(this.#leash.pid ?? -1).reduce((sum, { rss }) => sum + rss, 0);
    return kilobytes === 0 ? undefined : kilobytes / 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isRunning) return;
    const exit = once(this.#leash, "exit");
    this.#leash.stdin?.end();
    await exit;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

function leavesUnder(root: number): { readonly pid: number; readonly rss: number }[] {
  if (process.platform === "win32") return [];
  const processes = execFileSync("ps", ["-A", "-o", "pid=,ppid=,rss="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([pid = 0, parent = 0, rss = 0]) => ({ pid, parent, rss }));
  const children = (of: number) => processes.filter(({ parent }) => parent === of);
  const leaves = (of: number): typeof processes =>
    children(of).flatMap((child) => (children(child.pid).length === 0 ? [child] : leaves(child.pid)));
  return leaves(root);
}
