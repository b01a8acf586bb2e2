// A guest of wasi:http in JavaScript (wasi-http-guest.js), made a component by componentize-js. That takes ten seconds, so
// the component is kept in the folder for temporary files under the hash of what it is made from.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withWasi } from "../../../scripts/wasi-wit.ts";

/** The version that the tool's engine imports. */
const VERSION = "0.2.10";
const WORLD = `package test:guest;
world guest {
  import wasi:http/types@${VERSION};
  import wasi:http/outgoing-handler@${VERSION};
  import wasi:clocks/monotonic-clock@${VERSION};
  export wasi:http/incoming-handler@${VERSION};
}`;

export async function buildWasiHttpGuest(): Promise<Uint8Array> {
  const source = readFileSync(new URL("wasi-http-guest.js", import.meta.url), "utf8");
  const witWorld = withWasi(WORLD, VERSION);
  const tool = readFileSync(
    new URL("../../../node_modules/@bytecodealliance/componentize-js/package.json", import.meta.url),
  );
  const hash = createHash("sha256").update(source).update(witWorld).update(tool).digest("hex");
  const folder = join(tmpdir(), `edge-runtime-guests-${process.getuid?.() ?? "user"}`);
  const file = join(folder, `${hash}.wasm`);
  try {
    return readFileSync(file);
  } catch {
    // Not built yet.
  }
  const sourcePath = fileURLToPath(new URL("wasi-http-guest.js", import.meta.url));
  // The tool's types do not name `witWorld`, which its page does.
  const options = { sourcePath, witWorld, worldName: "guest" };
  const { componentize } = await import("@bytecodealliance/componentize-js");
  const { component } = await componentize(options);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.${process.pid}`, component);
  renameSync(`${file}.${process.pid}`, file);
  return component;
}
