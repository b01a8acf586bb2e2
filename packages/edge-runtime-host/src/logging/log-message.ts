// Messages as they are kept: at most 8 KiB of UTF-8 each, cut between characters, with a mark where they were cut. A
// guest decides how long a message is; what the host decodes and stores of it is decided here.

/** Most bytes of a message, in UTF-8 and without the mark. */
export const MAX_MESSAGE_BYTES = 8192;

/** Ends a message that was cut. */
export const CUT_MARK = " [cut at 8192 bytes]";

/** No UTF-16 code unit takes more than three bytes of UTF-8. */
const SURELY_SHORT = Math.floor(MAX_MESSAGE_BYTES / 3);

const encoder = new TextEncoder();
/** The first three bytes are the guest's too, if they are a byte order mark. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A lifted string within the limit. */
export function limitMessage(message: string): string {
  if (message.length <= SURELY_SHORT || Buffer.byteLength(message) <= MAX_MESSAGE_BYTES) return message;
  const { read } = encoder.encodeInto(message, new Uint8Array(MAX_MESSAGE_BYTES));
  return message.slice(0, read) + CUT_MARK;
}

/** The same of UTF-8 bytes; what is not UTF-8 becomes U+FFFD, and no more than the limit is read. */
export function decodeMessage(bytes: Uint8Array): string {
  // A copy: the decoder takes no shared memory.
  if (bytes.length <= MAX_MESSAGE_BYTES) return decoder.decode(bytes.slice());
  return decoder.decode(bytes.slice(0, characterStart(bytes, MAX_MESSAGE_BYTES))) + CUT_MARK;
}

/** The last index, up to three before `at`, that does not split a character. */
export function characterStart(bytes: Uint8Array, at: number): number {
  for (let index = at; index > at - 4; index -= 1) {
    if (((bytes[index] ?? 0) & 0xc0) !== 0x80) return index;
  }
  return at;
}
