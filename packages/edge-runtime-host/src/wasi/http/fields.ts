// Header and trailer fields: entries in order, with the case that they were written in, found without it. A list is
// shared by all that show it (a request and the `headers` that a guest asked it for), and counted until the last is gone.

import { WasiError } from "edge-runtime-common";
import { err, ok } from "../results.ts";
import type { Result } from "../results.ts";
import { isFieldValue, isForbidden, isToken, mayTrail, toLatin1 } from "./header-syntax.ts";
import type { HeaderError } from "./http-types.ts";
import type { HttpUsage } from "./http-limits.ts";
import { FIELD_OVERHEAD, MAX_FIELDS_BYTES } from "./http-limits.ts";

export type FieldEntry = readonly [name: string, value: Uint8Array];

interface Field {
  readonly lowerName: string;
  readonly entry: FieldEntry;
}

function bytesOf([name, value]: FieldEntry): number {
  return name.length + value.length + FIELD_OVERHEAD;
}

class FieldList {
  fields: Field[] = [];
  #bytes = 0;
  #holders = 0;
  readonly #usage: HttpUsage | undefined;

  /** Undefined: not the guest's to answer for. */
  constructor(usage: HttpUsage | undefined) {
    this.#usage = usage;
  }

  hold(): this {
    this.#holders += 1;
    return this;
  }

  letGo(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    this.fields = [];
    this.count(-this.#bytes);
  }

  count(bytes: number): void {
    if (this.#usage === undefined) return;
    this.#bytes += bytes;
    if (this.#bytes > MAX_FIELDS_BYTES) {
      throw new WasiError(`wasi:http: more than ${MAX_FIELDS_BYTES} bytes in one fields`);
    }
    this.#usage.addFields(bytes);
  }
}

export class Fields {
  readonly #usage: HttpUsage;
  readonly #list: FieldList;
  readonly #onClose: (() => void) | undefined;
  #isMutable: boolean;

  private constructor(usage: HttpUsage, list: FieldList, isMutable: boolean, onClose?: () => void) {
    this.#usage = usage;
    this.#list = list.hold();
    this.#isMutable = isMutable;
    this.#onClose = onClose;
  }

  /** No entries, mutable. */
  static create(usage: HttpUsage): Fields {
    return new Fields(usage, new FieldList(usage), true);
  }

  /** From a message that came in, whose size is bounded already: immutable, without what is not the guest's. */
  static received(usage: HttpUsage, entries: Iterable<FieldEntry>): Fields {
    const fields = new Fields(usage, new FieldList(undefined), true);
    for (const entry of entries) if (!isForbidden(entry[0].toLowerCase())) fields.#push(entry);
    fields.#isMutable = false;
    return fields;
  }

  /** Entries of a guest's, mutable. */
  static fromEntries(usage: HttpUsage, entries: readonly FieldEntry[]): Result<Fields, HeaderError> {
    const fields = Fields.create(usage);
    for (const entry of entries) {
      const fault = faultOf(entry[0], [entry[1]]);
      if (fault !== undefined) {
        fields.close();
        return err(fault);
      }
      fields.#push(entry);
    }
    return ok(fields);
  }

  #push(entry: FieldEntry): void {
    this.#list.count(bytesOf(entry));
    this.#list.fields.push({ lowerName: entry[0].toLowerCase(), entry });
  }

  /** The same list, immutable, as a child of what it belongs to. */
  share(onClose: () => void): Fields {
    return new Fields(this.#usage, this.#list, false, onClose);
  }

  clone(): Fields {
    const copy = Fields.create(this.#usage);
    for (const { entry } of this.#list.fields) copy.#push(entry);
    return copy;
  }

  /** Whoever owns them gives them up. */
  close(): void {
    this.#list.letGo();
    this.#onClose?.();
  }

  /** From now on they are part of a message. */
  freeze(): this {
    this.#isMutable = false;
    return this;
  }

  get entries(): readonly FieldEntry[] {
    return this.#list.fields.map(({ entry }) => entry);
  }

  get(name: string): Uint8Array[] {
    const lowerName = name.toLowerCase();
    return this.#list.fields.flatMap((field) => (field.lowerName === lowerName ? [field.entry[1]] : []));
  }

  has(name: string): boolean {
    const lowerName = name.toLowerCase();
    return this.#list.fields.some((field) => field.lowerName === lowerName);
  }

  set(name: string, values: readonly Uint8Array[]): Result<undefined, HeaderError> {
    const fault = this.#fault(name, values);
    if (fault !== undefined) return err(fault);
    this.#remove(name);
    for (const value of values) this.#push([name, value]);
    return ok();
  }

  append(name: string, value: Uint8Array): Result<undefined, HeaderError> {
    const fault = this.#fault(name, [value]);
    if (fault !== undefined) return err(fault);
    this.#push([name, value]);
    return ok();
  }

  delete(name: string): Result<undefined, HeaderError> {
    const fault = this.#fault(name, []);
    if (fault !== undefined) return err(fault);
    this.#remove(name);
    return ok();
  }

  #fault(name: string, values: readonly Uint8Array[]): HeaderError | undefined {
    return this.#isMutable ? faultOf(name, values) : { tag: "immutable" };
  }

  #remove(name: string): void {
    const lowerName = name.toLowerCase();
    const list = this.#list;
    const kept = list.fields.filter((field) => field.lowerName !== lowerName);
    if (kept.length === list.fields.length) return;
    const gone = list.fields.filter((field) => field.lowerName === lowerName);
    list.fields = kept;
    list.count(-gone.reduce((sum, { entry }) => sum + bytesOf(entry), 0));
  }

  /** What Content-Length says; undefined where it is absent, "invalid" where it is none or there are two that differ. */
  contentLength(): number | "invalid" | undefined {
    const texts = new Set(this.get("content-length").map(toLatin1));
    const [text, other] = texts;
    if (text === undefined) return undefined;
    const length = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
    return other === undefined && Number.isSafeInteger(length) ? length : "invalid";
  }

  /** Names and values in turn, values one character a byte. */
  flat(): string[] {
    return this.#list.fields.flatMap(({ entry: [name, value] }) => [name, toLatin1(value)]);
  }

  /** As `flat`, of what may be sent after a body. */
  flatTrailers(): string[] {
    return this.#list.fields.flatMap(({ lowerName, entry: [name, value] }) =>
      mayTrail(lowerName) ? [name, toLatin1(value)] : [],
    );
  }
}

function faultOf(name: string, values: readonly Uint8Array[]): HeaderError | undefined {
  if (!isToken(name) || !values.every(isFieldValue)) return { tag: "invalid-syntax" };
  return isForbidden(name.toLowerCase()) ? { tag: "forbidden" } : undefined;
}
