// Reads a request's body, up to a limit. What is over it is not kept: the reader says so at once and lets the rest
// flow away, for as long as the server's request timeout allows.

import type { IncomingMessage } from "node:http";
import { BodyTooLarge } from "edge-runtime-common";

/**
 * Calls back once, with the body or BodyTooLarge; never where the client goes away before its end, which the
 * connection tells. Memory grows with what arrived, not with what was announced.
 */
export function readBody(
  request: IncomingMessage,
  limitBytes: number,
  callback: (body: Uint8Array | BodyTooLarge) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  request.on("data", (chunk: Buffer) => {
    if (length > limitBytes) return;
    length += chunk.length;
    if (length <= limitBytes) {
      chunks.push(chunk);
    } else {
      chunks.length = 0;
      callback(new BodyTooLarge(limitBytes));
    }
  });
  request.on("end", () => {
    if (length <= limitBytes) callback(joinChunks(chunks, length));
  });
  // A client that goes away: without a listener Node would call it unhandled.
  request.on("error", () => undefined);
}

function joinChunks(chunks: readonly Buffer[], length: number): Uint8Array {
  const [only] = chunks;
  const bytes = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
