// Where the conformance data is: beside the checkout, never in it. Tests that need it are skipped, saying so, without.

import { existsSync, globSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Ends in a slash. */
export const conformanceRoot = fileURLToPath(new URL("../../../../../shared/conformance/", import.meta.url));

/** Files under the conformance folder, sorted; none where the data is absent. */
export function conformanceFiles(pattern: string): string[] {
  return globSync(pattern, { cwd: conformanceRoot })
    .map((file) => conformanceRoot + file)
    .toSorted();
}

/** For `test(name, needs("core/spec"), ...)`: skips with a notice where the folder is absent. */
export function needs(folder: string): { readonly skip: string | false } {
  return {
    skip: existsSync(conformanceRoot + folder) ? false : `conformance data is absent: ${conformanceRoot}${folder}`,
  };
}
