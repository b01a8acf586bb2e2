// Paths as guests and symbolic links write them: steps between slashes, and nothing that the system would read otherwise.

import { fail } from "./error-code.ts";

/** Linux's PATH_MAX with its terminating NUL; in bytes of UTF-8. */
const MAX_PATH_BYTES = 4095;

export interface GuestPath {
  /** Without empty steps and `.`; `..` is among them. */
  readonly steps: readonly string[];
  /** It ends in a slash or in `.`: what it names must be a directory. */
  readonly needsDirectory: boolean;
}

/** Fails with the code that the system would give, or `not-permitted` for absolute paths. */
export function parseGuestPath(text: string): GuestPath {
  if (text === "") fail("no-entry");
  if (text.includes("\0")) fail("invalid");
  if (Buffer.byteLength(text) > MAX_PATH_BYTES) fail("name-too-long");
  if (text.startsWith("/")) fail("not-permitted");
  const all = text.split("/");
  const last = all.at(-1) ?? "";
  return {
    steps: all.filter((step) => step !== "" && step !== "."),
    needsDirectory: last === "" || last === "." || last === "..",
  };
}
