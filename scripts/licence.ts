// Licences as SPDX expressions, as far as packages write them: names joined by OR, AND and WITH, one pair of brackets
// around the whole. Anything else counts as not allowed, to be looked at by a person.

/** Whether an expression can be satisfied by the allowed licences; `X WITH Y` is a licence of its own. */
export function isLicenceAllowed(expression: string, allowed: ReadonlySet<string>): boolean {
  const text = expression.replace(/^\((.*)\)$/, "$1");
  if (text.includes("(")) return false;
  return text.split(" OR ").some((option) => option.split(" AND ").every((name) => allowed.has(name.trim())));
}
