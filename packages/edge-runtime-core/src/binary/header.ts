// The eight bytes that tell a core module from a component from anything else.
// Spec: core "Modules: magic, version"; component-model Binary.md "Component Definitions": version 0x0d, layer 1.

import { CompilationFailed } from "edge-runtime-common";

export type ModuleKind = "core" | "component";

const magic = [0x00, 0x61, 0x73, 0x6d] as const;

/**
 * Tells what the bytes claim to be from their first eight bytes.
 *
 * @throws CompilationFailed where they are too short, have another magic number, or a version that is not supported.
 */
export function validateWasmHeader(bytes: Uint8Array): ModuleKind {
  if (bytes.length < 8)
    throw new CompilationFailed(`too short for WebAssembly: ${bytes.length} bytes, at least 8 needed`);
  if (magic.some((byte, index) => bytes[index] !== byte)) {
    throw new CompilationFailed("not WebAssembly: the magic number \\0asm is missing at offset 0");
  }
  const version = (bytes[4] ?? 0) | ((bytes[5] ?? 0) << 8);
  const layer = (bytes[6] ?? 0) | ((bytes[7] ?? 0) << 8);
  if (layer === 0 && version === 1) return "core";
  if (layer === 1 && version === 0x0d) return "component";
  if (layer === 1) {
    throw new CompilationFailed(
      `component binary version 0x${version.toString(16)} is not supported (only 0xd is): build it again with current tools`,
    );
  }
  throw new CompilationFailed(`unknown binary version ${version} (layer ${layer})`);
}
