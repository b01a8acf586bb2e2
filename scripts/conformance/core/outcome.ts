// What a command did, and whether that is what its script asserts. Two ways of running agree where the texts of their
// outcomes do.

import { CompilationFailed, ImportNotFound } from "edge-runtime-common";
import type { BridgeValue } from "../../wasm/bit-bridge.ts";
import type { HostValues } from "./constants.ts";
import { printValue, valueMatches } from "./constants.ts";
import type { Command } from "./script.ts";
import { trapMatches } from "./traps.ts";

export type Failure = "trap" | "exhausted" | "exception" | "unlinkable" | "invalid" | "other";

export type Outcome =
  | { readonly kind: "done" }
  | { readonly kind: "values"; readonly values: readonly BridgeValue[] }
  | { readonly kind: "failed"; readonly failure: Failure; readonly message: string }
  | { readonly kind: "skipped"; readonly reason: string };

export function skipped(reason: string): Outcome {
  return { kind: "skipped", reason };
}

export type Verdict = "passed" | "failed" | "skipped";

/** Function indices and import numbers in messages differ by what is injected: only those of traps are compared. */
export function printOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case "done":
      return "done";
    case "values":
      return `values ${outcome.values.map(printValue).join(" ")}`;
    case "failed":
      return outcome.failure === "trap" ? `trap: ${outcome.message}` : outcome.failure;
    case "skipped":
      return `skipped: ${outcome.reason}`;
  }
}

/** As `printOutcome`, with the message of any failure, for people. */
export function describeOutcome(outcome: Outcome): string {
  const text = printOutcome(outcome);
  return outcome.kind === "failed" && outcome.failure !== "trap" ? `${text} (${outcome.message})` : text;
}

/** What a call, an instantiation or a compilation threw. */
export function failureOf(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: "failed", failure: kindOf(error), message };
}

function kindOf(error: unknown): Failure {
  if (error instanceof WebAssembly.Exception) return "exception";
  if (error instanceof RangeError && error.message.includes("call stack")) return "exhausted";
  if (error instanceof WebAssembly.RuntimeError) return "trap";
  if (error instanceof WebAssembly.CompileError || error instanceof CompilationFailed) return "invalid";
  if (error instanceof WebAssembly.LinkError || error instanceof ImportNotFound) return "unlinkable";
  // V8 throws it where the module of an import is missing.
  if (error instanceof TypeError && error.message.includes("Import #")) return "unlinkable";
  return "other";
}

function isFailure(outcome: Outcome, failure: Failure): boolean {
  return outcome.kind === "failed" && outcome.failure === failure;
}

function fulfils(outcome: Outcome, command: Command, hosts: HostValues): boolean {
  switch (command.type) {
    case "assert_return":
      return outcome.kind === "values" && valuesMatch(outcome.values, command, hosts);
    case "assert_trap":
    case "assert_uninstantiable":
      return outcome.kind === "failed" && outcome.failure === "trap" && trapMatches(command.text, outcome.message);
    case "assert_exception":
      return isFailure(outcome, "exception");
    case "assert_exhaustion":
      return isFailure(outcome, "exhausted");
    case "assert_unlinkable":
      return isFailure(outcome, "unlinkable");
    case "assert_invalid":
    case "assert_malformed":
      return isFailure(outcome, "invalid");
    default:
      return outcome.kind !== "failed";
  }
}

function valuesMatch(values: readonly BridgeValue[], { expected = [] }: Command, hosts: HostValues): boolean {
  if (values.length !== expected.length) return false;
  return values.every((value, index) => {
    const constant = expected[index];
    return constant !== undefined && valueMatches(value, constant, hosts);
  });
}

export function judge(outcome: Outcome, command: Command, hosts: HostValues): Verdict {
  if (outcome.kind === "skipped") return "skipped";
  if (fulfils(outcome, command, hosts)) return "passed";
  return excuseOf(outcome, command) === undefined ? "failed" : "skipped";
}

/** Why an assertion that V8 does not fulfil says nothing about it. */
export function excuseOf(outcome: Outcome, { type, text }: Command): string | undefined {
  if (outcome.kind === "skipped") return outcome.reason;
  if (outcome.kind === "failed") {
    return outcome.message.includes("implementation limit") ? "over an implementation limit of V8" : undefined;
  }
  const outdated = type === "assert_invalid" && /^multiple (tables|memories)$/.test(text ?? "");
  return outdated ? "asserts that a feature is missing which came later" : undefined;
}
