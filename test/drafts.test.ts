// The drafts as a guest of another toolchain sees them: JavaScript, made a component by componentize-qjs from the texts
// of wit/drafts, served under two functions of one configuration.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { componentize } from "componentize-qjs";
import { parseConfigData } from "edge-runtime-common";
import { WasmEngine } from "edge-runtime-core";
import { createLogger, createNodePlatform } from "edge-runtime-host";
import { createServer } from "edge-runtime-server";
import type { EdgeServer } from "edge-runtime-server";
import { draftPackages } from "../scripts/wasi/host-table.ts";
import { resolveWit } from "../scripts/wit-package.ts";

const WORLD = `package test:drafts;
world guest {
  include edge:runtime/http-handler@0.1.0;
  import wasi:keyvalue/store@0.2.0-draft2;
  import wasi:keyvalue/batch@0.2.0-draft2;
  import wasi:keyvalue/atomics@0.2.0-draft2;
  import wasi:config/store@0.2.0-rc.1;
  import wasi:logging/logging@0.1.0-draft;
}
`;

const SOURCE = `
import { open } from "wasi:keyvalue/store@0.2.0-draft2";
import { setMany, getMany } from "wasi:keyvalue/batch@0.2.0-draft2";
import { increment, swap, Cas } from "wasi:keyvalue/atomics@0.2.0-draft2";
import { get, getAll } from "wasi:config/store@0.2.0-rc.1";
import { log } from "wasi:logging/logging@0.1.0-draft";

const bytes = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const text = (list) => list === undefined || list === null ? null : String.fromCharCode(...list);

function visit() {
  const bucket = open("default");
  log("info", "visits", "one more");
  // s64 is a number in this toolchain.
  const visits = increment(bucket, "visits", 1);
  setMany(bucket, [["a", bytes("1")], ["b", bytes("2")]]);
  const cas = Cas.new(bucket, "c");
  const before = text(cas.current());
  swap(cas, bytes("swapped " + visits));
  const many = getMany(bucket, ["a", "none", "b"]).map((pair) => (pair ? text(pair[1]) : null));
  return { visits, before, many, keys: bucket.listKeys(undefined).keys.sort(), greeting: get("greeting") ?? null, all: getAll() };
}

export function handle() {
  let answer;
  try {
    answer = visit();
  } catch (error) {
    answer = { error: error.payload ?? String(error) };
  }
  return { status: 200, headers: [], body: bytes(JSON.stringify(answer)) };
}
`;

function nested(text: string): string {
  const [, name = "", body = ""] = /package ([^;]+);([\s\S]*)/.exec(text) ?? [];
  return `package ${name} {\n${body}\n}\n`;
}

async function buildGuest(folder: string): Promise<void> {
  const witPath = join(folder, "world.wit");
  const drafts = draftPackages().map(({ name, body }) => `package ${name} {\n${body}\n}\n`);
  writeFileSync(witPath, [WORLD, nested(resolveWit()), ...drafts].join("\n"));
  const options = { witPath, world: "guest", jsSource: SOURCE, sync: true };
  writeFileSync(join(folder, "guest.wasm"), (await componentize(options)).component);
}

const limits = { source: "guest.wasm", timeout_ms: 10_000, max_fuel: 1_000_000_000 };

describe("drafts", () => {
  const folder = mkdtempSync(join(tmpdir(), "edge-drafts-"));
  const lines: { readonly msg: string; readonly text?: string }[] = [];
  let server: EdgeServer;
  let port: number;

  before(async () => {
    await buildGuest(folder);
    const config = parseConfigData({
      server: { listen: "127.0.0.1:0" },
      functions: [
        {
          ...limits,
          name: "granted",
          route: "/granted",
          permissions: { logging: true, key_value: ["default"] },
          config: { greeting: "hello", other: "x" },
        },
        { ...limits, name: "neighbour", route: "/neighbour", permissions: { key_value: ["default"] } },
        { ...limits, name: "denied", route: "/denied" },
      ],
    });
    const logger = createLogger({ destination: { write: (line) => void lines.push(JSON.parse(line) as never) } });
    const engine = new WasmEngine(config.engine, { platform: createNodePlatform() });
    server = createServer({ config, engine, logger, baseDirectory: folder });
    ({ port } = await server.listen());
  });

  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const ask = async (path: string): Promise<unknown> =>
    JSON.parse(await (await fetch(`http://127.0.0.1:${port}/${path}`)).text()) as unknown;

  const visit = (visits: number, before: string | null): Readonly<Record<string, unknown>> => ({
    visits,
    before,
    many: ["1", null, "2"],
    keys: ["a", "b", "c", "visits"],
  });

  test("drafts: entries outlive the run that wrote them, settings and log are the function's", async () => {
    const settings = {
      greeting: "hello",
      all: [
        ["greeting", "hello"],
        ["other", "x"],
      ],
    };
    assert.deepEqual(await ask("granted"), { ...visit(1, null), ...settings });
    assert.deepEqual(await ask("granted"), { ...visit(2, "swapped 1"), ...settings });
    assert.equal(lines.filter((line) => JSON.stringify(line).includes("visits: one more")).length, 2);
  });

  test("drafts: a neighbour with a bucket of the same name has entries of its own, and no settings", async () => {
    assert.deepEqual(await ask("neighbour"), { ...visit(1, null), greeting: null, all: [] });
  });

  test("drafts: a function that was granted nothing is denied", async () => {
    assert.deepEqual(await ask("denied"), { error: { tag: "access-denied" } });
  });
});
