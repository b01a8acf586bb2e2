// The fuzzer: a short run from a fixed seed, that it finds what it should, what V8 accepts against what the rewriter
// knows, and its command line. Longer runs: npm run fuzz.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseWat } from "edge-runtime-testing";
import { acceptedOpcodes } from "../scripts/fuzz/accepted-opcodes.ts";
import { Cases } from "../scripts/fuzz/cases.ts";
import { compare } from "../scripts/fuzz/compare.ts";
import { countingModule } from "../scripts/fuzz/counting.ts";
import { coverageModule } from "../scripts/fuzz/coverage.ts";
import type { Trial } from "../scripts/fuzz/differential.ts";
import { tryModule } from "../scripts/fuzz/differential.ts";
import { executedOpcodes } from "../scripts/fuzz/executed.ts";
import { tryCorrupt } from "../scripts/fuzz/corrupt-input.ts";
import { specialModules } from "../scripts/fuzz/generator/special-opcodes.ts";
import { Random } from "../scripts/fuzz/random.ts";
import { corrupt } from "../scripts/fuzz/sources/mutants.ts";
import { runBatch } from "../scripts/fuzz/fleet.ts";
import type { CaseReport } from "../scripts/fuzz/messages.ts";
import { minimise } from "../scripts/fuzz/minimise.ts";
import { namedExceptions } from "../scripts/fuzz/named-exceptions.ts";
import { runCase } from "../scripts/fuzz/run-case.ts";
import { numericOperators } from "../scripts/fuzz/signatures.ts";
import { Summary } from "../scripts/fuzz/summary.ts";
import { BitBridges } from "../scripts/wasm/bit-bridge.ts";
import { GlobalBits } from "../scripts/wasm/global-bits.ts";

/** Cases of the short run: the sweep over all opcodes, then random ones. EDGE_FUZZ_CASES sets another number. */
const shortRun = Number(process.env["EDGE_FUZZ_CASES"] ?? 100);
const seed = 20_261_124;

const scratch = mkdtempSync(join(tmpdir(), "fuzz-"));
after(() => rmSync(scratch, { recursive: true }));

const accepted = acceptedOpcodes();

test("fuzz: the rewriter knows every opcode that V8 accepts", () => {
  const unknown = accepted.filter(({ immediate }) => immediate === undefined).map(({ name }) => name);
  assert.deepEqual(unknown, []);
  assert.ok(accepted.length > 550, `${accepted.length}`);
});

test("fuzz: a short run finds nothing, executes every opcode that V8 accepts, and is the same again", async (t) => {
  const cases = await Cases.load({ seed, data: undefined, scratch });
  const summary = new Summary();
  summary.opcodes = cases.opcodes.map(({ name }) => name);
  const runner = { bridges: new BitBridges(), bits: new GlobalBits(), executed: new Set<string>() };
  for (let number = 0; number < shortRun; number++) {
    // Cases share the memory of the bridges.
    // oxlint-disable-next-line no-await-in-loop
    summary.add(await runCase(await cases.make(number), runner));
    if (number === cases.sweepLength - 1) assert.deepEqual(summary.missing, [], "what the sweep does not execute");
  }
  t.diagnostic(summary.print());
  assert.deepEqual(summary.failures, []);
  assert.ok(shortRun > cases.sweepLength);
  const others = await Cases.load({ seed, data: undefined, scratch });
  for (let number = shortRun - 20; number < shortRun; number += 3) {
    // Both write to the same scratch folder.
    // oxlint-disable-next-line no-await-in-loop
    assert.deepEqual(await others.make(number), await cases.make(number));
  }
});

async function tryWat(wat: string, libraryWat?: string): Promise<Trial> {
  const library = libraryWat === undefined ? undefined : await parseWat(libraryWat);
  const options = { seed: 1, rounds: 3, bridges: new BitBridges(), bits: new GlobalBits(), library };
  return tryModule(await parseWat(wat), options);
}

test("fuzz: a start function that traps does so in every way", async () => {
  const { kind, findings, outcomes } = await tryWat(`(module (import "env" "note" (func $note)) (memory 1)
    (func $start call $note i32.const 0 i32.const 7 i32.store unreachable) (start $start)
    (func (export "f") (result i32) i32.const 0 i32.load))`);
  assert.equal(kind, "compared");
  assert.deepEqual(findings, []);
  assert.deepEqual(outcomes, ["trap: unreachable"]);
});

test("fuzz: a module and one that it is linked to run alike, and are reset together", async () => {
  const library = `(module (global $n (mut i32) (i32.const 0)) (func (export "f1") (param i32) (result i32)
    global.get $n i32.const 1 i32.add global.set $n global.get $n))`;
  const { findings, outcomes, notReset } = await tryWat(
    `(module (import "env" "host" (func $host (param i32) (result i32)))
      (func (export "f") (result i32) i32.const 5 call $host))`,
    library,
  );
  assert.deepEqual(findings, []);
  assert.equal(notReset, undefined);
  const zeros = "0".repeat(30);
  assert.deepEqual(outcomes, ["started", `values 01${zeros}`, `values 02${zeros}`, `values 03${zeros}`]);
});

test("fuzz: calls that do not end are left out, those beside them are compared", async () => {
  const { kind, calls, findings, outcomes } = await tryWat(`(module
    (memory 1 1 shared) (tag $t)
    (func (export "wait") try i32.const 0 i32.const 0 i64.const -1 memory.atomic.wait32 drop catch_all end)
    (func (export "wait long") i32.const 0 i32.const 0 i64.const 2000000 memory.atomic.wait32 drop)
    (func (export "spin") loop br 0 end) (func $deep (export "deep") call $deep)
    (func (export "three") (result i32) i32.const 3))`);
  assert.equal(kind, "compared");
  assert.deepEqual(findings, []);
  assert.deepEqual([...new Set(calls.map(({ name }) => name))], ["three"]);
  assert.deepEqual([...new Set(outcomes)], ["started", `values 03${"00".repeat(15)}`]);
});

const record = {
  outcomes: ["started", "values 01", "trap: unreachable"],
  fuel: [0, 5, 7],
  log: "1 calls",
  state: new Map([["memory", new Uint8Array([1, 2, 3])]]),
};

const deviations: readonly (readonly [what: string, change: Partial<typeof record>, finding: RegExp])[] = [
  ["a result", { outcomes: ["started", "values 02", "trap: unreachable"] }, /call 0 gives values 02, not values 01/],
  ["a trap", { outcomes: ["started", "values 01", "trap: divide by zero"] }, /call 1 gives trap: divide by zero/],
  ["a call that is missing", { outcomes: ["started", "values 01"] }, /call 1 gives nothing/],
  ["fuel", { fuel: [0, 6, 7] }, /call 0 takes 6 fuel, not 5/],
  ["a host call", { log: "2 calls" }, /the host saw 2 calls/],
  ["a byte of memory", { state: new Map([["memory", new Uint8Array([1, 2, 4])]]) }, /state memory\[2\]/],
  ["memory that grew", { state: new Map([["memory", new Uint8Array(4)]]) }, /3 bytes became 4/],
];

for (const [what, change, finding] of deviations) {
  test(`fuzz: it finds ${what}`, () => {
    assert.match(compare("way", record, { ...record, ...change }, true).join("\n"), finding);
  });
}

test("fuzz: what is alike is no finding, nor is the fuel of a trap", () => {
  assert.deepEqual(compare("way", record, { ...record, fuel: [0, 5, 6] }, true), []);
});

test("fuzz: an opcode counts as executed where it ran, not where it stands", async () => {
  const { subject, calls } = await tryWat(`(module (tag $t) (func (export "f") (param i32) (result i32)
    try (result i32) i32.const 1 if throw $t end i32.const 1 catch $t i32.const 2 i32.const 3 i32.sub catch_all i32.const 4 end
    i32.const 0 if i32.const 5 drop f32.const 1 drop end return i64.const 1 drop))`);
  assert.ok(subject !== undefined);
  const executed = executedOpcodes(subject, calls, () => true);
  assert.deepEqual(executed.toSorted(), ["catch", "i32.const", "i32.sub", "if", "return", "throw", "try"].toSorted());
  assert.equal(
    coverageModule(subject.exposed.bytes, (name) => name === "i32.div_s"),
    undefined,
  );
});

test("fuzz: a module that counts its own fuel counts lengths and growth", async () => {
  const bytes = countingModule(
    await parseWat(`(module (memory 1 2) (memory i64 1 1) (func (export "f")
      i32.const 0 i32.const 1 i32.const 100 memory.fill 0
      i32.const 0 i64.const 0 i32.const 30 memory.copy 0 1
      i32.const 1 nop memory.grow 0 drop i32.const 1 nop memory.grow 0 drop
      i32.const 1 memory.grow 0 drop))`),
  );
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  (exports["f"] as () => void)();
  // Entry; two bulk operations and what they move; growth by a page, refused, and refused where a constant is charged.
  assert.equal(Number((exports["fuel counted"] as WebAssembly.Global).value), 1 + 4 + 100 + 4 + 30 + 2 + 1 + 2 + 2 + 1);
});

test("fuzz: a failing module is reduced to the functions that it fails by", async () => {
  const bytes = await parseWat(`(module (func (export "a") (result i32) i32.const 1) (func $b (result i32) i32.const 2)
    (func (export "c") (result i32) call $b) (func (export "d") (result i32) i32.const 4))`);
  const fails = async (candidate: Uint8Array): Promise<boolean> => {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(candidate));
    try {
      return (exports["c"] as () => number)() === 2;
    } catch {
      return false;
    }
  };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(await minimise(bytes, fails)));
  assert.equal((exports["c"] as () => number)(), 2);
  for (const name of ["a", "d"]) assert.throws(exports[name] as () => number, /unreachable/);
});

/** Modules of every proposal, and a component: what corrupt bytes are made of. */
async function originals(): Promise<Uint8Array[]> {
  const component = `(component
    (import "log" (func $log (param "text" string)))
    (core module $m (memory (export "memory") 1) (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 8)
      (func (export "f") (param i32 i32) (result i32) i32.const 1))
    (core instance $i (instantiate $m))
    (type $r (record (field "a" u8) (field "b" (list string))))
    (export $shown "shown" (type $r))
    (func (export "f") (param "x" string) (result bool)
      (canon lift (core func $i "f") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))`;
  return Promise.all([component, ...specialModules.map(([, wat]) => wat)].map(parseWat));
}

test("fuzz: 10,000 corrupt inputs are refused by a typed error, or compile", async (t) => {
  const random = new Random(seed);
  const sources = await originals();
  assert.ok(sources[0] !== undefined && tryCorrupt(sources[0]).accepted, "the component itself compiles");
  const findings: string[] = [];
  const heldKb = process.resourceUsage().maxRSS;
  let compiled = 0;
  for (let run = 0; run < 10_000; run++) {
    const bytes = corrupt(random.pick(sources), random);
    const result = tryCorrupt(bytes);
    if (result.accepted) compiled += 1;
    findings.push(...result.findings.map((finding) => `${Buffer.from(bytes).toString("hex")}: ${finding}`));
  }
  const grownMb = (process.resourceUsage().maxRSS - heldKb) / 1024;
  t.diagnostic(`${compiled} compiled, ${grownMb.toFixed()} MB more held`);
  assert.deepEqual(findings.slice(0, 3), []);
  assert.ok(compiled > 100, `${compiled}`);
  assert.ok(grownMb < 512, `${grownMb} MB`);
});

test("fuzz: functions at V8's limits run alike or are refused by a typed error that names them", async () => {
  const named = await namedExceptions();
  const failed = named.filter(({ passed }) => !passed);
  assert.deepEqual(failed, []);
  assert.match(named.at(-1)?.outcome ?? "", /^refused: .*function 0 has \d+ bytes once it is metered/);
});

test("fuzz: operators' types come from V8", () => {
  const types = new Map(
    numericOperators(accepted).map(({ opcode, params, result }) => [opcode.name, [...params, "->", result].join(" ")]),
  );
  assert.equal(types.get("i64.store8"), "i32 i64 -> ");
  assert.equal(types.get("f64.promote_f32"), "f32 -> f64");
  assert.equal(types.get("simd.0x113"), "v128 v128 v128 -> v128");
  assert.equal(types.get("local.get"), undefined);
});

test("fuzz: a process that ends in the middle of a case costs that case and is reported", async () => {
  const worker = join(scratch, "worker.mjs");
  writeFileSync(
    worker,
    `import { writeFileSync } from "node:fs";
    process.on("message", async ({ from, to, scratch }) => {
      for (let number = from; number < to; number++) {
        writeFileSync(scratch + "/number", String(number));
        if (number === 2) process.kill(process.pid, "SIGKILL");
        const sent = new Promise((resolve) => process.send({ report: { number } }, resolve));
        await sent;
      }
      process.disconnect();
    });`,
  );
  const lost: string[] = [];
  const reports: number[] = [];
  const events = {
    onReport: ({ number }: CaseReport) => void reports.push(number),
    onOpcodes: () => {},
    onLost: (number: number, how: string) => void lost.push(`${number} ${how}`),
    goesOn: () => true,
  };
  const order = {
    seed,
    from: 0,
    to: 4,
    data: undefined,
    scratch: join(scratch, "job"),
    out: scratch,
    executed: [],
    named: false,
  };
  const next = await runBatch(order, events, worker);
  assert.equal(next, 3);
  assert.deepEqual(lost, ["2 SIGKILL"]);
  assert.equal(await runBatch({ ...order, from: next }, events, worker), 4);
  assert.deepEqual(reports, [0, 1, 3]);
});

function fuzz(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  return spawnSync(process.execPath, ["scripts/fuzz.ts", ...args], { cwd, encoding: "utf8" });
}

test("fuzz: the command runs cases in processes of its own and prints what it saw", () => {
  const out = join(scratch, "out");
  const { status, stdout } = fuzz("--seed", "3", "--from", "28", "--modules", "6", "--jobs", "2", "--out", out);
  assert.match(stdout, /^seed 3/);
  assert.match(stdout, /^6 cases; \d+ calls in each way/m);
  assert.match(stdout, /^opcodes executed: \d+ of the \d+ that V8 accepts$/m);
  assert.match(stdout, /^0 failures$/m);
  assert.equal(status, 0);
  assert.equal(existsSync(join(out, "job-0")), false);
});

test("fuzz: with --require-coverage an opcode that was not executed is a failure", () => {
  const { status, stdout } = fuzz("--seed", "3", "--from", "28", "--modules", "1", "--require-coverage");
  assert.match(stdout, /^opcodes missing: .*call_ref/m);
  assert.equal(status, 1);
});

const usage: readonly (readonly [args: readonly string[], status: number, text: RegExp])[] = [
  [["--help"], 0, /--require-coverage/],
  [["--seed", "x"], 2, /--seed: x is not a number/],
  [["--data", "no-such-folder"], 2, /no-such-folder does not exist/],
  [["--wrong"], 2, /--wrong/],
];

for (const [args, status, text] of usage) {
  test(`fuzz: ${args.join(" ")} exits ${status}`, () => {
    const result = fuzz(...args);
    assert.match(result.stdout + result.stderr, text);
    assert.equal(result.status, status);
    assert.doesNotMatch(result.stderr, /\n\s+at /);
  });
}
