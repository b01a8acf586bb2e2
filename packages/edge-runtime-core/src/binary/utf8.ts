// UTF-8 as strictly as the WebAssembly specifications want it: malformed bytes are an error, never replaced.
// TextDecoder is in every JavaScript host though not in ECMAScript, hence the cast instead of a type library.

interface Decoder {
  decode(bytes: Uint8Array): string;
}
type DecoderConstructor = new (label: "utf-8", options: { fatal: true; ignoreBOM: true }) => Decoder;

/** The text, or undefined where the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  const { TextDecoder } = globalThis as unknown as { TextDecoder: DecoderConstructor };
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
