// Which component instances a call enters: the callee and those that hold it, less those in which the caller is
// already. Calls between an instance and one that it holds would enter nothing or the child alone; for now they trap, as
// the specification's tests and Wasmtime have it (RATIONALE.md).
// Spec: CanonicalABI `ComponentInstance.entering_set`; tests `async/trap-on-reenter`.

interface Nested {
  readonly parent: number | undefined;
}

function selfAndAncestors(instances: readonly Nested[], instance: number): number[] {
  const chain: number[] = [];
  for (let at: number | undefined = instance; at !== undefined; at = instances[at]?.parent) chain.push(at);
  return chain;
}

/** Instances entered by a call of `callee` from `caller`; undefined stands for the host. */
export function enteredInstances(
  instances: readonly Nested[],
  callee: number,
  caller: number | undefined,
): readonly number[] {
  const entered = selfAndAncestors(instances, callee);
  if (caller === undefined) return entered;
  const held = new Set(selfAndAncestors(instances, caller));
  return entered.filter((instance) => !held.has(instance));
}

/** Whether one of the instances holds the other, at any depth, or both are the same. */
export function areNested(instances: readonly Nested[], callee: number, caller: number): boolean {
  return selfAndAncestors(instances, callee).includes(caller) || selfAndAncestors(instances, caller).includes(callee);
}
