// The bytes of cases: those under way in the folder of their process, those that failed beside it.

import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

export const moduleFile = "module.wasm";
export const corruptFile = "corrupt.bin";
/** Empty where the module is not linked to another. */
export const libraryFile = "library.wasm";

/** Copies the bytes of the case under way. Nobody may write to them meanwhile. */
export function keepCase(scratch: string, folder: string, name: string): void {
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(scratch, moduleFile), join(folder, `${name}.wasm`));
  copyFileSync(join(scratch, libraryFile), join(folder, `${name}.library.wasm`));
  copyFileSync(join(scratch, corruptFile), join(folder, `${name}.corrupt.bin`));
}
