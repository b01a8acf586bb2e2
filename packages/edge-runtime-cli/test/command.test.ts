// The command as it is installed: found from any folder, served examples over a socket, signals, closed pipes.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildExamples } from "../../../scripts/build-examples.ts";
import { createGuestFolder } from "./guest-files.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const BIN = fileURLToPath(new URL("../bin/edge-runtime.mjs", import.meta.url));

const folder = createGuestFolder();
before(() => buildExamples(() => {}));
after(folder.remove);

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Serving {
  readonly origin: string;
  readonly announced: string;
  readonly stop: (signal: NodeJS.Signals) => Promise<Finished>;
}

async function serve(config: string): Promise<Serving> {
  const child = spawn(process.execPath, [BIN, "serve", "--config", config, "--port", "0"], { cwd: ROOT });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  const closed = once(child, "close");
  while (!output.stdout.includes("\n\n")) {
    await Promise.race([once(child.stdout, "data"), closed]);
    if (child.exitCode !== null) throw new Error(`serve ended: ${output.stderr}`);
  }
  const origin = /http:\/\/[\d.:]+/.exec(output.stdout)?.[0] ?? "";
  return {
    origin,
    announced: output.stdout,
    stop: async (signal) => {
      child.kill(signal);
      await closed;
      return { code: child.exitCode, ...output };
    },
  };
}

test("command: npx finds it from any folder of the checkout, with a Node.js that can run it", async () => {
  const cwd = fileURLToPath(new URL("../../edge-runtime-core/src", import.meta.url));
  const { stdout } = await promisify(execFile)("npx", ["edge-runtime", "--version"], {
    cwd,
    shell: process.platform === "win32",
  });
  assert.match(stdout, /^edge-runtime 0\.1\.0 \(node v(24|2[5-9]|[3-9]\d)\./);
});

test("command: serves every example, says so, and stops cleanly on SIGTERM", async () => {
  const serving = await serve("examples/edge.toml");
  const { origin, announced } = serving;
  const answer = async (path: string): Promise<string> => (await fetch(origin + path)).text();
  const routes = [...announced.matchAll(/^ +curl (\S+)$/gm)].map(([, url]) => url?.slice(origin.length));
  assert.deepEqual(routes, ["/hello-js", "/hello-ts", "/fetch-js", "/hello-wat", "/composed-wat", "/core-wat"]);
  const hello = JSON.parse(await answer("/hello-js/a?b=1")) as Record<string, unknown>;
  assert.deepEqual(
    { message: hello["message"], method: hello["method"], path: hello["path"], query: hello["query"] },
    { message: "Hello from JavaScript", method: "get", path: "/hello-js/a", query: "b=1" },
  );
  assert.deepEqual(JSON.parse(await answer("/hello-ts?name=Ada")), { message: "Hello, Ada!", name: "Ada" });
  assert.equal(await answer("/fetch-js"), "Hello from /fetch-js\n");
  assert.equal(await answer("/fetch-js/count"), "1\n2\n3\n");
  assert.equal(await answer("/hello-wat"), "Hello from WebAssembly text\n");
  assert.equal(await answer("/composed-wat/gr%C3%BC%C3%9Fe"), "/COMPOSED-WAT/GR%C3%BC%C3%9FE\n");
  assert.equal(await answer("/core-wat"), "55\n");
  const { code, stderr } = await serving.stop("SIGTERM");
  assert.equal(code, 0);
  for (const line of stderr.trim().split("\n")) assert.doesNotThrow(() => JSON.parse(line), line);
  assert.match(stderr, /"guest":\{"message":"computing fib\(10\)"\}/);
});

test("command: the examples are of the world that they claim, and built once", async () => {
  assert.deepEqual(await buildExamples(() => {}), []);
  const handle = "export handle: func(request: http-request) -> result<http-response, string>;";
  const types = "use edge:runtime/http-types@0.1.0.{http-request, http-response};";
  for (const name of ["hello-js", "hello-ts", "hello-wat"]) {
    const { stdout } = await run("inspect", `${ROOT}examples/build/${name}.wasm`);
    assert.ok(stdout.includes(handle) && stdout.includes(types), name);
  }
});

test("command: warns of a function that nothing can stop", async () => {
  folder.write("none.wat", '(module (func (export "_start")))');
  const config = `[engine]
epoch_interruption = false
[[functions]]
name = "endless"
route = "/"
source = "none.wat"
fuel_metering = false
`;
  const { stderr, code } = await (await serve(folder.write("endless.toml", config))).stop("SIGTERM");
  assert.equal(code, 0);
  assert.match(stderr, /"level":40,.*"function":"endless","msg":"nothing can stop this function/);
});

test("command: stops on SIGINT too, and serves nothing where nothing is configured", async () => {
  const serving = await serve(folder.write("empty.toml", ""));
  assert.match(serving.announced, /serves 0 functions/);
  assert.equal((await fetch(serving.origin)).status, 404);
  assert.equal((await serving.stop("SIGINT")).code, 0);
});

async function run(...args: readonly string[]): Promise<Finished> {
  const child = execFile(process.execPath, [BIN, ...args]);
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.on("data", (text: string) => {
    stderr += text;
  });
  await once(child, "close");
  return { code: child.exitCode, stdout, stderr };
}

test("command: a port in use is one line and exit code 2", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const config = folder.write("port.toml", `[server]\nlisten = "127.0.0.1:${port}"\n`);
  const { code, stderr } = await run("serve", "--config", config);
  taken.close();
  assert.equal(code, 2);
  assert.match(stderr, new RegExp(`^error: [^\\n]*127\\.0\\.0\\.1:${port}[^\\n]*EADDRINUSE[^\\n]*\\n$`));
});

const BAD_CONFIGS: Readonly<Record<string, readonly [content: string, message: RegExp]>> = {
  "an unknown key": ["[server]\nport = 1", /bad\.toml: Invalid configuration: server\.port: unknown key/],
  "bad syntax": ["[server", /bad\.toml: Invalid configuration: TOML syntax, line 1/],
  "an absent source": [
    '[[functions]]\nname = "f"\nroute = "/"\nsource = "none.wasm"',
    /Module not found: .*none\.wasm/,
  ],
};

for (const [name, [content, message]] of Object.entries(BAD_CONFIGS)) {
  test(`command: a configuration with ${name} is one line and exit code 2`, async () => {
    const { code, stderr } = await run("serve", "--config", folder.write("bad.toml", content));
    assert.equal(code, 2);
    assert.match(stderr, message);
    assert.match(stderr, /^error: [^\n]*\n$/);
  });
}

test("command: a reader that went away is no error", async () => {
  const child = spawn(process.execPath, [BIN, "run", "--help"]);
  child.stdout.destroy();
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  await once(child, "close");
  assert.deepEqual({ code: child.exitCode, stderr }, { code: 0, stderr: "" });
});
