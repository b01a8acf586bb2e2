// One round of load on a server, by bench/load.ts in a process of its own.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

const root = new URL("..", import.meta.url);

export interface LoadTarget {
  readonly key: string;
  readonly port: number;
  readonly path: string;
}

export interface LoadPlan {
  readonly connections: number;
  readonly durationMs: number;
}

export interface Load {
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly failures: number;
}

/** Rejects where any request failed or was answered with another status than 200. */
export async function loadServer(target: LoadTarget, { connections, durationMs }: LoadPlan): Promise<Load> {
  const args = ["bench/load.ts", String(target.port), target.path, String(connections), String(durationMs)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  const result = JSON.parse(stdout) as Load;
  if (result.failures > 0) throw new Error(`${target.key}: ${result.failures} requests failed`);
  return result;
}
