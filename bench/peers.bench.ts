// Requests per second of other runtimes and of ours as ratios to a bare node:http hello, with p99 and resident memory:
// separate processes, the same load generator, interleaved rounds, 16 connections. Then what a guest that spins or traps
// does to the requests after it. The others are optional: bench/peers/README.md says how to install them.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "./interleave.ts";
import type { Load, LoadPlan } from "./load-server.ts";
import { loadServer } from "./load-server.ts";
import { makeGuests } from "./peers/guests.ts";
import { ServerProcess } from "./peers/server-process.ts";
import type { PeerServer } from "./peers/servers.ts";
import { isInstalled, peerServers } from "./peers/servers.ts";
import type { BenchOptions, Results } from "./results.ts";

interface Setting {
  readonly installed: readonly PeerServer[];
  /** Where the guests are. */
  readonly folder: string;
  readonly quick: boolean;
}

interface Sample extends Load {
  readonly residentMb: number | undefined;
}

interface Running {
  readonly peer: PeerServer;
  readonly server: ServerProcess;
  readonly samples: Sample[];
}

export async function benchPeers(results: Results, { quick }: BenchOptions): Promise<void> {
  const installed = peerServers.filter(({ needs }) => needs === undefined || isInstalled(needs));
  for (const peer of peerServers.filter((one) => !installed.includes(one))) {
    results.skip(`peers_${peer.key}_ratio`, `${peer.what}: npm ci --prefix bench/peers installs it`);
  }
  const folder = mkdtempSync(join(tmpdir(), "edge-bench-peers-"));
  try {
    await makeGuests(folder);
    const setting = { installed, folder, quick };
    await benchLoad(results, setting);
    for (const peer of installed) await benchFates(results, peer, setting);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function benchLoad(results: Results, { installed, folder, quick }: Setting): Promise<void> {
  const plan: LoadPlan = { connections: 16, durationMs: quick ? 300 : 1_500 };
  await using servers = new AsyncDisposableStack();
  const running: Running[] = [];
  for (const peer of installed) {
    const server = servers.use(await ServerProcess.start((port) => peer.command(port, folder), peer));
    running.push({ peer, server, samples: [] });
  }
  for (const one of running) await sample(one, plan);
  for (let round = 0; round < (quick ? 1 : 7); round++) {
    for (const one of running) one.samples.push(await sample(one, plan));
  }
  for (const one of running) report(results, one, running[0]?.samples ?? []);
}

async function sample({ peer, server }: Running, plan: LoadPlan): Promise<Sample> {
  const load = await loadServer({ key: peer.key, port: server.port, path: peer.path }, plan);
  return { ...load, residentMb: server.residentMb() };
}

function report(results: Results, { peer, samples }: Running, bare: readonly Sample[]): void {
  const key = `peers_${peer.key}`;
  const { what } = peer;
  if (samples === bare) {
    const perSecond = median(samples.map((sample) => sample.perSecond));
    results.add({ key: `${key}_per_second`, what: `${what}, requests per second`, value: perSecond });
  } else {
    const ratios = samples.map(({ perSecond }, round) => perSecond / (bare[round]?.perSecond ?? Number.NaN));
    results.add({ key: `${key}_ratio`, what: `${what}, over bare node:http`, value: median(ratios) });
  }
  results.add({ key: `${key}_p99_ms`, what: `${what}, p99 in ms`, value: median(samples.map(({ p99Ms }) => p99Ms)) });
  const resident = samples.map(({ residentMb }) => residentMb).filter((value) => value !== undefined);
  if (resident.length === 0) results.skip(`${key}_rss_mb`, "resident memory is read by ps");
  else results.add({ key: `${key}_rss_mb`, what: `${what}, resident MB after a round`, value: median(resident) });
}

/** 1 where a request after the fatal one is answered, 0 where none is; a server of its own for each fate. */
async function benchFates(results: Results, peer: PeerServer, { folder, quick }: Setting): Promise<void> {
  const { fates } = peer;
  if (fates === undefined) return;
  // How long the fatal one is waited for, and then the next answer.
  const waitMs = quick ? 1_000 : 3_000;
  const command = fates.command ?? peer.command;
  for (const fate of ["trap", "loop"] as const) {
    await using server = await ServerProcess.start((port) => command(port, folder), peer);
    const fatal = await server.ask(fates[fate], waitMs);
    const next = await server.ask(peer.path, waitMs);
    const outcome = `the fatal one: ${fatal === undefined ? "no answer" : `status ${fatal.status}`}`;
    results.add({
      key: `peers_${peer.key}_answers_after_${fate}`,
      what: `${peer.what}, 1 where it answers after a guest's ${fate} (${outcome})`,
      value: next?.body === peer.body ? 1 : 0,
    });
  }
}
