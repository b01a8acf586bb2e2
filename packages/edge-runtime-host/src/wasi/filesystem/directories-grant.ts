// Which directories of the host a function may use. Without a grant there are none.

import type { Grant } from "edge-runtime-core";

export interface GrantedDirectory {
  /** Path on the host; relative ones count from the process's working directory. Symbolic links in it are followed. */
  readonly host: string;
  /** What guests call it, e.g. `/data`. */
  readonly guest: string;
  /** Guests may create, change and delete. Otherwise they can only read. */
  readonly isWritable: boolean;
}

export const DIRECTORIES: Grant<readonly GrantedDirectory[]> = { name: "directories", none: [] };
