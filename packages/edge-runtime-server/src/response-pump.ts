// Moves the body of a guest's response to the client, as fast as the client takes it: what is on the way is the guest's
// pipe and the buffer of one socket. The head goes out with the first bytes, or when none come for a turn of the event
// loop; a body that is complete by then goes out whole, with its length.

import type { ServerResponse } from "node:http";
import { whenAnyReady } from "edge-runtime-host";
import type { OutgoingContents } from "edge-runtime-host";

/** Most bytes of one write. */
const MAX_CHUNK = 65_536;

export interface PumpTarget {
  readonly response: ServerResponse;
  /** Puts the head together; `length` is the body's, where it is known and the guest did not announce it. */
  readonly writeHead: (length: number | undefined) => void;
}

/**
 * Resolves to whether the response was sent in full: false where the client went away or the guest gave it up. The head
 * may not have been written then.
 */
export async function pumpResponse(contents: OutgoingContents, target: PumpTarget): Promise<boolean> {
  // The guest runs on until it waits or returns: what it writes until then is part of the first write.
  await Promise.resolve();
  try {
    return await pump(contents, target);
  } catch {
    // A failure of the pipe: the guest dropped the body.
    return false;
  } finally {
    contents.source.close();
  }
}

async function pump(contents: OutgoingContents, { response, writeHead }: PumpTarget): Promise<boolean> {
  const { source } = contents;
  let hasHead = false;
  while (!response.destroyed) {
    const chunk = source.read(MAX_CHUNK);
    if (chunk?.length === 0) {
      if (!hasHead && !(await isReadyWithinTurn(contents))) {
        hasHead = true;
        writeHead(undefined);
        response.flushHeaders();
      }
      await whenAnyReady([source]);
      continue;
    }
    const isLast = contents.isFinished() && contents.available() === 0;
    const trailers = isLast ? contents.trailers() : [];
    if (!hasHead) writeHead(isLast && trailers.length === 0 ? (chunk?.length ?? 0) : undefined);
    hasHead = true;
    if (isLast) return end(response, chunk, trailers);
    if (chunk !== undefined && !response.write(chunk)) await drained(response);
  }
  return false;
}

function end(response: ServerResponse, chunk: Uint8Array | undefined, trailers: readonly string[]): boolean {
  if (trailers.length > 0) response.addTrailers(toPairs(trailers));
  if (chunk === undefined) response.end();
  else response.end(chunk);
  return true;
}

function toPairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index] ?? "", flat[2 * index + 1] ?? ""]);
}

function isReadyWithinTurn({ source }: OutgoingContents): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = source.onReady(() => {
      clearImmediate(turn);
      resolve(true);
    });
    const turn = setImmediate(() => {
      cancel();
      resolve(false);
    });
  });
}

/** Also where the client went away. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}
