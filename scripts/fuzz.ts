// Differential fuzzer: random modules run plain and metered side by side, random values pass components here and
// through jco. `npm run fuzz -- --help`.

import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isUsageError, UsageError } from "./conformance/usage-error.ts";
import { runCampaign, runNamed } from "./fuzz/campaign.ts";
import { tryModule } from "./fuzz/differential.ts";
import { runValueCampaign } from "./fuzz/values/campaign.ts";
import { BitBridges } from "./wasm/bit-bridge.ts";
import { GlobalBits } from "./wasm/global-bits.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const help = `npm run fuzz -- [OPTIONS]

Runs random valid modules plain and metered, and requires the same results, traps, host calls and state, the same fuel
in every run, and after a reset the state of the snapshot, byte for byte. Corrupt bytes must be refused by a typed error
or compile. Modules: a sweep over all opcodes that V8 accepts, our own generator, Binaryen's translate-to-fuzz, and
mutations of real modules. With --kind values: random WIT types in components, whose values must come back as they went,
through one component or two in all string encodings, and as they do through jco.

  --kind KIND         modules (default) or values
  --seconds N         at most so long (default 60 where --modules is not given)
  --modules N         so many cases, of either kind
  --seed S            0 to 4294967295; default: of the time, printed
  --from N            number of the first case, default 0: the sweep
  --only N            case N alone
  --file FILE         the module in FILE alone
  --data DIR          conformance data to mutate (default ../shared/conformance, where it is there)
  --jobs N            processes side by side (default: one a processor)
  --out DIR           where failing cases are kept (default .edge-runtime/fuzz)
  --require-coverage  exit status 1 where an opcode that V8 accepts was not executed
  --help              this text

Exit status: 0 where nothing was found, 1 where something was, 2 for a wrong command line.`;

function integer(text: string | undefined, option: string, otherwise: number, most = Number.MAX_SAFE_INTEGER): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > most)
    throw new UsageError(`--${option}: ${text} is not a number from 0 to ${most}`);
  return value;
}

function parse() {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    options: {
      seconds: text,
      modules: text,
      seed: text,
      from: text,
      only: text,
      file: text,
      data: text,
      jobs: text,
      out: text,
      kind: { type: "string", default: "modules" },
      "require-coverage": flag,
      help: flag,
    },
  });
  const only = values.only === undefined ? undefined : integer(values.only, "only", 0);
  const given = values.modules !== undefined || only !== undefined;
  const data = values.data ?? join(root, "../shared/conformance");
  if (values.data !== undefined && !existsSync(values.data))
    throw new UsageError(`--data: ${values.data} does not exist`);
  if (values.kind !== "modules" && values.kind !== "values") {
    throw new UsageError(`--kind: ${values.kind} is neither modules nor values`);
  }
  return {
    help: values.help,
    kind: values.kind,
    file: values.file,
    requireCoverage: values["require-coverage"],
    seconds: integer(values.seconds, "seconds", given ? 86_400 : 60),
    modules: only === undefined ? integer(values.modules, "modules", Number.MAX_SAFE_INTEGER) : 1,
    seed: integer(values.seed, "seed", Date.now() % 2 ** 32, 2 ** 32 - 1),
    from: only ?? integer(values.from, "from", 0),
    jobs: Math.max(1, integer(values.jobs, "jobs", availableParallelism(), 256)),
    data: existsSync(data) ? data : undefined,
    out: values.out ?? join(root, ".edge-runtime/fuzz"),
  };
}

async function runFile(file: string): Promise<number> {
  const bytes = new Uint8Array(readFileSync(file));
  const { kind, reason, findings } = await tryModule(bytes, {
    seed: 1,
    rounds: 6,
    bridges: new BitBridges(),
    bits: new GlobalBits(),
  });
  console.log([`${kind} ${reason ?? ""}`, ...findings].join("\n"));
  return findings.length === 0 ? 0 : 1;
}

async function runValues(options: ReturnType<typeof parse>): Promise<number> {
  console.log(`seed ${options.seed}`);
  const summary = await runValueCampaign({ ...options, cases: options.modules, print: console.log });
  console.log(summary.print());
  console.log(`${summary.failures.length} failures`);
  return summary.failures.length === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const options = parse();
  if (options.help) {
    console.log(help);
    return 0;
  }
  if (options.file !== undefined) return runFile(options.file);
  if (options.kind === "values") return runValues(options);
  const { seed, from, requireCoverage } = options;
  console.log(`seed ${seed}${options.data === undefined ? "; no conformance data to mutate" : ""}`);
  const summary = await runCampaign({ ...options, print: console.log });
  console.log(summary.print());
  const named = from === 0 ? await runNamed(options) : [];
  for (const { name, outcome } of named) console.log(`named exception: ${name}: ${outcome}`);
  const failed = summary.failures.length + named.filter(({ passed }) => !passed).length;
  console.log(`${failed} failures${failed === 0 ? "" : `, kept in ${options.out}`}`);
  return failed > 0 || (requireCoverage && summary.missing.length > 0) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!isUsageError(error)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
