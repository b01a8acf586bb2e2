// Which component instances a call enters: the callee and those that hold it, less those in which the caller is
// already. A child that calls a function which its parent gave it enters nothing.
// Spec: CanonicalABI `ComponentInstance.entering_set`.

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
