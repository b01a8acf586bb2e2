// wasi:io/streams over byte sources and sinks. A read gives at most 64 KiB, so that what the host holds for a guest does
// not depend on what it asks for.

import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostInstance, HostValType } from "edge-runtime-core";
import { WasiError } from "edge-runtime-common";
import { whenAnyReady } from "../readiness.ts";
import { ok } from "../results.ts";
import type { Result } from "../results.ts";
import type { InputStream, OutputStream, StreamError } from "./io-resources.ts";
import { createPollable, inputStream, outputStream, pollable, streamErrorType } from "./io-resources.ts";
import { attempt, closed, readNow, spliceNow, writeNow } from "./stream-operations.ts";

export const IO_STREAMS_INTERFACE = "wasi:io/streams@0.2.12";

/** What the `blocking-write-and-flush` calls take. Spec: "up to 4096 bytes". */
const MAX_BLOCKING_WRITE = 4096n;

const inputSelf = { self: wit.borrow(inputStream) };
const outputSelf = { self: wit.borrow(outputStream) };
const streamResult = (okType?: HostValType): HostValType => wit.result(okType, streamErrorType);

const zeroes = (length: bigint): Uint8Array => new Uint8Array(Number(length));

async function waitToRead<Ok>(
  stream: InputStream,
  read: () => Result<Ok, StreamError>,
): Promise<Result<Ok, StreamError>> {
  await whenAnyReady([stream.source]);
  return read();
}

async function writeAndFlush(stream: OutputStream, contents: Uint8Array): Promise<Result<undefined, StreamError>> {
  let rest = contents;
  while (rest.length > 0) {
    const room = attempt(stream, () => stream.sink.room() ?? closed());
    if (room.tag === "err") return room;
    if (room.val === 0) await whenAnyReady([stream.sink]);
    const part = rest.subarray(0, room.val);
    rest = rest.subarray(part.length);
    const written = part.length === 0 ? room : attempt(stream, () => stream.sink.write(part));
    if (written.tag === "err") return written;
  }
  return flushAndWait(stream);
}

async function flushAndWait(stream: OutputStream): Promise<Result<undefined, StreamError>> {
  const started = attempt(stream, () => {
    if (stream.sink.room() === undefined) closed();
    stream.sink.flush();
  });
  if (started.tag === "err") return started;
  await whenAnyReady([stream.sink]);
  // Delivered, or failed: closed by the other side after all was delivered is no failure of this flush.
  return attempt(stream, () => void stream.sink.room());
}

function checkBlockingWrite(length: bigint): void {
  if (length > MAX_BLOCKING_WRITE) {
    throw new WasiError(`blocking-write-and-flush: ${length} bytes are more than ${MAX_BLOCKING_WRITE}`);
  }
}

const inputFunctions = {
  "[method]input-stream.read": {
    kind: "sync",
    type: wit.func({ ...inputSelf, len: wit.u64 }, streamResult(wit.list(wit.u8))),
    call: (_call: HostCall, self: InputStream, length: bigint) => readNow(self, length),
  },
  "[method]input-stream.blocking-read": {
    kind: "async",
    type: wit.func({ ...inputSelf, len: wit.u64 }, streamResult(wit.list(wit.u8))),
    call: (_call: HostCall, self: InputStream, length: bigint) =>
      self.hasEnded || length === 0n || self.source.isReady()
        ? readNow(self, length)
        : waitToRead(self, () => readNow(self, length)),
  },
  "[method]input-stream.skip": {
    kind: "sync",
    type: wit.func({ ...inputSelf, len: wit.u64 }, streamResult(wit.u64)),
    call: (_call: HostCall, self: InputStream, length: bigint) => skipNow(self, length),
  },
  "[method]input-stream.blocking-skip": {
    kind: "async",
    type: wit.func({ ...inputSelf, len: wit.u64 }, streamResult(wit.u64)),
    call: (_call: HostCall, self: InputStream, length: bigint) =>
      self.hasEnded || length === 0n || self.source.isReady()
        ? skipNow(self, length)
        : waitToRead(self, () => skipNow(self, length)),
  },
  "[method]input-stream.subscribe": {
    kind: "sync",
    reads: "nothing",
    type: wit.func(inputSelf, wit.own(pollable)),
    call: (_call: HostCall, { source }: InputStream) => createPollable(source),
  },
} as const;

function skipNow(stream: InputStream, length: bigint): Result<bigint, StreamError> {
  const read = readNow(stream, length);
  return read.tag === "ok" ? ok(BigInt(read.val.length)) : read;
}

/** Spec: `write` after too few bytes were permitted traps. */
function takePermit(stream: OutputStream, length: bigint): void {
  if (length > BigInt(stream.permitted)) {
    throw new WasiError(`write: ${length} bytes are more than check-write permitted (${stream.permitted})`);
  }
  stream.permitted -= Number(length);
}

const outputFunctions = {
  "[method]output-stream.check-write": {
    kind: "sync",
    type: wit.func(outputSelf, streamResult(wit.u64)),
    call: (_call: HostCall, self: OutputStream) => {
      const room = attempt(self, () => self.sink.room() ?? closed());
      if (room.tag === "err") return room;
      self.permitted = room.val;
      return ok(BigInt(room.val));
    },
  },
  "[method]output-stream.write": {
    kind: "sync",
    type: wit.func({ ...outputSelf, contents: wit.list(wit.u8) }, streamResult()),
    call: (_call: HostCall, self: OutputStream, contents: Uint8Array) => {
      takePermit(self, BigInt(contents.length));
      return writeNow(self, contents);
    },
  },
  "[method]output-stream.blocking-write-and-flush": {
    kind: "async",
    type: wit.func({ ...outputSelf, contents: wit.list(wit.u8) }, streamResult()),
    call: (_call: HostCall, self: OutputStream, contents: Uint8Array) => {
      checkBlockingWrite(BigInt(contents.length));
      return writeAndFlush(self, contents);
    },
  },
  "[method]output-stream.flush": {
    kind: "sync",
    type: wit.func(outputSelf, streamResult()),
    call: (_call: HostCall, self: OutputStream) =>
      attempt(self, () => {
        if (self.sink.room() === undefined) closed();
        self.sink.flush();
      }),
  },
  "[method]output-stream.blocking-flush": {
    kind: "async",
    type: wit.func(outputSelf, streamResult()),
    call: (_call: HostCall, self: OutputStream) => flushAndWait(self),
  },
  "[method]output-stream.subscribe": {
    kind: "sync",
    reads: "nothing",
    type: wit.func(outputSelf, wit.own(pollable)),
    call: (_call: HostCall, { sink }: OutputStream) => createPollable(sink),
  },
  "[method]output-stream.write-zeroes": {
    kind: "sync",
    type: wit.func({ ...outputSelf, len: wit.u64 }, streamResult()),
    call: (_call: HostCall, self: OutputStream, length: bigint) => {
      takePermit(self, length);
      return writeNow(self, zeroes(length));
    },
  },
  "[method]output-stream.blocking-write-zeroes-and-flush": {
    kind: "async",
    type: wit.func({ ...outputSelf, len: wit.u64 }, streamResult()),
    call: (_call: HostCall, self: OutputStream, length: bigint) => {
      checkBlockingWrite(length);
      return writeAndFlush(self, zeroes(length));
    },
  },
  "[method]output-stream.splice": {
    kind: "sync",
    type: wit.func({ ...outputSelf, src: wit.borrow(inputStream), len: wit.u64 }, streamResult(wit.u64)),
    call: (_call: HostCall, self: OutputStream, source: InputStream, length: bigint) => spliceNow(self, source, length),
  },
  "[method]output-stream.blocking-splice": {
    kind: "async",
    type: wit.func({ ...outputSelf, src: wit.borrow(inputStream), len: wit.u64 }, streamResult(wit.u64)),
    call: async (_call: HostCall, self: OutputStream, source: InputStream, length: bigint) => {
      if (!self.hasEnded) await whenAnyReady([self.sink]);
      if (!source.hasEnded) await whenAnyReady([source.source]);
      return spliceNow(self, source, length);
    },
  },
} as const;

export const streamsInterface: HostInstance = hostInstance({
  "input-stream": inputStream,
  "output-stream": outputStream,
  ...inputFunctions,
  ...outputFunctions,
});
