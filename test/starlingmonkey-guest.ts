// A JavaScript function that componentize-js made: an interpreter of 12 MB with a memory of 9 MiB, initialised while it
// was built. Building takes seconds, so the component is kept in examples/build under the hash of what it is made from.

import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { componentize } from "@bytecodealliance/componentize-js";
import { resolveWit } from "../scripts/wit-package.ts";
import { ROOT } from "./serving-process.ts";

const SOURCE = `
import { info } from "edge:runtime/logging@0.1.0";
const seen = [];
export function handle(request) {
  const path = request.uri;
  seen.push(path);
  info("asked for " + path);
  if (path.endsWith("/throw")) throw "as it was asked to";
  if (path.endsWith("/loop")) for (;;);
  if (path.endsWith("/hoard")) for (let all = []; ; ) all.push(new Uint8Array(1 << 20).fill(all.length));
  const sorted = request.headers.map(([name]) => name).sort();
  const body = { seen, sorted, body: new TextDecoder().decode(request.body ?? new Uint8Array()), big: 2n ** 70n + "" };
  return {
    status: 200,
    headers: [["content-type", "application/json"]],
    body: new TextEncoder().encode(JSON.stringify(body)),
  };
}
`;

/** Without all of them the component needs nothing but its world. */
const ALL_FEATURES = ["stdio", "random", "clocks", "http", "fetch-event"] as const;
const PREFIX = "starlingmonkey-";
const TOOLS = ["@bytecodealliance/componentize-js", "@bytecodealliance/preview2-shim"];

/** Path of the component, built where it is not there yet. */
export async function buildStarlingMonkey(): Promise<string> {
  const folder = join(ROOT, "examples/build");
  const wit = resolveWit();
  const hash = createHash("sha256")
    .update(SOURCE)
    .update(wit)
    .update(readFileSync(import.meta.filename));
  for (const tool of TOOLS) hash.update(readFileSync(join(ROOT, "node_modules", tool, "package.json")));
  const file = join(folder, `${PREFIX}${hash.digest("hex").slice(0, 16)}.wasm`);
  if (existsSync(file)) return file;
  const { component } = await componentizeSource(wit);
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) if (name.startsWith(PREFIX)) rmSync(join(folder, name));
  const temporary = join(folder, `.${PREFIX}${process.pid}`);
  writeFileSync(temporary, component);
  renameSync(temporary, file);
  return file;
}

async function componentizeSource(wit: string): ReturnType<typeof componentize> {
  const folder = mkdtempSync(join(tmpdir(), "edge-starlingmonkey-"));
  const sourcePath = join(folder, "handler.js");
  writeFileSync(sourcePath, SOURCE);
  // `witWorld` is not in the tool's types; `witPath`, which is, finds no file with this preview2-shim.
  const options = { sourcePath, witWorld: wit, worldName: "http-handler", disableFeatures: [...ALL_FEATURES] };
  try {
    return await componentize(options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
