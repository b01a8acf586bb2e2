import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { CompilationFailed } from "edge-runtime-common";
import fc from "fast-check";
import { decodeComponent, linkComponent } from "../../../src/component/index.ts";
import { leb, name, section } from "../../support/module-builder.ts";
import { libc } from "../living-component.ts";
import { componentBytes, componentHeader, SectionId } from "./component-bytes.ts";

function refuses(bytes: Uint8Array, message: RegExp): void {
  assert.throws(
    () => decodeComponent(bytes),
    (error) => error instanceof CompilationFailed && message.test(error.message),
    String(message),
  );
}

const { type, canon, coreInstance, instance, alias, coreModule, component, custom } = SectionId;

const malformed: readonly (readonly [what: string, bytes: Uint8Array, message: RegExp])[] = [
  ["no bytes", new Uint8Array(), /too short/],
  ["garbage", new Uint8Array(16).fill(7), /magic number/],
  ["a core module", new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), /core module where a component/],
  ["binary version 0xb", new Uint8Array([0, 0x61, 0x73, 0x6d, 0xb, 0, 1, 0]), /version 0xb is not supported/],
  ["binary version 0xc", new Uint8Array([0, 0x61, 0x73, 0x6d, 0xc, 0, 1, 0]), /version 0xc is not supported/],
  ["a section beyond the end", new Uint8Array([...componentHeader, 7, 5, 0]), /section 7 of 5 bytes exceeds/],
  ["an unknown section", componentBytes([13, 0]), /unknown component section 13/],
  ["content behind the last item", componentBytes([type, 1, 0x7f, 0x7f]), /longer than its content/],
  ["a count over the bytes that are left", componentBytes([type, ...leb(0xffff_ffff)]), /count 4294967295 exceeds/],
  ["a LEB128 of six bytes", componentBytes([type, 0x80, 0x80, 0x80, 0x80, 0x80, 0]), /integer too large/],
  ["a custom section without a name", componentBytes([custom]), /unexpected end/],
  ["an empty record", componentBytes([type, 1, 0x72, 0]), /record type must not be empty/],
  ["an empty tuple", componentBytes([type, 1, 0x6f, 0]), /tuple type must not be empty/],
  ["a field that is not kebab case", componentBytes([type, 1, 0x72, 1, ...name("a_b"), 0x7f]), /kebab case/],
  [
    "two fields of one name",
    componentBytes([type, 1, 0x72, 2, ...name("a"), 0x7f, ...name("A"), 0x7f]),
    /"A" is used twice/,
  ],
  [
    "33 flags",
    componentBytes([type, 1, 0x6e, 33, ...Array.from({ length: 33 }, (_, at) => name(`f${at}`)).flat()]),
    /more than 32 flags/,
  ],
  ["an unknown type", componentBytes([type, 1, 0x50]), /unknown type 0x50/],
  ["an unknown primitive", componentBytes([type, 1, 0x70, 0x60]), /malformed value type/],
  ["a resource inside a type", componentBytes([type, 1, 0x42, 1, 0x01, 0x3f, 0x7f, 0]), /within a type/],
  ["an import inside an instance type", componentBytes([type, 1, 0x42, 1, 0x03, 0]), /no imports/],
  ["an unknown canon", componentBytes([canon, 1, 0x7f]), /unknown canonical definition 0x7f/],
  ["an unknown option", componentBytes([canon, 1, 0x01, 0, 0, 1, 0x20]), /unknown canonical option 0x20/],
  ["a memory given twice", componentBytes([canon, 1, 0x01, 0, 0, 2, 0x03, 0, 0x03, 0]), /memory is given twice/],
  ["two encodings", componentBytes([canon, 1, 0x01, 0, 0, 2, 0x00, 0x01]), /two string encodings/],
  ["an unknown core instance", componentBytes([coreInstance, 1, 2]), /unknown core instance form/],
  ["an unknown instance", componentBytes([instance, 1, 2]), /unknown instance form/],
  ["an unknown alias", componentBytes([alias, 1, 0x01, 3, 0, 0]), /unknown form of alias/],
  ["an unknown sort", componentBytes([alias, 1, 0x09, 0, 0, 0]), /unknown sort 0x9/],
  ["a core module that is none", componentBytes([coreModule, 1, 2, 3, 4, 5, 6, 7, 8]), /magic number/],
  ["a core module that is a component", componentBytes([coreModule, ...componentHeader]), /holds a component/],
  ["an import with a bad name", componentBytes([SectionId.import, 1, 0, ...name("a_b"), 1, 0]), /"a_b" is not a valid/],
  ["invalid UTF-8", componentBytes([SectionId.import, 1, 0, 1, 0xff, 1, 0]), /UTF-8/],
];

for (const [what, bytes, message] of malformed) {
  test(`component: refuses ${what}`, () => refuses(bytes, message));
}

const unsupported: readonly (readonly [feature: RegExp, bytes: Uint8Array])[] = [
  [/async function types \(WASI 0\.3\)/, componentBytes([type, 1, 0x43, 0, 1, 0])],
  [/async lift \(WASI 0\.3\)/, componentBytes([canon, 1, 0x00, 0, 0, 1, 0x06, 0])],
  [/async lower \(WASI 0\.3\)/, componentBytes([canon, 1, 0x01, 0, 0, 1, 0x06])],
  [/callback/, componentBytes([canon, 1, 0x00, 0, 0, 1, 0x07, 0, 0])],
  [/task\.return/, componentBytes([canon, 1, 0x09, 1, 0, 0])],
  [/waitable-set\.wait/, componentBytes([canon, 1, 0x20, 0, 0])],
  [/error-context\.new/, componentBytes([canon, 1, 0x1c, 0])],
  [/threads/, componentBytes([canon, 1, 0x40, 0, 0])],
  [/the GC canonical ABI/, componentBytes([canon, 1, 0x01, 0, 0, 1, 0x09])],
  [/streams/, componentBytes([type, 1, 0x66, 0])],
  [/futures/, componentBytes([type, 1, 0x65, 0])],
  [/error contexts/, componentBytes([type, 1, 0x70, 0x64])],
  [/lists of a fixed length over 100000/, componentBytes([type, 1, 0x67, 0x7d, 0xa1, 0x8d, 0x06])],
  [/a start function/, componentBytes([SectionId.start, 0, 0, 0])],
  [/values/, componentBytes([SectionId.value, 0])],
  [/garbage-collected core types/, componentBytes([SectionId.coreType, 1, 0x5f, 0])],
];

for (const [feature, bytes] of unsupported) {
  test(`component: names the unsupported feature ${feature.source}`, () => {
    refuses(bytes, new RegExp(`component uses .*${feature.source}.*, which is not supported`));
    refuses(bytes, /at offset 0x/);
  });
}

test("component: errors name offsets in the file, within nested components too", () => {
  const inner = componentBytes([type, 1, 0x50]);
  refuses(componentBytes([component, ...inner]), /unknown type 0x50 \(at offset 0x15\)/);
});

test("component: refuses nesting over 100 levels", () => {
  const nest = (bytes: Uint8Array, levels: number): Uint8Array =>
    levels === 0 ? bytes : nest(new Uint8Array([...componentHeader, ...section(component, [...bytes])]), levels - 1);
  assert.doesNotThrow(() => decodeComponent(nest(componentBytes(), 90)));
  refuses(nest(componentBytes(), 101), /nests more than 100 deep/);
});

test("component: refuses types that nest without end", () => {
  const levels = Array.from({ length: 5000 }, () => [0x42, 1, 0x01]).flat();
  refuses(componentBytes([type, 1, ...levels, 0x7f]), /nests more than 100 deep/);
});

test("component: refuses more definitions than a component may have", () => {
  const one = 0x7f;
  const many = Array.from({ length: 200_001 }, () => one);
  refuses(componentBytes([type, ...leb(many.length), ...many]), /more than 200000 definitions/);
});

const sample = `(component
  (import "host:log/log@1.0.0" (instance $log (export "log" (func (param "message" string)))))
  ${libc}
  (core func $log (canon lower (func $log "log") (memory $memory)))
  (core module $main
    (import "" "log" (func $log (param i32 i32)))
    (func (export "run") (param i32 i32) (call $log (local.get 0) (local.get 1))))
  (core instance $main (instantiate $main (with "" (instance (export "log" (func $log))))))
  (func (export "run") (param "message" string)
    (canon lift (core func $main "run") (memory $memory) (realloc $realloc))))`;

/** Decoding and linking either succeed or fail with a typed error. */
function linksOrFails(bytes: Uint8Array): boolean {
  try {
    const { plan } = linkComponent(bytes);
    return JSON.stringify(plan).length > 0;
  } catch (error) {
    assert.ok(error instanceof CompilationFailed, String(error));
    assert.equal(error.cause, undefined, String(error.cause));
    return false;
  }
}

test("component: every truncation links or fails with a typed error", async () => {
  const bytes = await parse(sample);
  assert.ok(linksOrFails(bytes));
  for (let length = 0; length < bytes.length; length++) linksOrFails(bytes.subarray(0, length));
});

test("component: corrupt bytes link or fail with a typed error", async () => {
  const bytes = await parse(sample);
  const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const corrupt = bytes.slice();
      for (const [at, value] of changes) corrupt[at] = value;
      linksOrFails(corrupt);
    }),
    { numRuns: 3000, seed: 20_261_122 },
  );
});
