import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LookupQueue } from "../../src/network/lookup-queue.ts";
import { NetworkFailure } from "../../src/network/network-failure.ts";

/** A resolver that answers when it is told to. */
function slowResolver() {
  const asked: string[] = [];
  const answers = new Map<string, (addresses: readonly string[] | Error) => void>();
  const lookUp = (name: string): Promise<readonly string[]> => {
    asked.push(name);
    return new Promise((resolve, reject) => {
      answers.set(name, (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
    });
  };
  return { asked, answer: (name: string, answer: readonly string[] | Error) => answers.get(name)?.(answer), lookUp };
}

const { signal } = new AbortController();

describe("lookup queue", () => {
  test("lookup queue: two at a time, the rest in order", async () => {
    const resolver = slowResolver();
    const queue = new LookupQueue(resolver.lookUp);
    const found = ["a", "b", "c"].map((name) => queue.find(name, signal));
    assert.deepEqual(resolver.asked, ["a", "b"]);
    resolver.answer("b", ["1.1.1.1"]);
    assert.deepEqual(await found[1], ["1.1.1.1"]);
    assert.deepEqual(resolver.asked, ["a", "b", "c"]);
    resolver.answer("c", ["2.2.2.2"]);
    resolver.answer("a", ["3.3.3.3"]);
    assert.deepEqual(await Promise.all(found), [["3.3.3.3"], ["1.1.1.1"], ["2.2.2.2"]]);
  });

  test("lookup queue: those who want the same name share its look-up", async () => {
    const resolver = slowResolver();
    const queue = new LookupQueue(resolver.lookUp);
    const both = [queue.find("a", signal), queue.find("a", signal)];
    resolver.answer("a", ["1.1.1.1"]);
    assert.deepEqual(await Promise.all(both), [["1.1.1.1"], ["1.1.1.1"]]);
    assert.deepEqual(resolver.asked, ["a"]);
    void queue.find("a", signal);
    assert.deepEqual(resolver.asked, ["a", "a"]);
  });

  test("lookup queue: who gives up is answered at once, and a name that nobody wants is not looked up", async () => {
    const resolver = slowResolver();
    const queue = new LookupQueue(resolver.lookUp);
    void queue.find("a", signal);
    const ending = new AbortController();
    const given = ["b", "c"].map((name) => queue.find(name, ending.signal));
    const wanted = queue.find("c", signal);
    const last = queue.find("d", ending.signal);
    const reason = new Error("the run ended");
    ending.abort(reason);
    for (const promise of [...given, last]) await assert.rejects(promise, reason);
    await assert.rejects(queue.find("e", AbortSignal.abort(reason)), reason);
    resolver.answer("b", []);
    resolver.answer("a", []);
    await new Promise(setImmediate);
    resolver.answer("c", ["1.1.1.1"]);
    assert.deepEqual(await wanted, ["1.1.1.1"]);
    assert.deepEqual(resolver.asked, ["a", "b", "c"]);
  });

  test("lookup queue: a failure is that of the name, and what waits goes on", async () => {
    const resolver = slowResolver();
    const queue = new LookupQueue(resolver.lookUp);
    const failing = queue.find("a", signal);
    resolver.answer("a", Object.assign(new Error("getaddrinfo"), { code: "EAI_AGAIN" }));
    await assert.rejects(failing, { name: "NetworkFailure", code: "temporary-resolver-failure" });
    const next = queue.find("a", signal);
    resolver.answer("a", ["1.1.1.1"]);
    assert.deepEqual(await next, ["1.1.1.1"]);
  });

  test("lookup queue: names over the bound are refused, not kept", async () => {
    const queue = new LookupQueue(slowResolver().lookUp);
    for (let index = 0; index < 258; index += 1) void queue.find(`n${index}`, signal);
    await assert.rejects(
      queue.find("one.more", signal),
      (error) => error instanceof NetworkFailure && error.code === "temporary-resolver-failure",
    );
  });
});
