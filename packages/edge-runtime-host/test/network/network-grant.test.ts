import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mayListen, mayReach, maySeek, networkGrant, socketsGrant } from "../../src/network/network-grant.ts";

const grant = networkGrant({
  allow: ["api.example.com:443", "*.example.org:*", "8.8.8.8:53", "localhost:80"],
  allowPrivate: ["db.internal:5432", "127.0.0.1:9000"],
  listen: ["127.0.0.1:*"],
});
const everything = networkGrant({ allow: ["*:*"], allowPrivate: ["*:*"] });

describe("network grant", () => {
  for (const [name, hosts, address, port, expected] of [
    ["a public address of an allowed name", ["api.example.com"], "8.8.4.4", 443, true],
    ["another port of it", ["api.example.com"], "8.8.4.4", 80, false],
    ["a public address without a name", [], "8.8.4.4", 443, false],
    ["an allowed address", [], "8.8.8.8", 53, true],
    ["an allowed name that resolves to a private address", ["api.example.com"], "10.0.0.1", 443, false],
    ["an allowed name that resolves to loopback", ["a.example.org"], "::1", 443, false],
    ["an allowed name that resolves to a mapped address", ["a.example.org"], "::ffff:808:808", 443, false],
    ["localhost in the list of public hosts", ["localhost"], "127.0.0.1", 80, false],
    ["a private address of a name that is opened", ["db.internal"], "10.0.0.1", 5432, true],
    ["a public address of a name that is opened", ["db.internal"], "8.8.4.4", 5432, true],
    ["another port of a name that is opened", ["db.internal"], "10.0.0.1", 22, false],
    ["a loopback address that is opened", [], "127.0.0.1", 9000, true],
    ["another loopback address", [], "127.0.0.2", 9000, false],
  ] as const) {
    test(`network grant: ${name} is ${expected ? "open" : "closed"}`, () => {
      assert.equal(mayReach(grant, { hosts, address, port }), expected);
    });
  }

  test("network grant: nothing is open without one", () => {
    for (const address of ["8.8.8.8", "127.0.0.1"]) {
      assert.equal(mayReach(socketsGrant.none, { hosts: [], address, port: 80 }), false);
    }
    assert.equal(maySeek(socketsGrant.none, "example.com"), false);
    assert.equal(mayListen(socketsGrant.none, "127.0.0.1", 80), false);
  });

  test("network grant: metadata services open only where they are named in full", () => {
    const target = { hosts: ["metadata.google.internal"], address: "169.254.169.254", port: 80 };
    assert.equal(mayReach(everything, target), false);
    assert.equal(maySeek(everything, "metadata.google.internal."), false);
    assert.equal(mayReach(everything, { hosts: ["rebound.test"], address: "169.254.169.254", port: 80 }), false);
    assert.equal(mayReach(everything, { hosts: [], address: "168.63.129.16", port: 80 }), false);
    assert.equal(mayReach(everything, { hosts: ["instance-data"], address: "8.8.8.8", port: 80 }), false);
    assert.equal(mayReach(networkGrant({ allow: ["169.254.169.254:80"] }), target), false);
    assert.equal(mayReach(networkGrant({ allowPrivate: ["*.internal:80"] }), target), false);
    assert.equal(mayReach(networkGrant({ allowPrivate: ["metadata.google.internal:80"] }), target), true);
    assert.equal(mayReach(networkGrant({ allowPrivate: ["169.254.169.254:80"] }), target), true);
  });

  test("network grant: names are looked up where a list names them, at whatever port", () => {
    assert.deepEqual(
      ["api.example.com", "A.EXAMPLE.ORG.", "example.org", "db.internal", "other.test"].map((name) =>
        maySeek(grant, name),
      ),
      [true, true, false, true, false],
    );
  });

  test("network grant: listening is allowed by local address", () => {
    assert.equal(mayListen(grant, "127.0.0.1", 8080), true);
    assert.equal(mayListen(grant, "0.0.0.0", 8080), false);
  });

  test("network grant: a pattern needs a port and no scheme", () => {
    assert.throws(() => networkGrant({ allow: ["a.test"] }), TypeError);
    assert.throws(() => networkGrant({ allow: ["https://a.test:443"] }), TypeError);
  });
});
