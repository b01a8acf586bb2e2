// The body of a guest's request as undici takes it.

import { Readable } from "node:stream";
import { whenAnyReady } from "../wasi/readiness.ts";
import type { ClientRequest } from "../wasi/http/http-client.ts";
import type { OutgoingContents } from "../wasi/http/outgoing-body.ts";

/** Most bytes of one read. */
const MAX_CHUNK = 65_536;

/** Methods that have no body as a rule: worth waiting for the guest to say whether there is one. */
const BODYLESS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "DELETE", "TRACE"]);

/** Null where there is none; bytes where the guest has finished already, and a stream where it may write more. */
export async function readRequestBody({ contents, method }: ClientRequest): Promise<Readable | Uint8Array | null> {
  if (contents === undefined) return null;
  // What the guest writes until it waits or returns comes first.
  await Promise.resolve();
  if (BODYLESS.has(method)) await whenAnyReady([contents.source]);
  if (contents.isFinished()) {
    const bytes = readWhole(contents);
    return bytes.length === 0 ? null : bytes;
  }
  return Readable.from(read(contents), { objectMode: false, highWaterMark: MAX_CHUNK });
}

/** All of it is in the pipe, which is small. */
function readWhole({ source, available }: OutgoingContents): Uint8Array {
  const chunks: Uint8Array[] = [];
  while (available() > 0) chunks.push(source.read(MAX_CHUNK) ?? new Uint8Array());
  return Buffer.concat(chunks);
}

/** Throws where the guest gives the body up: undici then ends the connection. */
async function* read({ source }: OutgoingContents): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const chunk = source.read(MAX_CHUNK);
      if (chunk === undefined) return;
      if (chunk.length > 0) yield chunk;
      else await whenAnyReady([source]);
    }
  } finally {
    source.close();
  }
}
