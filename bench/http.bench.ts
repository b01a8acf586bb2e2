// Requests per second of example functions as ratios to a bare node:http hello: separate processes, the same load
// generator, interleaved rounds, 16 connections.

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { median } from "./interleave.ts";
import type { Load, LoadTarget } from "./load-server.ts";
import { loadServer } from "./load-server.ts";
import type { Results } from "./results.ts";

const rounds = 7;
const plan = { connections: 16, durationMs: 1500 };
const root = new URL("..", import.meta.url);

/** Starts a server and waits for the port that it prints. */
async function startServer(args: readonly string[], findPort: RegExp): Promise<{ child: ChildProcess; port: string }> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  for await (const chunk of child.stdout) {
    output += String(chunk);
    const port = findPort.exec(output)?.[1];
    if (port !== undefined) {
      child.stdout.resume();
      return { child, port };
    }
  }
  throw new Error(`${args.join(" ")} did not print a port: ${output}`);
}

export async function benchHttp(results: Results): Promise<void> {
  const bare = await startServer(["bench/bare-server.ts"], /^(\d+)$/m);
  const cli = "packages/edge-runtime-cli/bin/edge-runtime.mjs";
  const edge = await startServer([cli, "serve", "--config", "examples/edge.toml", "--port", "0"], /127\.0\.0\.1:(\d+)/);
  const targets: readonly LoadTarget[] = [
    { key: "bare", port: bare.port, path: "/" },
    { key: "hello_wat", port: edge.port, path: "/hello-wat" },
    { key: "hello_js", port: edge.port, path: "/hello-js" },
  ];
  try {
    const samples = new Map<string, Load[]>(targets.map(({ key }) => [key, []]));
    for (const target of targets) await loadServer(target, plan);
    for (let round = 0; round < rounds; round++) {
      for (const target of targets) samples.get(target.key)?.push(await loadServer(target, plan));
    }
    report(results, samples);
  } finally {
    for (const { child } of [bare, edge]) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  }
}

function report(results: Results, samples: ReadonlyMap<string, readonly Load[]>): void {
  const bare = samples.get("bare") ?? [];
  results.add({
    key: "http_bare_per_second",
    what: "bare node:http, requests per second",
    value: median(bare.map((l) => l.perSecond)),
  });
  for (const [key, target] of [
    ["hello_wat", "0.4"],
    ["hello_js", undefined],
  ] as const) {
    const own = samples.get(key) ?? [];
    const ratios = own.map((sample, round) => sample.perSecond / (bare[round]?.perSecond ?? Number.NaN));
    results.add({
      key: `http_${key}_ratio`,
      what: `${key} over bare node:http`,
      value: median(ratios),
      ...(target && { target }),
    });
    results.add({ key: `http_${key}_p99_ms`, what: `${key}, p99 in ms`, value: median(own.map((l) => l.p99Ms)) });
  }
}
