// The interfaces of wasi:cli by name, but for `run`, which guests export.

import type { HostInstance } from "edge-runtime-core";
import type { WasiPlatform } from "../wasi-imports.ts";
import { environmentInterface } from "./environment.ts";
import { exitInterface } from "./exit.ts";
import { createStdioInterfaces } from "./stdio.ts";
import { terminalInterfaces } from "./terminals.ts";

export function createCliInterfaces(platform: WasiPlatform): (readonly [name: string, offered: HostInstance])[] {
  return [
    ["wasi:cli/environment@0.2.12", environmentInterface],
    ["wasi:cli/exit@0.2.12", exitInterface],
    ...createStdioInterfaces(platform),
    ...terminalInterfaces,
  ];
}
