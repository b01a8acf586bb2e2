// "Did you mean": the known name at the least edit distance, if it is near enough to be a typing error. The inputs
// come from the operator's own file, so the quadratic cost per pair is bounded by length only.

/** Longer names are no typing errors of ours. */
const MAX_LENGTH = 64;

/** Undefined where every candidate differs in more than a third of its characters. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.ceil(candidate.length / 3))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

/** Levenshtein distance in UTF-16 code units, one row at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let rowIndex = 0; rowIndex < from.length; rowIndex += 1) {
    const next = [rowIndex + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const substitution = (row[column - 1] ?? 0) + (to[column - 1] === from[rowIndex] ? 0 : 1);
      const removal = (row[column] ?? 0) + 1;
      const insertion = (next[column - 1] ?? 0) + 1;
      next.push(Math.min(substitution, removal, insertion));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
