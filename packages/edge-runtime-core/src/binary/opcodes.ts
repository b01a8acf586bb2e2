// Every opcode that an engine may meet, as data: name, immediates, fuel cost. The one table that decoding,
// metering and feature detection share.
// Spec: WebAssembly core specification 3.0, Binary Format, Instructions; threads and legacy exception proposals.
// Costs: Wasmtime's default operator cost, see ../instrument/cost-table.ts.

/** Shape of what follows an opcode, one value per distinct byte layout. */
export const Immediate = {
  none: 0,
  blockType: 1,
  label: 2,
  labels: 3,
  /** a function that is called */
  func: 4,
  /** type index, table index */
  indirect: 5,
  /** a type, tag, table, element or data index: never renumbered */
  index: 6,
  global: 7,
  /** alignment (bit 6: memory index follows), offset */
  memarg: 8,
  memargLane: 9,
  leb32: 10,
  leb64: 11,
  bytes4: 12,
  bytes8: 13,
  bytes16: 14,
  byte: 15,
  valueTypes: 16,
  heapType: 17,
  tryTable: 18,
  /** flags byte, label, two heap types */
  branchOnCast: 19,
  index2: 20,
  /** a function that is taken, not called */
  funcRef: 21,
  local: 22,
} as const;
export type Immediate = (typeof Immediate)[keyof typeof Immediate];

/** What the metering pass does at an operator; `plain` ones only add their cost. */
export const Flow = {
  plain: 0,
  block: 1,
  loop: 2,
  if: 3,
  else: 4,
  end: 5,
  br: 6,
  brIf: 7,
  brTable: 8,
  return: 9,
  unreachable: 10,
  call: 11,
  tailCall: 12,
  throw: 13,
  tryTable: 14,
  try: 15,
  catch: 16,
  delegate: 17,
  /** replaced by a call of an injected function: bulk operations, growth, waiting */
  replaced: 18,
  /** data.drop, elem.drop: the instance cannot be restored afterwards */
  drop: 19,
  /** allocates an object whose size is known in advance */
  allocate: 20,
} as const;
export type Flow = (typeof Flow)[keyof typeof Flow];

export interface Opcode {
  readonly name: string;
  readonly immediate: Immediate;
  readonly flow: Flow;
  /** Fuel units charged for one execution, apart from what depends on operands. */
  readonly cost: number;
  /** Bits of `Use`. */
  readonly uses: number;
}

/** What the presence of an operator tells about a module. */
export const Use = {
  gc: 1,
  threads: 2,
  simd: 4,
  relaxedSimd: 8,
  bulkMemory: 16,
  tailCall: 32,
  exceptions: 64,
  legacyExceptions: 128,
  signExtension: 256,
  saturatingConversion: 512,
  referenceTypes: 1024,
  functionReferences: 2048,
  /** Not a proposal: the operator writes to a table. */
  tableWrite: 4096,
  /** Nor this: it hides a garbage-collected object. */
  externConversion: 8192,
} as const;

const featureNames: readonly (readonly [bit: number, name: string])[] = [
  [Use.gc, "gc"],
  [Use.threads, "threads"],
  [Use.simd, "simd"],
  [Use.relaxedSimd, "relaxed-simd"],
  [Use.bulkMemory, "bulk-memory"],
  [Use.tailCall, "tail-call"],
  [Use.exceptions, "exceptions"],
  [Use.legacyExceptions, "legacy-exceptions"],
  [Use.signExtension, "sign-extension"],
  [Use.saturatingConversion, "nontrapping-float-to-int"],
  [Use.referenceTypes, "reference-types"],
  [Use.functionReferences, "function-references"],
];

/** Names of the proposals whose operators were used. */
export function usedFeatures(uses: number): string[] {
  return featureNames.filter(([bit]) => (uses & bit) !== 0).map(([, name]) => name);
}

const usePatterns: readonly (readonly [pattern: RegExp, uses: number])[] = [
  [/^(memory\.(copy|fill|init)|table\.(copy|init)|data\.drop|elem\.drop)$/, Use.bulkMemory],
  [/^table\.(set|grow|fill|copy|init)$/, Use.tableWrite],
  [/^(table\.(get|set|grow|fill|size)|ref\.(null|is_null|func)|select_t)$/, Use.referenceTypes],
  [/^return_call/, Use.tailCall],
  [/^(try_table|throw|throw_ref)$/, Use.exceptions],
  [/^(try|catch|catch_all|delegate|rethrow)$/, Use.legacyExceptions],
  [/extend(8|16)_s$|extend32_s$/, Use.signExtension],
  [/trunc_sat/, Use.saturatingConversion],
  [/call_ref$|^br_on_n|as_non_null$/, Use.functionReferences],
  [/^(struct|array|i31|any|extern|br_on_cast|ref\.(eq|test|cast|i31))/, Use.gc],
  [/^extern\.convert_any$/, Use.externConversion],
  [/atomic/, Use.threads],
];

function usesOf(name: string): number {
  return usePatterns.reduce((uses, [pattern, bits]) => (pattern.test(name) ? uses | bits : uses), 0);
}

type Row = readonly [code: number, name: string, immediate?: Immediate, flow?: Flow];

const I = Immediate;
const F = Flow;

/** Operators that cost nothing; every other costs 1 (Wasmtime 50.0.1, default operator cost). */
const free = new Set(["nop", "drop", "block", "loop", "unreachable", "return", "else", "end"]);

const mvp: readonly Row[] = [
  [0x00, "unreachable", I.none, F.unreachable],
  [0x01, "nop"],
  [0x02, "block", I.blockType, F.block],
  [0x03, "loop", I.blockType, F.loop],
  [0x04, "if", I.blockType, F.if],
  [0x05, "else", I.none, F.else],
  [0x06, "try", I.blockType, F.try],
  [0x07, "catch", I.index, F.catch],
  [0x08, "throw", I.index, F.throw],
  [0x09, "rethrow", I.index, F.throw],
  [0x0a, "throw_ref", I.none, F.throw],
  [0x0b, "end", I.none, F.end],
  [0x0c, "br", I.label, F.br],
  [0x0d, "br_if", I.label, F.brIf],
  [0x0e, "br_table", I.labels, F.brTable],
  [0x0f, "return", I.none, F.return],
  [0x10, "call", I.func, F.call],
  [0x11, "call_indirect", I.indirect, F.call],
  [0x12, "return_call", I.func, F.tailCall],
  [0x13, "return_call_indirect", I.indirect, F.tailCall],
  [0x14, "call_ref", I.index, F.call],
  [0x15, "return_call_ref", I.index, F.tailCall],
  [0x18, "delegate", I.index, F.delegate],
  [0x19, "catch_all", I.none, F.catch],
  [0x1a, "drop"],
  [0x1b, "select"],
  [0x1c, "select_t", I.valueTypes],
  [0x1f, "try_table", I.tryTable, F.tryTable],
  [0x20, "local.get", I.local],
  [0x21, "local.set", I.local],
  [0x22, "local.tee", I.local],
  [0x23, "global.get", I.global],
  [0x24, "global.set", I.global],
  [0x25, "table.get", I.index],
  [0x26, "table.set", I.index],
  [0x3f, "memory.size", I.index],
  [0x40, "memory.grow", I.index, F.replaced],
  [0x41, "i32.const", I.leb32],
  [0x42, "i64.const", I.leb64],
  [0x43, "f32.const", I.bytes4],
  [0x44, "f64.const", I.bytes8],
  [0xd0, "ref.null", I.heapType],
  [0xd1, "ref.is_null"],
  [0xd2, "ref.func", I.funcRef],
  [0xd3, "ref.eq"],
  [0xd4, "ref.as_non_null"],
  [0xd5, "br_on_null", I.label, F.brIf],
  [0xd6, "br_on_non_null", I.label, F.brIf],
];

const memoryNames =
  "i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u i64.load8_s i64.load8_u " +
  "i64.load16_s i64.load16_u i64.load32_s i64.load32_u i32.store i64.store f32.store f64.store i32.store8 " +
  "i32.store16 i64.store8 i64.store16 i64.store32";

const numericNames =
  "i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u i64.eqz i64.eq " +
  "i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u f32.eq f32.ne f32.lt f32.gt " +
  "f32.le f32.ge f64.eq f64.ne f64.lt f64.gt f64.le f64.ge i32.clz i32.ctz i32.popcnt i32.add i32.sub i32.mul " +
  "i32.div_s i32.div_u i32.rem_s i32.rem_u i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr " +
  "i64.clz i64.ctz i64.popcnt i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u i64.and i64.or " +
  "i64.xor i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest " +
  "f32.sqrt f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign f64.abs f64.neg f64.ceil f64.floor " +
  "f64.trunc f64.nearest f64.sqrt f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign i32.wrap_i64 " +
  "i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u i64.extend_i32_s i64.extend_i32_u " +
  "i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u f32.convert_i32_s f32.convert_i32_u " +
  "f32.convert_i64_s f32.convert_i64_u f32.demote_f64 f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s " +
  "f64.convert_i64_u f64.promote_f32 i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 " +
  "f64.reinterpret_i64 i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s";

const bulk: readonly Row[] = [
  [0, "i32.trunc_sat_f32_s"],
  [1, "i32.trunc_sat_f32_u"],
  [2, "i32.trunc_sat_f64_s"],
  [3, "i32.trunc_sat_f64_u"],
  [4, "i64.trunc_sat_f32_s"],
  [5, "i64.trunc_sat_f32_u"],
  [6, "i64.trunc_sat_f64_s"],
  [7, "i64.trunc_sat_f64_u"],
  [8, "memory.init", I.index2, F.replaced],
  [9, "data.drop", I.index, F.drop],
  [10, "memory.copy", I.index2, F.replaced],
  [11, "memory.fill", I.index, F.replaced],
  [12, "table.init", I.index2, F.replaced],
  [13, "elem.drop", I.index, F.drop],
  [14, "table.copy", I.index2, F.replaced],
  [15, "table.grow", I.index, F.replaced],
  [16, "table.size", I.index],
  [17, "table.fill", I.index, F.replaced],
];

const gc: readonly Row[] = [
  [0, "struct.new", I.index, F.allocate],
  [1, "struct.new_default", I.index, F.allocate],
  [2, "struct.get", I.index2],
  [3, "struct.get_s", I.index2],
  [4, "struct.get_u", I.index2],
  [5, "struct.set", I.index2],
  [6, "array.new", I.index, F.replaced],
  [7, "array.new_default", I.index, F.replaced],
  [8, "array.new_fixed", I.index2, F.allocate],
  [9, "array.new_data", I.index2, F.replaced],
  [10, "array.new_elem", I.index2, F.replaced],
  [11, "array.get", I.index],
  [12, "array.get_s", I.index],
  [13, "array.get_u", I.index],
  [14, "array.set", I.index],
  [15, "array.len"],
  [16, "array.fill", I.index, F.replaced],
  [17, "array.copy", I.index2, F.replaced],
  [18, "array.init_data", I.index2, F.replaced],
  [19, "array.init_elem", I.index2, F.replaced],
  [20, "ref.test", I.heapType],
  [21, "ref.test_null", I.heapType],
  [22, "ref.cast", I.heapType],
  [23, "ref.cast_null", I.heapType],
  [24, "br_on_cast", I.branchOnCast, F.brIf],
  [25, "br_on_cast_fail", I.branchOnCast, F.brIf],
  [26, "any.convert_extern"],
  [27, "extern.convert_any"],
  [28, "ref.i31"],
  [29, "i31.get_s"],
  [30, "i31.get_u"],
];

/** SIMD opcodes 0..275 by shape: loads and stores, lanes, constants; the rest has no immediates. */
const simdMemargs: readonly (readonly [number, number])[] = [
  [0, 11],
  [92, 93],
];
const simdMaxCode = 0x113;

/** Atomic operators: notify, wait32, wait64, fence (3), then accesses 0x10 to 0x4e. */
const atomicAccess: readonly [number, number] = [0x10, 0x4e];

function place(target: (Opcode | undefined)[], rows: readonly Row[]): void {
  for (const [code, name, immediate, flow] of rows) {
    target[code] = {
      name,
      immediate: immediate ?? I.none,
      flow: flow ?? F.plain,
      cost: free.has(name) ? 0 : 1,
      uses: usesOf(name),
    };
  }
}

function numbered(names: string, first: number, immediate: Immediate): Row[] {
  return names.split(" ").map((name, index): Row => [first + index, name, immediate]);
}

function oneByteTable(): readonly (Opcode | undefined)[] {
  const table: (Opcode | undefined)[] = Array.from({ length: 256 }, () => undefined);
  place(table, mvp);
  place(table, numbered(memoryNames, 0x28, I.memarg));
  place(table, numbered(numericNames, 0x45, I.none));
  return table;
}

function simdImmediate(code: number): Immediate {
  if (simdMemargs.some(([from, to]) => code >= from && code <= to)) return I.memarg;
  if (code === 12 || code === 13) return I.bytes16;
  if (code >= 21 && code <= 34) return I.byte;
  if (code >= 84 && code <= 91) return I.memargLane;
  return I.none;
}

function simdTable(): readonly (Opcode | undefined)[] {
  return Array.from({ length: simdMaxCode + 1 }, (_, code) => ({
    name: `simd.0x${code.toString(16)}`,
    immediate: simdImmediate(code),
    flow: F.plain,
    cost: 1,
    uses: code < 0x100 ? Use.simd : Use.simd | Use.relaxedSimd,
  }));
}

function atomicTable(): readonly (Opcode | undefined)[] {
  const table: (Opcode | undefined)[] = [];
  place(table, [
    [0, "memory.atomic.notify", I.memarg, F.replaced],
    [1, "memory.atomic.wait32", I.memarg, F.replaced],
    [2, "memory.atomic.wait64", I.memarg, F.replaced],
    [3, "atomic.fence", I.byte],
  ]);
  const [first, last] = atomicAccess;
  for (let code = first; code <= last; code++) place(table, [[code, `atomic.0x${code.toString(16)}`, I.memarg]]);
  return table;
}

function bulkTable(): readonly (Opcode | undefined)[] {
  const table: (Opcode | undefined)[] = [];
  place(table, bulk);
  return table;
}

function gcTable(): readonly (Opcode | undefined)[] {
  const table: (Opcode | undefined)[] = [];
  place(table, gc);
  return table;
}

/** Opcodes of one byte; the prefixes 0xfb to 0xfe are not in it. */
export const oneByteOpcodes = oneByteTable();

/** Opcodes behind a prefix byte, by the LEB128 number that follows it. */
export const prefixedOpcodes: ReadonlyMap<number, readonly (Opcode | undefined)[]> = new Map([
  [0xfb, gcTable()],
  [0xfc, bulkTable()],
  [0xfd, simdTable()],
  [0xfe, atomicTable()],
]);
