// What a guest is charged, as data with a version: an artifact rewritten under another version is not accepted.
// Operator costs stand in ../binary/opcodes.ts; here is what depends on operands, and the host's own work.
// Source: Wasmtime 50.0.1 (PyPI), default `OperatorCost` and `VariableOperatorCost`, measured with `consume_fuel`.

export const costTable = {
  version: 3,
  /** Added at each function entry. */
  functionEntry: 1,
  memoryBytes: 1,
  memoryGrowPage: 1,
  tableElement: 1,
  tableGrowElement: 1,
  /** Lifting and lowering: a byte of a string, or of a list of numbers. */
  abiByte: 1,
  /**
   * Lifting and lowering: each part of each element of another list, the element itself being one; and the parts of
   * parameters or a result, the first 16 of which are free. About 10 to 100 ns, as an operator's slowest.
   */
  abiValue: 1,
} as const;

/**
 * Most operators between two checks on any path, per frame. With it, slice + maxUnchecked x stack depth stays far
 * below 2^31 and the 32-bit counter cannot wrap.
 */
export const maxUnchecked = 256;

/** Deadline metering: most operators of a region that are charged at its head; more are charged on the way. */
export const maxRegion = 8000;

/** Most fuel of a function that is not metered itself but charged by its callers. */
export const maxStaticCost = 4096;

/** Counts of bulk operations and growth up to this, where the operand is a constant, are charged with the operator. */
export const smallCount = 128;

/** Most bytes that one bulk memory operation moves between two checks. */
export const bulkChunkBytes = 1 << 20;

/** Most elements that one bulk table or array operation moves between two checks; functions take 20 ns each. */
export const bulkChunkElements = 1 << 14;

/** Locals that V8 admits in one function, parameters included. */
export const maxFunctionLocals = 50_000;

/** Bytes that V8 admits in one function body. */
export const maxFunctionBytes = 7_654_321;

/**
 * Most branches to one label, and most places of a function that may throw into handlers of its own. V8's optimizing
 * compiler ends the process where more than 65,535 paths meet; unrolled loops may hold a branch four times.
 */
export const maxMergedPaths = 16_000;
