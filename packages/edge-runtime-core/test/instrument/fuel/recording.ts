// What scripts/record-fuel wrote down.

/** A call that returned: fuel consumed, and how much of it at the last check. */
export interface RecordedFuel {
  readonly fuel: number;
  readonly checked: number;
}

/** The calls of one script in its order; undefined for one that did not return. The form: scripts/record-fuel/spec_scripts.py. */
export function parseCalls(text: string): (RecordedFuel | undefined)[] {
  const calls: (RecordedFuel | undefined)[] = [];
  for (const token of text.split(" ").filter((part) => part !== "")) {
    const match = /^(?:!|(\d+)(?:\/(\d+))?)(?:x(\d+))?$/.exec(token);
    if (match === null) throw new Error(`not a recorded call: ${token}`);
    const [, fuel, checked = "1", times = "1"] = match;
    const call = fuel === undefined ? undefined : { fuel: Number(fuel), checked: Number(checked) };
    for (let count = Number(times); count > 0; count--) calls.push(call);
  }
  return calls;
}
