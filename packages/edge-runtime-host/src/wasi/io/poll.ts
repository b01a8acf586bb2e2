// wasi:io/poll: a guest waits for any of many things, suspended by JSPI: no thread, no timer of its own.

import { hostInstance, wit } from "edge-runtime-core";
import type { HostCall, HostInstance } from "edge-runtime-core";
import { WasiError } from "edge-runtime-common";
import { whenAnyReady } from "../readiness.ts";
import type { Pollable } from "./io-resources.ts";
import { pollable } from "./io-resources.ts";

export const IO_POLL_INTERFACE = "wasi:io/poll@0.2.12";

/** Pollables that are looked at for one unit of fuel. */
const POLLABLES_PER_FUEL = 4;

function readyOnes(list: readonly Pollable[]): Uint32Array {
  return Uint32Array.from(list.flatMap(({ readiness }, index) => (readiness.isReady() ? [index] : [])));
}

const self = { self: wit.borrow(pollable) };

export const pollInterface: HostInstance = hostInstance({
  pollable,
  "[method]pollable.ready": {
    kind: "sync",
    reads: "clock",
    type: wit.func(self, wit.bool),
    call: (_call: HostCall, { readiness }: Pollable) => readiness.isReady(),
  },
  "[method]pollable.block": {
    kind: "async",
    reads: "nothing",
    type: wit.func(self),
    call: (_call: HostCall, { readiness }: Pollable) => whenAnyReady([readiness]),
  },
  /** Spec: traps where the list is empty, or longer than a u32 can count. */
  poll: {
    kind: "async",
    reads: "clock",
    type: wit.func({ in: wit.list(wit.borrow(pollable)) }, wit.list(wit.u32)),
    call: (call: HostCall, list: readonly Pollable[]) => {
      if (list.length === 0) throw new WasiError("poll: the list of pollables is empty");
      call.charge(Math.floor(list.length / POLLABLES_PER_FUEL));
      const waiting = whenAnyReady(list.map(({ readiness }) => readiness));
      return waiting === undefined ? readyOnes(list) : waiting.then(() => readyOnes(list));
    },
  },
});
