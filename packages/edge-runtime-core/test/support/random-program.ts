// Random structured programs that always end: all control constructs, calls, exceptions, host calls, bulk operations
// and state. ./program-module.ts makes modules of them.

import fc from "fast-check";

export type Statement =
  | { readonly kind: "line"; readonly length: number }
  | { readonly kind: "simple"; readonly name: "mix" | "tick" | "store" | "load" | "throw" | "return" | "unreachable" }
  | { readonly kind: "block" | "loop"; readonly body: readonly Statement[] }
  | {
      readonly kind: "if";
      readonly bit: number;
      readonly body: readonly Statement[];
      readonly other?: readonly Statement[];
    }
  | { readonly kind: "try"; readonly body: readonly Statement[]; readonly label: number }
  | { readonly kind: "br"; readonly label: number }
  | { readonly kind: "brIf"; readonly bit: number; readonly label: number }
  | { readonly kind: "brTable"; readonly labels: readonly number[] }
  | { readonly kind: "call" | "callIndirect" | "tailCall"; readonly callee: number }
  | { readonly kind: "fill" | "copy"; readonly bytes: number }
  | { readonly kind: "nullChain" | "dropChain" | "ifChain"; readonly length: number };

/** Bodies of the program's functions; each calls only those before it, the last one is the entry. */
export type Program = readonly (readonly Statement[])[];

/** Most bytes that one bulk operation moves. */
export const largestBulk = 200;

const label = fc.nat(5);
const bit = fc.nat(15);

function often<T>(weight: number, arbitrary: fc.Arbitrary<T>): { weight: number; arbitrary: fc.Arbitrary<T> } {
  return { weight, arbitrary };
}

const statements = fc.letrec<{ body: Statement[]; statement: Statement }>((tie) => ({
  body: fc.array(tie("statement"), { maxLength: 6, size: "max" }),
  statement: fc.oneof(
    { maxDepth: 4, depthIdentifier: "statement" },
    often(3, fc.record({ kind: fc.constant("line" as const), length: fc.oneof(fc.nat(10), fc.nat(600)) })),
    often(
      6,
      fc.record({ kind: fc.constant("simple" as const), name: fc.constantFrom("mix", "tick", "store", "load") }),
    ),
    often(
      1,
      fc.record({ kind: fc.constant("simple" as const), name: fc.constantFrom("throw", "return", "unreachable") }),
    ),
    often(8, fc.record({ kind: fc.constantFrom("block", "loop"), body: tie("body") })),
    often(3, fc.record({ kind: fc.constant("if" as const), bit, body: tie("body") })),
    often(3, fc.record({ kind: fc.constant("if" as const), bit, body: tie("body"), other: tie("body") })),
    often(4, fc.record({ kind: fc.constant("try" as const), body: tie("body"), label })),
    often(1, fc.record({ kind: fc.constant("br" as const), label })),
    often(3, fc.record({ kind: fc.constant("brIf" as const), bit, label })),
    often(
      1,
      fc.record({ kind: fc.constant("brTable" as const), labels: fc.array(label, { minLength: 1, maxLength: 4 }) }),
    ),
    often(4, fc.record({ kind: fc.constantFrom("call", "callIndirect"), callee: fc.nat(3) })),
    often(1, fc.record({ kind: fc.constant("tailCall" as const), callee: fc.nat(3) })),
    often(1, fc.record({ kind: fc.constantFrom("fill", "copy"), bytes: fc.nat(largestBulk) })),
    often(1, fc.record({ kind: fc.constantFrom("nullChain", "dropChain", "ifChain"), length: fc.nat(4000) })),
  ) as fc.Arbitrary<Statement>,
}));

export const programs: fc.Arbitrary<Program> = fc.array(statements.body, { minLength: 1, maxLength: 4, size: "max" });
