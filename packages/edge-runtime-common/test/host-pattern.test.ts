import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { canonicalAddress, canonicalHost, matchesHost, parseHostPattern } from "edge-runtime-common";

function matches(pattern: string, host: string, port: number, defaultPort?: number): boolean {
  const parsed = parseHostPattern(pattern);
  assert.ok(parsed, `${pattern} is a pattern`);
  return matchesHost(parsed, canonicalHost(host), port, defaultPort);
}

describe("host patterns", () => {
  for (const [pattern, host, port, expected] of [
    ["api.example.com:443", "api.example.com", 443, true],
    ["API.Example.com.:443", "api.EXAMPLE.com", 443, true],
    ["api.example.com:443", "api.example.com.", 443, true],
    ["api.example.com:443", "api.example.com", 80, false],
    ["api.example.com:443", "evil-api.example.com", 443, false],
    ["api.example.com:443", "api.example.com.evil.test", 443, false],
    ["*.example.com:443", "a.example.com", 443, true],
    ["*.example.com:443", "a.b.example.com", 443, true],
    ["*.example.com:443", "example.com", 443, false],
    ["*.example.com:443", "badexample.com", 443, false],
    ["*:443", "anything.test", 443, true],
    ["*:443", "192.0.2.1", 443, true],
    ["*:443", "192.0.2.1", 80, false],
    ["*:*", "2001:db8::1", 1, true],
    ["a.test:*", "a.test", 65_535, true],
    ["192.0.2.1:53", "192.0.2.1", 53, true],
    ["192.0.2.1:53", "192.0.2.10", 53, false],
    ["[2001:DB8:0:0::1]:53", "2001:db8::1", 53, true],
    ["[2001:db8::1]:53", "[2001:0db8::0001]", 53, true],
    ["[::1]:53", "::2", 53, false],
  ] as const) {
    test(`host patterns: ${pattern} ${expected ? "names" : "does not name"} ${host} at ${port}`, () => {
      assert.equal(matches(pattern, host, port), expected);
    });
  }

  test("host patterns: without a port only the default port of whoever asks matches", () => {
    assert.equal(matches("https://a.test", "a.test", 443, 443), true);
    assert.equal(matches("a.test", "a.test", 8443, 443), false);
    assert.equal(matches("a.test", "a.test", 443), false);
    assert.equal(parseHostPattern("https://a.test")?.scheme, "https");
  });

  for (const text of [
    "",
    ":80",
    "a.test:0",
    "a.test:65536",
    "a.test:http",
    "a..test:80",
    "-a.test:80",
    "*a.test:80",
    "a.*.test:80",
    "**:80",
    "*.:80",
    "bücher.test:80",
    "a b.test:80",
    "user@a.test:80",
    "a.test:80/path",
    "127.1:80",
    "0x7f.1:80",
    "2130706433:80",
    "0177.0.0.1:80",
    "127.0.0.256:80",
    "*.0.0.1:80",
    "[127.0.0.1]:80",
    "[::1%lo]:80",
    "[::1:80",
    "::1:80",
    "fe80::1",
    `${"a".repeat(300)}.test:80`,
  ]) {
    test(`host patterns: refuse ${JSON.stringify(text.slice(0, 40))}`, () => {
      assert.equal(parseHostPattern(text), undefined);
    });
  }

  for (const [text, canonical] of [
    ["192.0.2.1", "192.0.2.1"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["::ffff:192.0.2.1", "::ffff:c000:201"],
    ["192.0.2", undefined],
    ["192.0.2.01", undefined],
    ["192.0.2.300", undefined],
    ["[::1]", undefined],
    ["::1%1", undefined],
    ["1:2:3", undefined],
    ["", undefined],
  ] as const) {
    test(`canonical address: ${text} is ${canonical}`, () => assert.equal(canonicalAddress(text), canonical));
  }
});
