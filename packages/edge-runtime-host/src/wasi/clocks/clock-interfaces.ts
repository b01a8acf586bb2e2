// The interfaces of wasi:clocks by name.

import type { HostInstance } from "edge-runtime-core";
import type { WasiPlatform } from "../wasi-imports.ts";
import { createMonotonicClock } from "./monotonic-clock.ts";
import { createWallClock, timezoneInterface } from "./wall-clock.ts";

export function createClocks(platform: WasiPlatform): [name: string, offered: HostInstance][] {
  return [
    ["wasi:clocks/monotonic-clock@0.2.12", createMonotonicClock(platform)],
    ["wasi:clocks/wall-clock@0.2.12", createWallClock(platform)],
    ["wasi:clocks/timezone@0.2.12", timezoneInterface],
  ];
}
