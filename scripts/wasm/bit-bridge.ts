// Calls an exported function with every value as its bits: numbers and vectors pass through a memory that small
// modules made for each signature share, so that neither v128 nor the payload of a NaN meets a JavaScript number.
//
//   memory:  argument 0 | argument 1 | ... | result 0 | ...        16 bytes each, little endian
//   call(references in) -> references out
//
// Signatures that name a module's own types are called through the JavaScript API, where they have no vectors.

import type { CoreSignature } from "edge-runtime-core/internal";
import type { Bytes } from "../../packages/edge-runtime-core/test/support/module-builder.ts";
import { leb, moduleBytes, vector } from "../../packages/edge-runtime-core/test/support/module-builder.ts";
import { createDirectCall, createSuspendableCall, resultList } from "./direct-call.ts";

const slotBytes = 16;
/** Memory of the bridges: room for 4,096 values, more than a signature may have. */
const memoryPages = 1;

interface Crossing {
  readonly code: Bytes;
  /** Load and store with their alignment; undefined for references. */
  readonly load?: Bytes;
  readonly store?: Bytes;
}

const numbers: readonly (readonly [name: string, crossing: Crossing])[] = [
  ["i32", { code: [0x7f], load: [0x28, 2], store: [0x36, 2] }],
  ["i64", { code: [0x7e], load: [0x29, 3], store: [0x37, 3] }],
  ["f32", { code: [0x7d], load: [0x2a, 2], store: [0x38, 2] }],
  ["f64", { code: [0x7c], load: [0x2b, 3], store: [0x39, 3] }],
  ["v128", { code: [0x7b], load: [0xfd, 0, 4], store: [0xfd, 11, 4] }],
];

/** Heap types that JavaScript can hold references to. */
const heaps: readonly (readonly [name: string, code: number])[] = [
  ["func", 0x70],
  ["extern", 0x6f],
  ["any", 0x6e],
  ["eq", 0x6d],
  ["i31", 0x6c],
  ["struct", 0x6b],
  ["array", 0x6a],
  ["none", 0x71],
  ["noextern", 0x72],
  ["nofunc", 0x73],
];

const crossings = new Map<string, Crossing>([
  ...numbers,
  ["funcref", { code: [0x70] }],
  ["externref", { code: [0x6f] }],
  ...heaps.flatMap(([name, code]) => [
    [`(ref null ${name})`, { code: [0x63, code] }] as const,
    [`(ref ${name})`, { code: [0x64, code] }] as const,
  ]),
]);

/** A value: 16 bytes for numbers and vectors, anything else is a reference. */
export type BridgeValue = Uint8Array | { readonly ref: unknown };

export type Bridge = (args: readonly BridgeValue[]) => BridgeValue[];

/** Calls on a stack of its own, so that the guest may suspend. */
export type SuspendableBridge = (args: readonly BridgeValue[]) => Promise<BridgeValue[]>;

interface Linked {
  readonly call: WebAssembly.ExportValue;
  readonly results: readonly Crossing[];
}

function crossingsOf(types: readonly string[]): Crossing[] | undefined {
  const found = types.map((type) => crossings.get(type));
  return found.every((crossing) => crossing !== undefined) ? found : undefined;
}

function compileBridge(params: readonly Crossing[], results: readonly Crossing[]): WebAssembly.Module {
  const refs = (list: readonly Crossing[]): Bytes[] => list.filter((item) => !item.load).map((item) => item.code);
  const type = (from: readonly Bytes[], to: readonly Bytes[]): Bytes => [0x60, ...vector(from), ...vector(to)];
  const codes = (list: readonly Crossing[]): Bytes[] => list.map((item) => item.code);
  const refParams = refs(params);
  let nextRef = 0;
  const slot = (index: number): number[] => leb(index * slotBytes);
  const loads = params.flatMap(({ load }, index) =>
    load === undefined ? [0x20, ...leb(nextRef++)] : [0x41, 0, ...load, ...slot(index)],
  );
  const local = (index: number): number[] => leb(refParams.length + index);
  const takes = results.flatMap((_, index) => [0x21, ...local(results.length - 1 - index)]);
  const stores = results.flatMap(({ store }, index) =>
    store === undefined ? [] : [0x41, 0, 0x20, ...local(index), ...store, ...slot(params.length + index)],
  );
  const gives = results.flatMap(({ store }, index) => (store === undefined ? [0x20, ...local(index)] : []));
  const bytes = moduleBytes({
    types: [type(codes(params), codes(results)), type(refParams, refs(results))],
    imports: [
      ["bridge", "target", [0, 0]],
      ["bridge", "memory", [2, 0, memoryPages]],
    ],
    functions: [1],
    exports: [["call", 0, 1]],
    bodies: [
      {
        locals: results.map(({ code }) => [1, code] as const),
        code: [...loads, 0x10, 0, ...takes, ...stores, ...gives, 0x0b],
      },
    ],
  });
  return new WebAssembly.Module(bytes);
}

/** Bridges that share one memory: none may be called while another is. */
export class BitBridges {
  readonly #modules = new Map<string, WebAssembly.Module>();
  readonly #memory = new WebAssembly.Memory({ initial: memoryPages });

  /** A bridge to `target`; undefined where its signature has types that cannot cross. */
  create(target: WebAssembly.ExportValue, signature: CoreSignature): Bridge | undefined {
    const linked = this.#link(target, signature);
    if (linked === undefined) return createDirectCall(target, signature);
    const call = linked.call as unknown as (...refs: unknown[]) => unknown;
    return (args) => this.#results(call(...this.#enter(args, linked)), args.length, linked);
  }

  createSuspendable(target: WebAssembly.ExportValue, signature: CoreSignature): SuspendableBridge | undefined {
    const linked = this.#link(target, signature);
    if (linked === undefined) return createSuspendableCall(target, signature);
    const call = WebAssembly.promising(linked.call);
    return async (args) => this.#results(await call(...this.#enter(args, linked)), args.length, linked);
  }

  /** Undefined where the types cannot be named outside the target's module. */
  #link(target: WebAssembly.ExportValue, signature: CoreSignature): Linked | undefined {
    const params = crossingsOf(signature.params);
    const results = crossingsOf(signature.results);
    if (params === undefined || results === undefined) return undefined;
    if ((params.length + results.length) * slotBytes > this.#memory.buffer.byteLength) return undefined;
    const key = `${signature.params.join()}>${signature.results.join()}`;
    const module = this.#modules.get(key) ?? compileBridge(params, results);
    this.#modules.set(key, module);
    try {
      const { exports } = new WebAssembly.Instance(module, { bridge: { target, memory: this.#memory } });
      return { call: exports["call"] as WebAssembly.ExportValue, results };
    } catch (error) {
      // The same parameters and results, but a type of its own: open to subtypes or in a recursion group.
      if (error instanceof WebAssembly.LinkError) return undefined;
      throw error;
    }
  }

  /** Writes the arguments; gives those that are references. */
  #enter(args: readonly BridgeValue[], { results }: Linked): unknown[] {
    const memory = new Uint8Array(this.#memory.buffer);
    const refs: unknown[] = [];
    for (const [index, arg] of args.entries()) {
      if (arg instanceof Uint8Array) memory.set(arg, index * slotBytes);
      else refs.push(arg.ref);
    }
    memory.fill(0, args.length * slotBytes, (args.length + results.length) * slotBytes);
    return refs;
  }

  #results(given: unknown, params: number, { results }: Linked): BridgeValue[] {
    const memory = new Uint8Array(this.#memory.buffer);
    const references = resultList(given, results.filter((item) => !item.load).length);
    return results.map(({ load }, index) => {
      if (load === undefined) return { ref: references.shift() };
      const start = (params + index) * slotBytes;
      return memory.slice(start, start + slotBytes);
    });
  }
}
