// Benchmark programs under WASI against the oracle: whole programs of many compilers consume what Wasmtime says. Host
// calls consume nothing in both. Programs that take longer run with EDGE_ALL_SIGHTGLASS=1, as in CI's long run.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { WASI } from "node:wasi";
import { conformanceFiles, needs } from "../../support/conformance.ts";
import { FuelTrace } from "../../support/fuel-trace.ts";

interface RecordedProgram {
  readonly program: string;
  /** Why Wasmtime does not run it; the rest is absent then. */
  readonly refused?: string;
  /** Over the program and its inputs. */
  readonly sha256: string;
  /** Hash of what it printed. */
  readonly stdout: string;
  readonly fuel: number;
  /** Absent where the oracle collected garbage, which hides its checks. */
  readonly checked?: number;
}

const recording = JSON.parse(readFileSync(new URL("sightglass-wasmtime.json", import.meta.url), "utf8")) as {
  readonly wasmtime: string;
  readonly programs: readonly RecordedProgram[];
};

/** Fuel of the programs that every run of the tests includes: about a tenth of a second each. */
const quickFuel = 500_000_000;
const all = process.env["EDGE_ALL_SIGHTGLASS"] === "1";

/** As the recorder's: checks are looked at one by one this far before the end. */
const tail = 20_000;

function sha256(...parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

type HostFunction = (...args: never[]) => number;

/**
 * As the oracle's host: random bytes count up, each look at a clock is a millisecond later, and reads and writes use the
 * first buffer of a list that is not empty.
 */
function hostOfTheOracle(wasi: WASI, memory: () => WebAssembly.Memory): Record<string, WebAssembly.ImportValue> {
  const functions = wasi.wasiImport as unknown as Readonly<Record<string, HostFunction>>;
  const view = (): DataView => new DataView(memory().buffer);
  let milliseconds = 0;
  const firstBuffer =
    (name: "fd_read" | "fd_write") =>
    (descriptor: number, list: number, count: number, pointer: number): number => {
      const lengths = Array.from({ length: count }, (_, index) => view().getUint32((list >>> 0) + 8 * index + 4, true));
      const first = Math.max(
        0,
        lengths.findIndex((length) => length > 0),
      );
      const own = functions[name] as (...args: number[]) => number;
      return own(descriptor, list + 8 * first, Math.min(count, 1), pointer);
    };
  const own = {
    fd_read: firstBuffer("fd_read"),
    fd_write: firstBuffer("fd_write"),
    random_get: (pointer: number, length: number) => {
      for (let index = 0; index < length; index++) view().setUint8((pointer >>> 0) + index, index & 0xff);
      return 0;
    },
    clock_time_get: (_clock: number, _precision: bigint, pointer: number) => {
      milliseconds += 1;
      view().setBigUint64(pointer >>> 0, BigInt(milliseconds) * 1_000_000n, true);
      return 0;
    },
  };
  return { ...functions, ...own } as unknown as Record<string, WebAssembly.ImportValue>;
}

/** Runs `_start`; returns what was printed. */
function runProgram(file: string, trace: FuelTrace): Uint8Array {
  const scratch = mkdtempSync(join(tmpdir(), "edge-runtime-fuel-"));
  const descriptors = ["stdout", "stderr"].map((name) => openSync(join(scratch, name), "w"));
  try {
    const [stdout, stderr] = descriptors;
    assert.ok(stdout !== undefined && stderr !== undefined);
    const preopens = { ".": dirname(file) };
    const wasi = new WASI({ version: "preview1", args: ["program"], preopens, stdout, stderr, returnOnExit: true });
    const nothing = (() => {}) as unknown as WebAssembly.ImportValue;
    const { instance } = trace.link(readFileSync(file), {
      wasi_snapshot_preview1: hostOfTheOracle(wasi, () => instance.exports["memory"] as WebAssembly.Memory),
      bench: { start: nothing, end: nothing },
    });
    trace.start();
    wasi.start(instance);
    return readFileSync(join(scratch, "stdout"));
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
    rmSync(scratch, { recursive: true });
  }
}

for (const entry of recording.programs) {
  const name = `fuel: ${entry.program} consumes what Wasmtime does`;
  if (entry.refused !== undefined) {
    test(name, { skip: `Wasmtime: ${entry.refused}` }, () => {});
    continue;
  }
  const long = !all && entry.fuel > quickFuel ? `${entry.fuel} fuel: with EDGE_ALL_SIGHTGLASS=1` : false;
  test(name, { skip: needs("sightglass").skip || long }, () => {
    const [file] = conformanceFiles(`sightglass/${entry.program}`);
    assert.ok(file !== undefined, "it was recorded and is not there");
    const inputs = conformanceFiles(`sightglass/${dirname(entry.program)}/*.input`);
    assert.equal(sha256(...[file, ...inputs].map((path) => readFileSync(path))), entry.sha256);
    const trace = new FuelTrace(Math.max(1, entry.fuel - tail));
    const printed = runProgram(file, trace);
    assert.equal(sha256(printed), entry.stdout);
    assert.deepEqual([trace.consumed, trace.checked], [entry.fuel, entry.checked ?? trace.checked]);
  });
}
