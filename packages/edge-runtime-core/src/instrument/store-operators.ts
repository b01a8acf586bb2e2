// Which operators write to linear memory, and what lies on the stack above the address: what marking dirty pages must
// know. Spec: core, Binary Format, Instructions; threads proposal, Atomic Memory Instructions.

import { V } from "./injection.ts";

export interface StoreOperator {
  /** Value types of the operands above the address, the topmost last. */
  readonly operands: readonly number[];
  /** Most bytes that it writes. */
  readonly bytes: number;
  /** Results that it pushes. */
  readonly results: 0 | 1;
}

export const prefix = { gc: 0xfb, bulk: 0xfc, simd: 0xfd, atomic: 0xfe } as const;

function store(type: number, bytes: number): StoreOperator {
  return { operands: [type], bytes, results: 0 };
}

const plain: readonly StoreOperator[] = [
  store(V.i32, 4),
  store(V.i64, 8),
  store(V.f32, 4),
  store(V.f64, 8),
  store(V.i32, 1),
  store(V.i32, 2),
  store(V.i64, 1),
  store(V.i64, 2),
  store(V.i64, 4),
];
/** Opcodes of the stores that have no prefix. */
export const firstStore = 0x36;
export const lastStore = 0x3e;

/** Types and sizes of the seven forms that each atomic operation has, in the order of their opcodes. */
const atomicForms: readonly (readonly [type: number, bytes: number])[] = [
  [V.i32, 4],
  [V.i64, 8],
  [V.i32, 1],
  [V.i32, 2],
  [V.i64, 1],
  [V.i64, 2],
  [V.i64, 4],
];
const firstAtomicStore = 0x17;
const firstReadModifyWrite = 0x1e;
const firstCompareExchange = 0x48;
const lastAtomic = 0x4e;

function simdStore(code: number): StoreOperator | undefined {
  if (code === 11) return store(V.v128, 16);
  return code >= 88 && code <= 91 ? store(V.v128, 1 << (code - 88)) : undefined;
}

function atomicStore(code: number): StoreOperator | undefined {
  if (code < firstAtomicStore || code > lastAtomic) return undefined;
  const [type, bytes] = atomicForms[(code - firstAtomicStore) % atomicForms.length] ?? [V.i32, 4];
  const operands = code >= firstCompareExchange ? [type, type] : [type];
  return { operands, bytes, results: code >= firstReadModifyWrite ? 1 : 0 };
}

const simdStores = Array.from({ length: 256 }, (_, code) => simdStore(code));
const atomicStores = Array.from({ length: lastAtomic + 1 }, (_, code) => atomicStore(code));

/** The store that one opcode byte, or the number behind a prefix byte, stands for; undefined for everything else. */
export function storeOperator(first: number, code: number): StoreOperator | undefined {
  if (first === prefix.simd) return simdStores[code];
  if (first === prefix.atomic) return atomicStores[code];
  return plain[first - firstStore];
}
