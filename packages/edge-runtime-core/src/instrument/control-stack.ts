// Labels of the function being rewritten. Besides what validation would keep, each knows how many operators may have
// run since the last check on some path that reaches its end, and whether the counter must be in the global there.

/** No value: nothing pending is known, no check is due. */
export const none = -1;

export const Label = { function: 0, block: 1, loop: 2, if: 3, else: 4, try: 5 } as const;
export type LabelKind = (typeof Label)[keyof typeof Label];

export interface ControlFrame {
  kind: LabelKind;
  /** Some branch goes to this label. */
  branched: boolean;
  /** How many instructions branch to it, and where the last of them is. */
  branches: number;
  lastBranch: number;
  /** A `try` or `try_table`. */
  catches: boolean;
  /** Exceptions land here, or it is the function's own label: the counter is in the global, not the local. */
  synced: boolean;
  /** Branches to the label carry no values. */
  bare: boolean;
  /** Its number among the constructs of the function, in order of opening. */
  ordinal: number;
  /** Fuel that is pending where control reaches the label, on all paths; -1 where none has yet. */
  carry: number;
  /** An `if`: fuel that its condition and what came before had not subtracted yet; every arm does. */
  pendingAtEntry: number;
  /** How late a check was due there, see `FunctionMeter`. */
  owedAtEntry: number;
  /** Operators since the last check where the construct was entered. */
  sinceAtEntry: number;
  /** The most over all branches to the label. */
  sinceMax: number;
  /** Deadline metering: where the loop's weight is patched in, and what `Charges` knows of the region around it. */
  weightAt: number;
  outerWeight: number;
  outerBase: number;
}

function newFrame(): ControlFrame {
  return {
    kind: Label.function,
    branched: false,
    branches: 0,
    lastBranch: -1,
    catches: false,
    synced: false,
    bare: false,
    pendingAtEntry: 0,
    owedAtEntry: none,
    ordinal: 0,
    carry: none,
    sinceAtEntry: 0,
    sinceMax: 0,
    weightAt: -1,
    outerWeight: 0,
    outerBase: 0,
  };
}

export class ControlStack {
  readonly #frames: ControlFrame[] = [];
  #depth = 0;

  get depth(): number {
    return this.#depth;
  }

  clear(): void {
    this.#depth = 0;
  }

  push(kind: LabelKind, since: number, synced: boolean): ControlFrame {
    let frame = this.#frames[this.#depth];
    if (frame === undefined) {
      frame = newFrame();
      this.#frames.push(frame);
    }
    frame.kind = kind;
    frame.branched = false;
    frame.branches = 0;
    frame.lastBranch = -1;
    frame.catches = false;
    frame.synced = synced;
    frame.bare = false;
    frame.pendingAtEntry = 0;
    frame.owedAtEntry = none;
    frame.ordinal = 0;
    frame.carry = none;
    frame.sinceAtEntry = since;
    frame.sinceMax = 0;
    frame.weightAt = -1;
    frame.outerWeight = 0;
    frame.outerBase = 0;
    this.#depth += 1;
    return frame;
  }

  pop(): void {
    this.#depth -= 1;
  }

  /** The frame that label `index` names, counted from the innermost; undefined where there is none. */
  label(index: number): ControlFrame | undefined {
    return index < this.#depth ? this.#frames[this.#depth - 1 - index] : undefined;
  }
}
