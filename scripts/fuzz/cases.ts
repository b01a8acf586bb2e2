// Case number N of a seed: which module it is about. The same numbers give the same modules, as long as the sources,
// the corpus and V8's opcodes are the same.

import { acceptedOpcodes } from "./accepted-opcodes.ts";
import type { OperatorSets } from "./generator/random-module.ts";
import { operatorSets, randomModule } from "./generator/random-module.ts";
import type { ListedOpcode } from "./opcode-list.ts";
import { mixSeed, Random } from "./random.ts";
import { numericOperators } from "./signatures.ts";
import type { Corpus } from "./sources/corpus.ts";
import { loadCorpus } from "./sources/corpus.ts";
import { corrupt, mutate } from "./sources/mutants.ts";
import { sweepModules } from "./sources/sweep.ts";
import { TranslateToFuzz } from "./sources/translate-to-fuzz.ts";

export type Source = "sweep" | "generated" | "translate-to-fuzz" | "mutant";

export interface Case {
  readonly number: number;
  readonly seed: number;
  readonly source: Source;
  /** Undefined where the source made none. */
  readonly bytes: Uint8Array | undefined;
  /** A module that it is linked to. */
  readonly library: Uint8Array | undefined;
  /** Bytes to be refused or accepted, never to do harm. */
  readonly corrupted: Uint8Array;
}

export interface CaseOptions {
  readonly seed: number;
  readonly data: string | undefined;
  /** A folder for temporary files. */
  readonly scratch: string;
}

export class Cases {
  readonly opcodes: readonly ListedOpcode[];
  readonly #seed: number;
  readonly #sweep: readonly Uint8Array[];
  readonly #operators: OperatorSets;
  readonly #corpus: Corpus;
  readonly #fuzz: TranslateToFuzz;

  private constructor(
    options: CaseOptions,
    parts: { opcodes: ListedOpcode[]; sweep: Uint8Array[]; operators: OperatorSets; corpus: Corpus },
  ) {
    this.#seed = options.seed;
    this.opcodes = parts.opcodes;
    this.#sweep = parts.sweep;
    this.#operators = parts.operators;
    this.#corpus = parts.corpus;
    this.#fuzz = new TranslateToFuzz(options.scratch);
  }

  static async load(options: CaseOptions): Promise<Cases> {
    const opcodes = acceptedOpcodes();
    const numeric = numericOperators(opcodes);
    const [sweep, corpus] = await Promise.all([sweepModules(numeric), loadCorpus(options.data)]);
    return new Cases(options, { opcodes, sweep, operators: operatorSets(numeric), corpus });
  }

  /** Cases at the beginning that go through all opcodes. */
  get sweepLength(): number {
    return this.#sweep.length;
  }

  async make(number: number): Promise<Case> {
    const swept = this.#sweep[number];
    // The sweep is the same whatever the seed: that it executes every opcode is no matter of chance.
    const seed = mixSeed(swept === undefined ? this.#seed : 0, number);
    const random = new Random(seed);
    const source =
      swept === undefined
        ? random.pick(["generated", "translate-to-fuzz", "translate-to-fuzz", "mutant"] as const)
        : "sweep";
    const bytes = swept ?? (await this.#create(source, random));
    const { modules, others } = this.#corpus;
    const original =
      bytes !== undefined && random.oneIn(2)
        ? bytes
        : random.pick(random.oneIn(2) || others.length === 0 ? modules : others);
    const linked = source === "generated" && random.oneIn(3);
    const library = linked ? randomModule(random.u32(), this.#operators) : undefined;
    return { number, seed, source, bytes, library, corrupted: corrupt(original, random) };
  }

  async #create(source: Source, random: Random): Promise<Uint8Array | undefined> {
    switch (source) {
      case "sweep":
        return undefined;
      case "generated":
        return randomModule(random.u32(), this.#operators);
      case "translate-to-fuzz":
        return this.#fuzz.create(random);
      case "mutant":
        return mutate(random.pick(this.#corpus.modules), this.opcodes, random);
    }
  }
}
