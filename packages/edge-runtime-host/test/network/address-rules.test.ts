import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { canonicalAddress } from "edge-runtime-common";
import { isPrivateAddress } from "edge-runtime-host";
import { isPublicAddress } from "../../src/network/address-rules.ts";

/** First and last address of each range that is not public, and its public neighbours. */
const closed: readonly [name: string, ...addresses: string[]][] = [
  ["this network", "0.0.0.0", "0.255.255.255"],
  ["private", "10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"],
  ["CGNAT", "100.64.0.0", "100.127.255.255"],
  ["loopback", "127.0.0.0", "127.255.255.255", "::1"],
  ["link-local", "169.254.0.0", "169.254.255.255", "fe80::", "febf:ffff::1"],
  ["IETF protocols", "192.0.0.0", "192.0.0.255"],
  ["documentation", "192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1", "3fff:fff::1"],
  ["6to4 relays", "192.88.99.1"],
  ["benchmark", "198.18.0.0", "198.19.255.255", "2001:2::1"],
  ["multicast", "224.0.0.0", "239.255.255.255", "ff00::", "ff02::1"],
  ["reserved", "240.0.0.0", "255.255.255.254"],
  ["broadcast", "255.255.255.255"],
  ["unspecified", "::"],
  ["IPv4-compatible", "::7f00:1"],
  ["IPv4-mapped", "::ffff:127.0.0.1", "::ffff:8.8.8.8"],
  ["IPv4-translated", "::ffff:0:7f00:1"],
  ["NAT64", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::808:808", "64:ff9b:1::7f00:1", "64:ff9b:1:ffff::1"],
  ["6to4", "2002:7f00:1::", "2002:a00:1::1"],
  ["Teredo", "2001:0:7f00:1::1"],
  ["ORCHID", "2001:20::1"],
  ["discard", "100::1"],
  ["segment routing", "5f00::1"],
  ["unique-local", "fc00::1", "fdff:ffff::1"],
  ["site-local", "fec0::1"],
  ["not assigned", "4000::1", "1::1", "fe00::1"],
  ["metadata", "169.254.169.254", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"],
];
const open = [
  ["1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0"],
  ["172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0"],
  ["223.255.255.255", "8.8.8.8", "168.63.129.17", "2606:4700::1111", "2a00:1450::1", "2003::1", "3ffe::1"],
].flat();

const inUrl = (address: string): string => (address.includes(":") ? `http://[${address}]/` : `http://${address}/`);

describe("address rules", () => {
  for (const [name, ...addresses] of closed) {
    test(`address rules: ${name} addresses are closed`, () => {
      for (const address of addresses) {
        assert.equal(isPublicAddress(canonicalAddress(address) ?? ""), false, address);
        assert.equal(isPrivateAddress(inUrl(address)), true, address);
      }
    });
  }

  test("address rules: global unicast addresses are open", () => {
    for (const address of open) {
      assert.equal(isPublicAddress(address), true, address);
      assert.equal(isPrivateAddress(inUrl(address)), false, address);
    }
  });

  test("address rules: what is no canonical address is not public", () => {
    for (const text of ["8.8", "134744072", "08.8.8.8", "example.com", "", "2606:4700:0::1111", "[2606:4700::1111]"]) {
      assert.equal(isPublicAddress(text), false, text);
    }
  });

  for (const url of [
    "http://2130706433/",
    "http://0x7f000001/",
    "http://017700000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://127.0.1:8080/",
    "http://127.0.0.1./",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://%31%32%37.0.0.1/",
    "http://user:password@127.0.0.1/",
    "http://0/",
    "http://0xa9fea9fe/latest/meta-data",
    "http://[::ffff:7f00:1]/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]/",
    "http://[0000:0000::0001]/",
    "https://2852039166/",
    "ws://127.1/",
    "gopher://127.0.0.1/",
    "gopher://0x7f.1:70/",
    "http://localhost/",
    "http://LOCALHOST.:80/",
    "http://a.localhost/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://METADATA.google.internal./",
    "http://instance-data/",
    "http://metadata.tencentyun.com/",
    "not a url",
    "",
    "/path",
    "file:///etc/passwd",
    "data:text/plain,x",
    "http://127.0.0.256/",
    "http://[::1%25lo]/",
  ]) {
    test(`isPrivateAddress: true of ${JSON.stringify(url)}`, () => assert.equal(isPrivateAddress(url), true));
  }

  for (const url of ["http://example.com/", "https://localhost.example.com/", "http://134744072/", "ws://8.8.8.8/"]) {
    test(`isPrivateAddress: false of ${url}`, () => assert.equal(isPrivateAddress(new URL(url)), false));
  }
});
