// `run --profile OUT`: the profile that a run fills, and the file that it becomes. Everything that could keep it from
// being written is found before the run.

import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { FuelProfile, toCpuProfile } from "edge-runtime-core";
import type { RunOptions } from "./program.ts";
import { UsageError } from "./usage-error.ts";
import { writeWhole } from "./whole-file.ts";

export interface ProfileFile {
  readonly taken: FuelProfile;
  /** Writes what was taken so far. Throws UsageError. */
  readonly write: () => Promise<void>;
}

/** Undefined where no profile was asked for. Throws UsageError. */
export async function createProfile({ profile, fuel }: RunOptions): Promise<ProfileFile | undefined> {
  if (profile === undefined) return undefined;
  if (fuel === false) throw new UsageError("--profile: shows where fuel went, and --no-fuel counts none");
  const folder = await stat(dirname(profile)).catch(() => undefined);
  if (folder?.isDirectory() !== true) {
    throw new UsageError(`${profile}: its folder does not exist; make it first or give another --profile`);
  }
  const existing = await stat(profile).catch(() => undefined);
  if (existing?.isFile() === false) {
    throw new UsageError(`${profile}: exists and is no regular file; give a file name with --profile`);
  }
  const taken = new FuelProfile();
  return { taken, write: () => writeWhole(profile, `${JSON.stringify(toCpuProfile(taken))}\n`) };
}
