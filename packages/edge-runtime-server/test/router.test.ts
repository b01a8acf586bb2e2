import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Router } from "../src/router.ts";

const router = new Router(["/", "/a", "/a/b", "/a/b/c/d", "/ab", "/x/y"].map((route) => ({ route, target: route })));

const cases: readonly (readonly [string, string])[] = [
  ["/", "/"],
  ["/a", "/a"],
  ["/a/", "/a"],
  ["/a/x", "/a"],
  ["/ab", "/ab"],
  ["/abc", "/"],
  ["/a/b", "/a/b"],
  ["/a/b/c", "/a/b"],
  ["/a/b/c/d", "/a/b/c/d"],
  ["/a/b/c/d/e/f/g", "/a/b/c/d"],
  ["/a/bc", "/a"],
  ["/x", "/"],
  ["/x/y", "/x/y"],
  ["/x/yz", "/"],
  ["/A", "/"],
  ["/%61", "/"],
  ["/a%2fb", "/"],
  ["//a", "/"],
  ["/a//b", "/a"],
  ["/x/../a", "/"],
  ["/a;v=1", "/"],
];

describe("router", () => {
  for (const [path, route] of cases) {
    test(`router: ${path} goes to ${route}`, () => {
      assert.equal(router.find(path), route);
    });
  }

  test("router: without a route / other paths go nowhere", () => {
    const small = new Router([{ route: "/a", target: 1 }]);
    assert.equal(small.find("/"), undefined);
    assert.equal(small.find("/b"), undefined);
    assert.equal(small.find("/a"), 1);
    assert.equal(new Router([]).find("/a"), undefined);
  });

  test("router: finds what comparing with every route finds", () => {
    const segment = fc.constantFrom("a", "b", "ab", "", ".");
    const path = fc.array(segment, { maxLength: 5 }).map((segments) => `/${segments.join("/")}`);
    const route = fc.array(fc.constantFrom("a", "b", "ab"), { maxLength: 4 }).map((names) => `/${names.join("/")}`);
    fc.assert(
      fc.property(fc.uniqueArray(route, { maxLength: 6 }), path, (routes, wanted) => {
        const matching = routes.filter(
          (candidate) => candidate === "/" || wanted === candidate || wanted.startsWith(`${candidate}/`),
        );
        const longest = matching.toSorted((a, b) => b.length - a.length)[0];
        assert.equal(new Router(routes.map((text) => ({ route: text, target: text }))).find(wanted), longest);
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});
