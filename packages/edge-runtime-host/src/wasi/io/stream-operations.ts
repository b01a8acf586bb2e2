// What the functions of wasi:io/streams have in common: one step each, without waiting, and failures as stream errors.

import { err, ok } from "../results.ts";
import type { Result } from "../results.ts";
import { StreamFailure } from "./byte-streams.ts";
import type { InputStream, OutputStream, StreamError } from "./io-resources.ts";

/** Most bytes that one read gives. */
export const MAX_READ_BYTES = 65_536;

class Closed extends Error {}

export function closed(): never {
  throw new Closed("the stream is closed");
}

/** Runs a step. Spec: after the first error a stream is closed. */
export function attempt<Ok>(
  stream: Pick<InputStream | OutputStream, "hasEnded">,
  step: () => Ok,
): Result<Ok, StreamError> {
  if (stream.hasEnded) return err({ tag: "closed" });
  try {
    return ok(step());
  } catch (error) {
    if (error instanceof StreamFailure) {
      stream.hasEnded = true;
      return err({ tag: "last-operation-failed", val: error.error });
    }
    if (!(error instanceof Closed)) throw error;
    stream.hasEnded = true;
    return err({ tag: "closed" });
  }
}

/** A length of a guest's, as far as one step may go. */
export function stepLength(length: bigint): number {
  return length < BigInt(MAX_READ_BYTES) ? Number(length) : MAX_READ_BYTES;
}

export function readNow(stream: InputStream, length: bigint): Result<Uint8Array, StreamError> {
  const most = stepLength(length);
  return attempt(stream, () => (most === 0 ? new Uint8Array() : (stream.source.read(most) ?? closed())));
}

export function writeNow(stream: OutputStream, bytes: Uint8Array): Result<undefined, StreamError> {
  return attempt(stream, () => {
    if (stream.sink.room() === undefined) closed();
    if (bytes.length > 0) stream.sink.write(bytes);
    return undefined;
  });
}

/** Moves what is there and has room; 0 where nothing is. */
export function spliceNow(to: OutputStream, from: InputStream, length: bigint): Result<bigint, StreamError> {
  const room = attempt(to, () => to.sink.room() ?? closed());
  if (room.tag === "err") return room;
  const most = Math.min(room.val, stepLength(length));
  if (most === 0) return ok(0n);
  const read = readNow(from, BigInt(most));
  if (read.tag === "err") return read;
  const written = writeNow(to, read.val);
  return written.tag === "err" ? written : ok(BigInt(read.val.length));
}
