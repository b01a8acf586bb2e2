#!/usr/bin/env node
// Starts the command with a Node.js that can run it. Plain JavaScript of old, since any Node.js may read this file:
// where this one is too old, the one that the checkout brings takes over, with the same arguments, streams, signals
// and exit code. Node.js 24 has what is needed (JSPI, exception references) behind flags, so it starts itself anew.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
// Whole, since an old Node.js has no enableCompileCache to import by name.
import * as nodeModule from "node:module";
import { fileURLToPath } from "node:url";

const OLDEST_MAJOR = 24;
const FLAGS = ["--experimental-wasm-jspi", "--experimental-wasm-exnref"];
/** Set for a Node.js started from here, so that one that still lacks what is needed does not start others for ever. */
const STARTED = "EDGE_RUNTIME_STARTED";

const major = Number(process.versions.node.split(".", 1)[0]);
const isAble = major >= OLDEST_MAJOR && "Suspending" in WebAssembly;

if (isAble) {
  await runHere();
} else {
  const command = process.env[STARTED] === undefined ? findNode() : undefined;
  if (command === undefined) {
    process.stderr.write(
      `error: edge-runtime needs Node.js ${OLDEST_MAJOR} or newer, this is ${process.version}; ` +
        "run npm ci in the checkout, which brings one\n",
    );
    process.exitCode = 2;
  } else {
    runElsewhere(command);
  }
}

async function runHere() {
  // Sources run as they are; what Node.js makes of them is kept in the checkout, which halves the start. Where it cannot
  // be written nothing is kept.
  nodeModule.enableCompileCache(fileURLToPath(new URL("../../../.edge-runtime/compile-cache", import.meta.url)));
  // V8 compiles on threads of its own, which do not keep the process: it would end in the middle of a large module.
  setInterval(() => {}, 2 ** 30);
  const { flushProcessStreams, main, processTerminal } = await import("../src/index.ts");
  const exitCode = await main(process.argv.slice(2), processTerminal());
  await flushProcessStreams();
  process.exit(exitCode);
}

/** @returns {readonly string[] | undefined} program and flags */
function findNode() {
  if (major >= OLDEST_MAJOR) return [process.execPath, ...FLAGS];
  const name = process.platform === "win32" ? "node.cmd" : "node";
  const brought = fileURLToPath(new URL(`../../../node_modules/.bin/${name}`, import.meta.url));
  return existsSync(brought) ? [brought] : undefined;
}

/** @param {readonly string[]} command */
function runElsewhere([program, ...flags]) {
  const child = spawn(program, [...flags, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...process.env, [STARTED]: "1" },
    shell: process.platform === "win32",
  });
  const forward = (signal) => child.kill(signal);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, forward);
  child.on("error", (error) => {
    process.stderr.write(`error: ${program} cannot be started (${error.message}); run npm ci in the checkout\n`);
    process.exitCode = 2;
  });
  child.on("exit", (code, signal) => {
    for (const name of signals) process.off(name, forward);
    if (signal === null) process.exitCode = code ?? 1;
    else process.kill(process.pid, signal);
  });
}
