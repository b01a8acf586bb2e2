// Binary modules that the text format cannot express or that would be slow to write in it: hostile names, counts of
// locals, raw bodies. Sections are given as content bytes.

export type Bytes = readonly number[];

export const header: Bytes = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** Unsigned LEB128, shortest form. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const more = rest >= 0x80 ? 0x80 : 0;
    bytes.push((rest % 0x80) | more);
    rest = Math.floor(rest / 0x80);
  } while (rest > 0);
  return bytes;
}

export function name(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...leb(bytes.length), ...bytes];
}

export function vector(items: readonly Bytes[]): number[] {
  return [...leb(items.length), ...items.flat()];
}

export function section(id: number, content: Bytes): number[] {
  return [id, ...leb(content.length), ...content];
}

export interface FunctionSpec {
  /** Groups of locals: count and bytes of the type. */
  readonly locals?: readonly (readonly [count: number, type: number | Bytes])[];
  /** Instructions, the last `end` included. */
  readonly code: Bytes;
}

export interface ModuleSpec {
  readonly types: readonly Bytes[];
  /** Module, name, description bytes. */
  readonly imports?: readonly (readonly [module: string, name: string, description: Bytes])[];
  /** Type index of each defined function. */
  readonly functions: readonly number[];
  /** Sections between function and export, ready made. */
  readonly middle?: readonly Bytes[];
  readonly exports?: readonly (readonly [name: string, kind: number, index: number])[];
  /** Sections between export and code, ready made. */
  readonly after?: readonly Bytes[];
  readonly bodies: readonly FunctionSpec[];
  /** Data segments. */
  readonly data?: readonly Bytes[];
}

export function moduleBytes(spec: ModuleSpec): Uint8Array {
  const imports = (spec.imports ?? []).map(([module, item, description]) => [
    ...name(module),
    ...name(item),
    ...description,
  ]);
  const exports = (spec.exports ?? []).map(([item, kind, index]) => [...name(item), kind, ...leb(index)]);
  const bodies = spec.bodies.map(({ locals, code }) => {
    const groups = vector((locals ?? []).map(([count, type]) => [...leb(count), ...[type].flat()]));
    return [...leb(groups.length + code.length), ...groups, ...code];
  });
  return new Uint8Array([
    ...header,
    ...section(1, vector(spec.types)),
    ...(imports.length === 0 ? [] : section(2, vector(imports))),
    ...section(3, vector(spec.functions.map(leb))),
    ...(spec.middle ?? []).flat(),
    ...(exports.length === 0 ? [] : section(7, vector(exports))),
    ...(spec.after ?? []).flat(),
    ...section(10, vector(bodies)),
    ...(spec.data === undefined ? [] : section(11, vector(spec.data))),
  ]);
}
