// WIT results as the canonical ABI's JavaScript mapping has them.

export type Result<Ok, Err> = { readonly tag: "ok"; readonly val: Ok } | { readonly tag: "err"; readonly val: Err };

export function ok(): Result<undefined, never>;
export function ok<Ok>(val: Ok): Result<Ok, never>;
export function ok(val?: unknown): Result<unknown, never> {
  return { tag: "ok", val };
}

export function err<Err>(val: Err): Result<never, Err> {
  return { tag: "err", val };
}
