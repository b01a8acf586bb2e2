// What became of one command.

export type Verdict =
  | { readonly kind: "passed" }
  | { readonly kind: "failed"; readonly reason: string }
  /** Not judged, for a reason that stands in the report. */
  | { readonly kind: "listed"; readonly reason: string };

export const passed: Verdict = { kind: "passed" };

export function failed(reason: string): Verdict {
  return { kind: "failed", reason };
}

export function listed(reason: string): Verdict {
  return { kind: "listed", reason };
}
