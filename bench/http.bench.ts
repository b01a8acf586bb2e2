// Requests per second of example functions as ratios to a bare node:http hello: separate processes, the same load
// generator, interleaved rounds, 16 connections.

import { fileURLToPath } from "node:url";
import { buildExamples } from "../scripts/build-examples.ts";
import { median } from "./interleave.ts";
import type { Load, LoadTarget } from "./load-server.ts";
import { loadServer } from "./load-server.ts";
import { ServerProcess } from "./peers/server-process.ts";
import type { Results } from "./results.ts";

const rounds = 7;
const plan = { connections: 16, durationMs: 1500 };

function fromRoot(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

export async function benchHttp(results: Results): Promise<void> {
  await buildExamples((line) => process.stdout.write(`${line}\n`));
  const serve = [fromRoot("packages/edge-runtime-cli/bin/edge-runtime.mjs"), "serve"];
  const config = ["--config", fromRoot("examples/edge.toml")];
  await using bare = await ServerProcess.start(
    (port) => [process.execPath, fromRoot("bench/bare-server.ts"), String(port)],
    { path: "/", body: "Hello from WebAssembly text" },
  );
  await using edge = await ServerProcess.start(
    (port) => [process.execPath, ...serve, ...config, "--port", String(port)],
    { path: "/hello-wat", body: "Hello from WebAssembly text\n" },
  );
  const targets: readonly LoadTarget[] = [
    { key: "bare", port: bare.port, path: "/" },
    { key: "hello_wat", port: edge.port, path: "/hello-wat" },
    { key: "hello_js", port: edge.port, path: "/hello-js" },
    // StarlingMonkey over wasi:http: 9.5 MB of memory a guest, streams instead of records.
    { key: "fetch_js", port: edge.port, path: "/fetch-js" },
  ];
  const samples = new Map<string, Load[]>(targets.map(({ key }) => [key, []]));
  for (const target of targets) await loadServer(target, plan);
  for (let round = 0; round < rounds; round++) {
    for (const target of targets) samples.get(target.key)?.push(await loadServer(target, plan));
  }
  report(results, samples);
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
    ["fetch_js", undefined],
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
