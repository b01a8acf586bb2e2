import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { getHeapStatistics } from "node:v8";
import { createNodePlatform } from "../../src/index.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

describe("node platform", () => {
  test("node platform: SHA-256 is the standard's", () => {
    const digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert.equal(createNodePlatform().sha256(utf8("abc")), digest);
  });

  test("node platform: authenticates with the key in the file", (context) => {
    const folder = temporaryFolder(context);
    const [a, b] = ["a", "b"].map((name) => {
      const file = join(folder, name);
      writeFileSync(file, name.repeat(32), { mode: 0o600 });
      return createNodePlatform({ artifactKeyFile: file });
    });
    const mac = a?.authenticate(utf8("artifact"));
    assert.equal(mac?.length, 32);
    assert.deepEqual(a?.authenticate(utf8("artifact")), mac);
    assert.notDeepEqual(a?.authenticate(utf8("artifacs")), mac);
    assert.notDeepEqual(b?.authenticate(utf8("artifact")), mac);
  });

  test("node platform: needs no key until something is authenticated", (context) => {
    const platform = createNodePlatform({ artifactKeyFile: join(temporaryFolder(context), "absent") });
    assert.throws(() => platform.authenticate(utf8("x")), { code: "ERR_EDGE_INVALID_CONFIG" });
  });

  test("node platform: guests may take a part of the heap that this thread has", () => {
    const bytes = createNodePlatform().guestHeapBytes ?? 0;
    const { heap_size_limit: limit } = getHeapStatistics();
    assert.ok(bytes > 0 && bytes < limit / 2, `${bytes} of ${limit}`);
  });

  test("node platform: the clocks have their units and the monotonic one does not go back", () => {
    const platform = createNodePlatform();
    const before = platform.now();
    assert.ok(platform.now() >= before);
    assert.ok(Math.abs(platform.wallClock() - Date.now()) < 60_000);
  });

  test("node platform: a yield lets what is ready run first", async () => {
    const order: string[] = [];
    setImmediate(() => order.push("ready"));
    await createNodePlatform().yieldToEventLoop();
    assert.deepEqual(order, ["ready"]);
  });

  test("node platform: schedule calls back once, and not after it was cancelled", async () => {
    const platform = createNodePlatform();
    let calls = 0;
    const cancel = platform.schedule(0, () => {
      calls += 10;
    });
    cancel();
    await new Promise<void>((resolve) => {
      // Holds the event loop open: the platform's own timers do not.
      const hold = setInterval(() => undefined, 1000);
      platform.schedule(1, () => {
        calls += 1;
        clearInterval(hold);
        resolve();
      });
    });
    assert.equal(calls, 1);
  });

  test("node platform: a delay beyond Node's longest does not fire at once", async () => {
    let fired = false;
    const cancel = createNodePlatform().schedule(2 ** 40, () => {
      fired = true;
    });
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    cancel();
    assert.equal(fired, false);
  });

  test("node platform: neither timers nor the WAT parser keep a process alive", () => {
    const index = new URL("../../src/index.ts", import.meta.url).href;
    const script = `
      const { createNodePlatform } = await import(${JSON.stringify(index)});
      const platform = createNodePlatform();
      platform.schedule(600_000, () => {});
      console.log((await platform.parseWat("(module)")).length);`;
    const stdout = execFileSync(process.execPath, ["--input-type=module", "--eval", script], { timeout: 60_000 });
    assert.equal(stdout.toString(), "8\n");
  });
});
