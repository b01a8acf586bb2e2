// Writing a file so that there is never half of one.

import { randomBytes } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UsageError } from "./usage-error.ts";

/** Beside its place, then renamed into it. Throws UsageError. */
export async function writeWhole(output: string, content: Uint8Array | string): Promise<void> {
  const temporary = join(dirname(output), `.${basename(output)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    await writeFile(temporary, content, { flag: "wx" });
    await rename(temporary, output);
  } catch (error) {
    await rm(temporary, { force: true });
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw new UsageError(`${output}: cannot be written (${code}); check the folder's permissions and space`, error);
  }
}
