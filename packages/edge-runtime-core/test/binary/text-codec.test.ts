import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { createTextCodec, textCodec } from "../../src/binary/text-codec.ts";

const fallback = createTextCodec({});
const runs = { seed: 20_260_502, numRuns: 500 };
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
);

function encode(codec: typeof textCodec, text: string): Uint8Array {
  const bytes = new Uint8Array(codec.byteLength(text));
  assert.equal(codec.encodeInto(text, bytes), bytes.length);
  return bytes;
}

for (const [name, codec] of [
  ["platform", textCodec],
  ["fallback", fallback],
] as const) {
  describe(`text codec: ${name}`, () => {
    test(`text codec: ${name} encodes as Buffer does`, () => {
      fc.assert(
        fc.property(anyText, (text) => {
          assert.deepEqual(Buffer.from(encode(codec, text)), Buffer.from(text, "utf8"));
        }),
        runs,
      );
    });

    test(`text codec: ${name} decodes what it encoded`, () => {
      fc.assert(
        fc.property(fc.string({ unit: "binary" }), (text) => {
          assert.equal(codec.decode(encode(codec, text)), text);
        }),
        runs,
      );
    });

    test(`text codec: ${name} decodes bytes as the platform does`, () => {
      const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
      const anyBytes = fc.uint8Array({ maxLength: 8 });
      const nearValid = fc.array(
        fc.constantFrom(0x41, 0x80, 0xbf, 0xc2, 0xe0, 0xed, 0xa0, 0x9f, 0xf0, 0xf4, 0x90, 0xff),
      );
      fc.assert(
        fc.property(
          fc.oneof(
            anyBytes,
            nearValid.map((bytes) => Uint8Array.from(bytes)),
          ),
          (bytes) => {
            let expected: string | undefined;
            try {
              expected = decoder.decode(bytes);
            } catch {
              expected = undefined;
            }
            assert.equal(codec.decode(bytes), expected);
          },
        ),
        runs,
      );
    });

    for (const padding of [16_379, 16_380, 16_381, 16_382, 16_383, 16_384]) {
      test(`text codec: ${name} counts characters on the border of ${padding} code units`, () => {
        for (const tail of ["🌊".repeat(10_000), "\ud800".repeat(9000), "€".repeat(9000)]) {
          const text = "a".repeat(padding) + tail;
          assert.equal(codec.byteLength(text), Buffer.byteLength(text));
        }
      });
    }

    test(`text codec: ${name} never writes past the end of the target`, () => {
      const target = new Uint8Array(8).fill(0xaa);
      assert.equal(codec.encodeInto("aa🌊🌊", target.subarray(0, 7)), -1);
      assert.equal(target[7], 0xaa);
    });

    test(`text codec: ${name} decodes 100,000 characters`, () => {
      const text = "aé€🌊".repeat(25_000);
      assert.equal(codec.decode(encode(codec, text)), text);
    });
  });
}
