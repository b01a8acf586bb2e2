// What is compared: each server with the command that starts it, and the path under which its guest answers.

import { existsSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Command } from "./server-process.ts";
import { workerdConfig } from "./workerd-config.ts";

const BODY = "Hello from WebAssembly text";

/** Where the guest spins for ever, and where it traps. */
export interface Fates {
  readonly loop: string;
  readonly trap: string;
}

export interface PeerServer {
  readonly key: string;
  readonly what: string;
  readonly path: string;
  readonly body: string;
  /** The package of this folder that it needs; none where the workspace has all. */
  readonly needs?: string;
  readonly command: (port: number, folder: string) => Command;
  /** Undefined where no guest runs. `command` starts another server where the paths need another guest. */
  readonly fates?: Fates & { readonly command?: (port: number, folder: string) => Command };
}

const FATES: Fates = { loop: "/loop", trap: "/trap" };

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

export function isInstalled(name: string): boolean {
  return existsSync(pathOf(`node_modules/${name}/package.json`));
}

const node = (file: string, ...args: string[]): Command => [process.execPath, pathOf(file), ...args];

/** `serve` as it is by default, with one function that answers and two that misbehave. */
function serve(port: number, folder: string, { hello, pooling = true }: { hello: string; pooling?: boolean }): Command {
  const core = (name: string) => `name = "${name}"\nroute = "/${name}"\nsource = "core.wasm"\nentry = "${name}"`;
  const functions = [hello, core("loop"), core("trap")].map((text) => `[[functions]]\n${text}\n`);
  const config = `${folder}/edge-${port}.toml`;
  writeFileSync(config, `[engine]\npooling_allocator = ${pooling}\n${functions.join("")}`);
  const cli = "../../packages/edge-runtime-cli/bin/edge-runtime.mjs";
  return node(cli, "serve", "--config", config, "--port", String(port));
}

const helloComponent = `name = "hello"\nroute = "/hello"\nsource = "hello.wasm"`;
const helloWasi = 'name = "hello"\nroute = "/hello"\nsource = "wasi-http.wasm"';
const helloCore = `name = "hello"\nroute = "/hello"\nsource = "core.wasm"\nentry = "hello"`;

function jco(guest: string, ...options: string[]): NonNullable<PeerServer["command"]> {
  return (port, folder) => {
    const place = ["--host", "127.0.0.1", "--port", String(port), "--jco-dir", `${folder}/jco-${port}`];
    return node("node_modules/@bytecodealliance/jco/dist/jco.js", "serve", `${folder}/${guest}`, ...place, ...options);
  };
}

function extism(mode: string): PeerServer["command"] {
  return (port, folder) => node("extism-server.ts", String(port), `${folder}/extism.wasm`, mode);
}

function workerd(script: Parameters<typeof workerdConfig>[0]): PeerServer["command"] {
  return (port, folder) => {
    const config = `${folder}/workerd-${port}.capnp`;
    writeFileSync(config, workerdConfig(script, port));
    // The package's own command is a script that starts this program.
    const { default: program } = createRequire(import.meta.url)(pathOf("node_modules/workerd")) as { default: string };
    return [program, "serve", config];
  };
}

function jcoServer(key: string, what: string, ...options: string[]): PeerServer {
  return {
    key: `jco_${key}`,
    what: `jco serve, ${what}`,
    path: "/",
    body: BODY,
    needs: "@bytecodealliance/jco",
    command: jco("wasi-http.wasm", ...options),
    fates: { ...FATES, command: jco("wasi-http-fate.wasm", ...options) },
  };
}

function extismServer(key: string, what: string): PeerServer {
  return {
    key: `extism_${key}`,
    what: `Extism, ${what}`,
    path: "/hello",
    body: BODY,
    needs: "@extism/extism",
    command: extism(key),
    fates: FATES,
  };
}

/** The first is what the others are measured against. */
export const peerServers: readonly PeerServer[] = [
  {
    key: "bare",
    what: "bare node:http",
    path: "/",
    body: BODY,
    command: (port) => node("../bare-server.ts", String(port)),
  },
  {
    key: "ours",
    what: "edge-runtime serve, hello-wat",
    path: "/hello",
    body: `${BODY}\n`,
    command: (port, folder) => serve(port, folder, { hello: helloComponent }),
    fates: FATES,
  },
  {
    key: "ours_no_pool",
    what: "edge-runtime serve, hello-wat, pooling off",
    path: "/hello",
    body: `${BODY}\n`,
    command: (port, folder) => serve(port, folder, { hello: helloComponent, pooling: false }),
    fates: FATES,
  },
  {
    key: "ours_core",
    what: "edge-runtime serve, the core module",
    path: "/hello",
    body: "16 27\n",
    command: (port, folder) => serve(port, folder, { hello: helloCore }),
    fates: FATES,
  },
  {
    key: "ours_wasi_http",
    what: "edge-runtime serve, the component that jco serves",
    path: "/hello",
    body: BODY,
    needs: "@bytecodealliance/jco",
    command: (port, folder) => serve(port, folder, { hello: helloWasi }),
    fates: FATES,
  },
  {
    key: "node_instance",
    what: "node:http, an instance of the core module per request",
    path: "/hello",
    body: BODY,
    command: (port, folder) => node("node-server.ts", String(port), `${folder}/core.wasm`),
    fates: FATES,
  },
  {
    key: "workerd_hello",
    what: "workerd, JavaScript only",
    path: "/hello",
    body: BODY,
    needs: "workerd",
    command: workerd("hello"),
  },
  {
    key: "workerd_instance",
    what: "workerd, an instance of the core module per request",
    path: "/hello",
    body: BODY,
    needs: "workerd",
    command: workerd("instance"),
    fates: FATES,
  },
  extismServer("shared", "one plugin for all requests"),
  extismServer("new", "a new plugin per request"),
  extismServer("worker", "plugins in worker threads with a timeout"),
  jcoServer("shared", "one instance for all requests"),
  jcoServer("instance", "an instance per request", "--isolate-requests", "instance"),
];
