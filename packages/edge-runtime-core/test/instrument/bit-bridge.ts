// Calls an exported function with every value as its bits: numbers and vectors pass through the memory of a small
// module made for the signature, so that neither v128 nor the payload of a NaN meets a JavaScript number.
//
//   memory:  argument 0 | argument 1 | ... | result 0 | ...        16 bytes each, little endian
//   call(references in) -> references out

import type { CoreSignature } from "../../src/instrument/plan.ts";
import type { Bytes } from "../support/module-builder.ts";
import { leb, moduleBytes, section, vector } from "../support/module-builder.ts";

const slotBytes = 16;

interface Crossing {
  readonly code: number;
  /** Load and store with their alignment; undefined for references. */
  readonly load?: Bytes;
  readonly store?: Bytes;
}

const crossings = new Map<string, Crossing>([
  ["i32", { code: 0x7f, load: [0x28, 2], store: [0x36, 2] }],
  ["i64", { code: 0x7e, load: [0x29, 3], store: [0x37, 3] }],
  ["f32", { code: 0x7d, load: [0x2a, 2], store: [0x38, 2] }],
  ["f64", { code: 0x7c, load: [0x2b, 3], store: [0x39, 3] }],
  ["v128", { code: 0x7b, load: [0xfd, 0, 4], store: [0xfd, 11, 4] }],
  ["funcref", { code: 0x70 }],
  ["externref", { code: 0x6f }],
  ["(ref null any)", { code: 0x6e }],
  ["(ref null eq)", { code: 0x6d }],
  ["(ref null i31)", { code: 0x6c }],
  ["(ref null struct)", { code: 0x6b }],
  ["(ref null array)", { code: 0x6a }],
]);

/** A value: 16 bytes for numbers and vectors, anything else is a reference. */
export type BridgeValue = Uint8Array | { readonly ref: unknown };

export type Bridge = (args: readonly BridgeValue[]) => BridgeValue[];

function crossingsOf(types: readonly string[]): Crossing[] | undefined {
  const found = types.map((type) => crossings.get(type));
  return found.every((crossing) => crossing !== undefined) ? found : undefined;
}

function compileBridge(params: readonly Crossing[], results: readonly Crossing[]): WebAssembly.Module {
  const refs = (list: readonly Crossing[]): number[] => list.filter((item) => !item.load).map((item) => item.code);
  const type = (from: readonly number[], to: readonly number[]): Bytes => [
    0x60,
    ...vector(from.map((code) => [code])),
    ...vector(to.map((code) => [code])),
  ];
  const codes = (list: readonly Crossing[]): number[] => list.map((item) => item.code);
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
    imports: [["bridge", "target", [0, 0]]],
    functions: [1],
    middle: [section(5, [1, 0, 1])],
    exports: [
      ["call", 0, 1],
      ["memory", 2, 0],
    ],
    bodies: [
      {
        locals: results.map(({ code }) => [1, code] as const),
        code: [...loads, 0x10, 0, ...takes, ...stores, ...gives, 0x0b],
      },
    ],
  });
  return new WebAssembly.Module(bytes);
}

const modules = new Map<string, WebAssembly.Module>();

/** Bits of a value as JavaScript has it. NaNs are the same to it, and so are their bits here. */
function toBits(type: string, value: unknown): BridgeValue {
  const bytes = new Uint8Array(slotBytes);
  const view = new DataView(bytes.buffer);
  if (type === "i32") view.setInt32(0, Number(value), true);
  else if (type === "i64") view.setBigInt64(0, BigInt(value as bigint), true);
  else if (type === "f32") view.setFloat32(0, Number(value), true);
  else if (type === "f64") view.setFloat64(0, Number(value), true);
  else return { ref: value };
  return bytes;
}

function fromBits(type: string, value: BridgeValue): unknown {
  if (!(value instanceof Uint8Array)) return value.ref;
  const view = new DataView(value.buffer);
  if (type === "i64") return view.getBigInt64(0, true);
  if (type === "f32") return view.getFloat32(0, true);
  return type === "f64" ? view.getFloat64(0, true) : view.getInt32(0, true);
}

/** A call by way of JavaScript, for functions of types that another module cannot name. */
function directBridge(target: WebAssembly.ExportValue, { params, results }: CoreSignature): Bridge | undefined {
  if ([...params, ...results].some((type) => type === "v128" || /\b(no)?exn\b/.test(type))) return undefined;
  const call = target as unknown as (...args: unknown[]) => unknown;
  return (args) => {
    const given = call(...args.map((arg, index) => fromBits(params[index] ?? "", arg)));
    const values = results.length === 1 ? [given] : results.length === 0 ? [] : [...(given as Iterable<unknown>)];
    return values.map((value, index) => toBits(results[index] ?? "", value));
  };
}

/** A bridge to `target`; undefined where its signature has types that cannot cross. */
export function createBridge(target: WebAssembly.ExportValue, signature: CoreSignature): Bridge | undefined {
  const params = crossingsOf(signature.params);
  const results = crossingsOf(signature.results);
  if (params === undefined || results === undefined) return directBridge(target, signature);
  try {
    return bitBridge(target, params, results, `${signature.params.join()}>${signature.results.join()}`);
  } catch (error) {
    // Its type stands in a recursion group of the module's own.
    if (error instanceof WebAssembly.LinkError) return directBridge(target, signature);
    throw error;
  }
}

function bitBridge(
  target: WebAssembly.ExportValue,
  params: readonly Crossing[],
  results: readonly Crossing[],
  key: string,
): Bridge {
  const module = modules.get(key) ?? compileBridge(params, results);
  modules.set(key, module);
  const { exports } = new WebAssembly.Instance(module, { bridge: { target } });
  const memory = new Uint8Array((exports["memory"] as WebAssembly.Memory).buffer);
  const call = exports["call"] as unknown as (...refs: unknown[]) => unknown;
  const hasRefs = results.filter((item) => !item.load).length;
  return (args) => {
    const refs: unknown[] = [];
    for (const [index, arg] of args.entries()) {
      if (arg instanceof Uint8Array) memory.set(arg, index * slotBytes);
      else refs.push(arg.ref);
    }
    memory.fill(0, args.length * slotBytes, (args.length + results.length) * slotBytes);
    const given = call(...refs);
    const references = hasRefs === 1 ? [given] : hasRefs === 0 ? [] : [...(given as Iterable<unknown>)];
    return results.map(({ load }, index) => {
      if (load === undefined) return { ref: references.shift() };
      const start = (args.length + index) * slotBytes;
      return memory.slice(start, start + slotBytes);
    });
  };
}
