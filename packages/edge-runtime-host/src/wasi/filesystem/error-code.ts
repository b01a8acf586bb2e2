// What guests learn of a failure: `error-code` of wasi:filesystem/types, from what the system says. Host paths, which are
// in the messages of system errors, go no further than here.

import { wit } from "edge-runtime-core";
import type { HostValType } from "edge-runtime-core";
import { StreamFailure } from "../io/byte-streams.ts";
import type { IoError } from "../io/byte-streams.ts";
import { err, ok } from "../results.ts";
import type { Result } from "../results.ts";

/** In the order of the WIT text. */
const ERROR_CODES = [
  "access",
  "would-block",
  "already",
  "bad-descriptor",
  "busy",
  "deadlock",
  "quota",
  "exist",
  "file-too-large",
  "illegal-byte-sequence",
  "in-progress",
  "interrupted",
  "invalid",
  "io",
  "is-directory",
  "loop",
  "too-many-links",
  "message-size",
  "name-too-long",
  "no-device",
  "no-entry",
  "no-lock",
  "insufficient-memory",
  "insufficient-space",
  "not-directory",
  "not-empty",
  "not-recoverable",
  "unsupported",
  "no-tty",
  "no-such-device",
  "overflow",
  "not-permitted",
  "pipe",
  "read-only",
  "invalid-seek",
  "text-file-busy",
  "cross-device",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export const errorCodeType: HostValType = wit.enum(...ERROR_CODES);

/** The names of POSIX, and what has no code of its own: too many open files is the host's shortage. */
const CODES_OF_SYSTEM_ERRORS: Readonly<Record<string, ErrorCode>> = {
  EACCES: "access",
  EAGAIN: "would-block",
  EALREADY: "already",
  EBADF: "bad-descriptor",
  EBUSY: "busy",
  EDEADLK: "deadlock",
  EDQUOT: "quota",
  EEXIST: "exist",
  EFBIG: "file-too-large",
  EILSEQ: "illegal-byte-sequence",
  EINPROGRESS: "in-progress",
  EINTR: "interrupted",
  EINVAL: "invalid",
  EIO: "io",
  EISDIR: "is-directory",
  ELOOP: "loop",
  EMFILE: "insufficient-memory",
  EMLINK: "too-many-links",
  EMSGSIZE: "message-size",
  ENAMETOOLONG: "name-too-long",
  ENFILE: "insufficient-memory",
  ENODEV: "no-device",
  ENOENT: "no-entry",
  ENOLCK: "no-lock",
  ENOMEM: "insufficient-memory",
  ENOSPC: "insufficient-space",
  ENOSYS: "unsupported",
  ENOTDIR: "not-directory",
  ENOTEMPTY: "not-empty",
  ENOTRECOVERABLE: "not-recoverable",
  ENOTSUP: "unsupported",
  ENOTTY: "no-tty",
  ENXIO: "no-such-device",
  EOPNOTSUPP: "unsupported",
  EOVERFLOW: "overflow",
  EPERM: "not-permitted",
  EPIPE: "pipe",
  EROFS: "read-only",
  ESPIPE: "invalid-seek",
  ETXTBSY: "text-file-busy",
  EXDEV: "cross-device",
};

/** A call failed with this code. */
export class FilesystemError extends Error {
  readonly errorCode: ErrorCode;

  constructor(errorCode: ErrorCode) {
    super(errorCode);
    this.name = "FilesystemError";
    this.errorCode = errorCode;
  }
}

export function fail(errorCode: ErrorCode): never {
  throw new FilesystemError(errorCode);
}

/** Undefined for what is neither a failure of ours nor of the system's: a fault of this program. */
export function errorCodeOf(error: unknown): ErrorCode | undefined {
  if (error instanceof FilesystemError) return error.errorCode;
  if (!(error instanceof Error && "syscall" in error && "code" in error)) return undefined;
  return CODES_OF_SYSTEM_ERRORS[String(error.code)] ?? "io";
}

export async function toResult<Ok>(answer: Promise<Ok>): Promise<Result<Ok, ErrorCode>> {
  try {
    return ok(await answer);
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === undefined) throw error;
    return err(code);
  }
}

const SERVICE_NAME = "wasi:filesystem";

/** The same for streams, which tell it by `filesystem-error-code`. */
export function toStreamFailure(error: unknown): StreamFailure {
  const code = errorCodeOf(error) ?? "io";
  return new StreamFailure({ message: `file system: ${code}`, detail: { service: SERVICE_NAME, code } });
}

export function codeOfStreamError({ detail }: IoError): ErrorCode | undefined {
  return detail?.service === SERVICE_NAME ? ERROR_CODES.find((code) => code === detail.code) : undefined;
}
