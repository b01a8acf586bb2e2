// The few instructions that injected bodies are written with: opcodes by name, and the operators that differ between
// 32-bit and 64-bit memories and tables.

import type { Writer } from "../binary/writer.ts";
import { V } from "./injection.ts";

export const op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  brIf: 0x0d,
  call: 0x10,
  drop: 0x1a,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Const: 0x41,
  i32Eqz: 0x45,
  i32LeS: 0x4c,
  i32Sub: 0x6b,
  void: 0x40,
} as const;

export interface AddressOps {
  readonly type: number;
  readonly constant: number;
  readonly add: number;
  readonly sub: number;
  readonly ne: number;
  readonly leU: number;
  readonly gtU: number;
  readonly ltU: number;
}

export const address32: AddressOps = {
  type: V.i32,
  constant: 0x41,
  add: 0x6a,
  sub: 0x6b,
  ne: 0x47,
  leU: 0x4d,
  gtU: 0x4b,
  ltU: 0x49,
};
export const address64: AddressOps = {
  type: V.i64,
  constant: 0x42,
  add: 0x7c,
  sub: 0x7d,
  ne: 0x52,
  leU: 0x58,
  gtU: 0x56,
  ltU: 0x54,
};

export function addressOps(is64: boolean | undefined): AddressOps {
  return is64 === true ? address64 : address32;
}

export function get(body: Writer, ...locals: readonly number[]): void {
  for (const local of locals) body.bytes2(op.localGet, local);
}

export function constant(body: Writer, ops: AddressOps, value: number): void {
  body.byte(ops.constant);
  body.s32(value);
}

/** Leaves local `index` as i32; only where its value is known to be below 2^31. */
export function asI32(body: Writer, ops: AddressOps, index: number): void {
  get(body, index);
  if (ops === address64) body.byte(0xa7);
}

/** Emits local `index` zero-extended to i64. */
export function asI64(body: Writer, ops: AddressOps, index: number): void {
  get(body, index);
  if (ops === address32) body.byte(0xad);
}

export function emitter(code: number, ...immediates: readonly number[]): (body: Writer) => void {
  return (body) => {
    body.bytes2(0xfc, code);
    for (const immediate of immediates) body.u32(immediate);
  };
}
