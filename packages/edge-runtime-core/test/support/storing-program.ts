// Random structured programs that write to memory through locals, constants and what they loaded, at small distances
// and large ones, between branches, loops and exceptions: all that the knowledge about marked pages could get wrong.

import fc from "fast-check";

type Local = 0 | 1 | 2 | 3;

export type Step =
  | { readonly kind: "store"; readonly to: Address; readonly name: string; readonly offset: number }
  | { readonly kind: "set" | "tee"; readonly local: Local; readonly from: Address; readonly offset: number }
  | { readonly kind: "fill"; readonly to: Address; readonly bytes: number }
  | { readonly kind: "block" | "loop" | "if" | "try"; readonly body: readonly Step[]; readonly other: readonly Step[] }
  | { readonly kind: "brIf" | "br" | "brTable"; readonly label: number; readonly local: Local }
  | { readonly kind: "throw" | "call"; readonly local: Local };

export type Address =
  | { readonly kind: "local"; readonly local: Local; readonly distance: number }
  | { readonly kind: "constant"; readonly at: number }
  | { readonly kind: "loaded"; readonly local: Local }
  | { readonly kind: "sum"; readonly left: Local; readonly right: Local };

const stores: readonly (readonly [name: string, value: string])[] = [
  ["i32.store", "(i32.const -1)"],
  ["i32.store8", "(i32.const -1)"],
  ["i64.store", "(i64.const -1)"],
  ["f32.store", "(f32.const -nan)"],
  ["f64.store", "(f64.const -nan)"],
  ["v128.store", "(v128.const i64x2 -1 -1)"],
];

const local = fc.constantFrom<Local>(0, 0, 0, 1, 1, 2, 3);
const distance = fc.oneof(
  // What one mark answers for, so that most stores need the others.
  { weight: 5, arbitrary: fc.constantFrom(0, 0, 4, 100, -8) },
  fc.constantFrom(0, 1, 4, 8, 252, 253, 256, 257, 4080, 4095, 4096, 4097, -1, -4, -255, -256, -257, -4096),
  fc.integer({ min: -9000, max: 9000 }),
);
const offset = fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 8, 250, 256, 4090, 4096, 65_535);

const address: fc.Arbitrary<Address> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("local" as const), local, distance }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("constant" as const), at: fc.nat(5 * 65_536) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("loaded" as const), local }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("sum" as const), left: local, right: local }) },
);

const { body } = fc.letrec<{ body: Step[]; step: Step }>((tie) => ({
  body: fc.array(tie("step"), { maxLength: 7, size: "max" }),
  step: fc.oneof(
    { maxDepth: 4, depthIdentifier: "step" },
    {
      weight: 10,
      arbitrary: fc.record({
        kind: fc.constant("store" as const),
        to: address,
        name: fc.constantFrom(...stores.map(([name]) => name)),
        offset,
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constantFrom("set" as const, "tee" as const), local, from: address, offset }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("fill" as const), to: address, bytes: fc.nat(9000) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constantFrom("block" as const, "loop" as const, "if" as const, "try" as const),
        body: tie("body"),
        other: tie("body"),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constantFrom("brIf" as const, "brIf" as const, "br" as const, "brTable" as const),
        label: fc.nat(4),
        local,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("throw" as const, "call" as const), local }) },
  ),
}));

/** The body of `run`. */
export const storingProgram: fc.Arbitrary<readonly Step[]> = body;

/** Addresses stay below 2^18 + 2^16 most of the time; what is beyond the memory traps. */
function addressWat(one: Address): string {
  switch (one.kind) {
    case "local":
      if (one.distance === 0) return `(local.get ${one.local})`;
      return one.distance % 2 === 0
        ? `(i32.add (local.get ${one.local}) (i32.const ${one.distance}))`
        : `(i32.sub (local.get ${one.local}) (i32.const ${-one.distance}))`;
    case "constant":
      return `(i32.const ${one.at})`;
    case "loaded":
      return `(i32.and (i32.load (i32.and (local.get ${one.local}) (i32.const 0x1ffff))) (i32.const 0x3ffff))`;
    case "sum":
      return `(i32.and (i32.add (local.get ${one.left}) (local.get ${one.right})) (i32.const 0x3ffff))`;
  }
}

class Printer {
  readonly #legacy: boolean;
  #depth = 0;

  constructor(legacy: boolean) {
    this.#legacy = legacy;
  }

  body(steps: readonly Step[]): string {
    return steps.map((step) => this.#step(step)).join("\n");
  }

  #nested(steps: readonly Step[], levels = 1): string {
    this.#depth += levels;
    const text = this.body(steps);
    this.#depth -= levels;
    return text;
  }

  #step(step: Step): string {
    switch (step.kind) {
      case "store": {
        const value = stores.find(([name]) => name === step.name)?.[1] ?? "";
        return `(${step.name} offset=${step.offset} ${addressWat(step.to)} ${value})`;
      }
      case "set":
        return `(local.set ${step.local} ${addressWat(step.from)})`;
      case "tee":
        return `(i32.store offset=${step.offset} (local.tee ${step.local} ${addressWat(step.from)}) (i32.const -1))`;
      case "fill":
        return `(memory.fill ${addressWat(step.to)} (i32.const 255) (i32.const ${step.bytes}))`;
      case "call":
        return `(call $other (local.get ${step.local}))`;
      case "throw":
        return `(if (i32.and (local.get ${step.local}) (i32.const 1)) (then (throw $e)))`;
      case "br":
      case "brIf":
      case "brTable":
        return this.#branch(step);
      case "block":
        return `(block ${this.#nested(step.body)})`;
      case "loop":
        // Ends by the count of turns that all loops share.
        return `(loop (if (i32.gt_s (global.get $turns) (i32.const 0)) (then
          (global.set $turns (i32.sub (global.get $turns) (i32.const 1)))
          ${this.#nested(step.body, 2)} (br_if 1 (i32.and (local.get 0) (i32.const 2))))))`;
      case "if":
        return `(if (i32.and (local.get 1) (i32.const 4)) (then ${this.#nested(step.body)}) (else ${this.#nested(step.other)}))`;
      case "try":
        return this.#try(step.body, step.other);
    }
  }

  /** V8 takes only one kind of exceptions in a module. */
  #try(body: readonly Step[], other: readonly Step[]): string {
    if (this.#legacy) return `try ${this.#nested(body)} catch $e ${this.#nested(other)} catch_all end`;
    return `(block $h (try_table (catch_all $h) ${this.#nested(body, 2)}) ${this.#nested(other)})`;
  }

  #branch(step: Step & { readonly label: number; readonly local: Local }): string {
    const label = step.label % (this.#depth + 1);
    const condition = `(i32.and (local.get ${step.local}) (i32.const ${1 << step.label}))`;
    // Branches to loops are bounded by the turns as well.
    if (step.kind === "br") return `(if ${condition} (then (br ${label + 1})))`;
    if (step.kind === "brTable") return `(block (br_table 0 ${label + 1} 0 ${condition}))`;
    return `(br_if ${label} ${condition})`;
  }
}

/** A module whose `run` takes four addresses. Its memory has contents, so that zeros count too. `legacy`: its exceptions are those. */
export function storingModule(steps: readonly Step[], legacy: boolean): string {
  return `(module (memory 5) (tag $e) (global $turns (mut i32) (i32.const 20))
    (data (i32.const 4000) "${"\\01\\02\\f0\\10".repeat(40)}") (data (i32.const 200000) "${"\\11".repeat(5000)}")
    (func $other (param i32) (i32.store offset=4096 (i32.and (local.get 0) (i32.const 0xffff)) (i32.const 77)))
    (func (export "run") (param i32 i32 i32 i32)
      ${new Printer(legacy).body(steps)}))`;
}
