import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { CUT_MARK, decodeMessage, limitMessage, MAX_MESSAGE_BYTES } from "../../src/logging/log-message.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

describe("log message", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["is empty", "", ""],
    ["has exactly 8,192 bytes", "a".repeat(8192), "a".repeat(8192)],
    ["has one byte more", "a".repeat(8193), "a".repeat(8192) + CUT_MARK],
    ["would split a character of two bytes", `a${"é".repeat(4096)}`, `a${"é".repeat(4095)}${CUT_MARK}`],
    ["would split a character of three bytes", "€".repeat(2731), "€".repeat(2730) + CUT_MARK],
    ["would split a character of four bytes", `a${"😀".repeat(2048)}`, `a${"😀".repeat(2047)}${CUT_MARK}`],
    ["begins with a byte order mark", "\ufeffa", "\ufeffa"],
  ];
  for (const [name, message, expected] of cases) {
    test(`log message: one that ${name} is kept or cut alike from a string and from bytes`, () => {
      assert.equal(limitMessage(message), expected);
      assert.equal(decodeMessage(utf8(message)), expected);
    });
  }

  test("log message: bytes that are not UTF-8 are replaced", () => {
    assert.equal(decodeMessage(new Uint8Array([0x61, 0xff, 0xc0, 0x80, 0x62, 0xed, 0xa0, 0x80])), "a���b���");
    assert.equal(decodeMessage(new Uint8Array(9000).fill(0x80)), "�".repeat(8192) + CUT_MARK);
  });

  test("log message: shared memory can be read", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(4));
    shared.set(utf8("text"));
    assert.equal(decodeMessage(shared), "text");
  });

  test("log message: no text is kept beyond the limit and none within it changes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 6000 }), (text) => {
        const limited = limitMessage(text);
        const bytes = Buffer.byteLength(text);
        if (bytes <= MAX_MESSAGE_BYTES) return limited === text;
        const kept = limited.slice(0, -CUT_MARK.length);
        return limited.endsWith(CUT_MARK) && text.startsWith(kept) && Buffer.byteLength(kept) > MAX_MESSAGE_BYTES - 4;
      }),
      { seed: 1, numRuns: 200, examples: [["\ud800".repeat(3000)], ["a".repeat(8191) + "😀"]] },
    );
  });
});
