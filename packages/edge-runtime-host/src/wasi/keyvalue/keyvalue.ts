// wasi:keyvalue in the versions that guests import: the first draft (wasmCloud, Wasmtime) and draft2 (Spin).

import type { HostImports } from "edge-runtime-core";
import { bucketResource } from "./bucket-access.ts";
import { atomicsInterface, firstAtomicsInterface } from "./key-value-atomics.ts";
import { batchInterface } from "./key-value-batch.ts";
import { numberedCursors, storeInterface, textCursors } from "./key-value-store.ts";

export function keyValueInterfaces(): HostImports {
  const first = bucketResource();
  const second = bucketResource();
  return new Map([
    ["wasi:keyvalue/store@0.2.0-draft", storeInterface(first, numberedCursors)],
    ["wasi:keyvalue/atomics@0.2.0-draft", firstAtomicsInterface(first)],
    ["wasi:keyvalue/batch@0.2.0-draft", batchInterface(first)],
    ["wasi:keyvalue/store@0.2.0-draft2", storeInterface(second, textCursors)],
    ["wasi:keyvalue/atomics@0.2.0-draft2", atomicsInterface(second)],
    ["wasi:keyvalue/batch@0.2.0-draft2", batchInterface(second)],
  ]);
}
