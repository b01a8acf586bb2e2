// The resources of wasi:io. What guests hold handles to are objects of these shapes; the linker guarantees the types of
// what they pass.

import { wit } from "edge-runtime-core";
import type { HostResource, HostValType } from "edge-runtime-core";
import type { Readiness } from "../readiness.ts";
import type { ByteSink, ByteSource, IoError } from "./byte-streams.ts";

export interface Pollable {
  readonly readiness: Readiness;
}

/** `hasEnded`: the end or a failure was told, all that follows is `closed`. */
export interface InputStream {
  readonly source: ByteSource;
  hasEnded: boolean;
}

export interface OutputStream {
  readonly sink: ByteSink;
  /** What the guest may write without asking again: the last answer of `check-write` less what it wrote since. */
  permitted: number;
  hasEnded: boolean;
}

export const ioError: HostResource = { kind: "resource", drop: () => undefined };
export const pollable: HostResource = { kind: "resource", drop: () => undefined };
export const inputStream: HostResource = {
  kind: "resource",
  drop: (value) => (value as InputStream).source.close(),
};
export const outputStream: HostResource = {
  kind: "resource",
  drop: (value) => (value as OutputStream).sink.close(),
};

export const streamErrorType: HostValType = wit.variant({
  "last-operation-failed": wit.own(ioError),
  closed: undefined,
});

export type StreamError = { readonly tag: "last-operation-failed"; readonly val: IoError } | { readonly tag: "closed" };

export function createInputStream(source: ByteSource): InputStream {
  return { source, hasEnded: false };
}

export function createOutputStream(sink: ByteSink): OutputStream {
  return { sink, permitted: 0, hasEnded: false };
}

export function createPollable(readiness: Readiness): Pollable {
  return { readiness };
}
