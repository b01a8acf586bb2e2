// Who may import whom: the one table behind the tests, to be read beside the lint rules of .oxlintrc.json and the
// table of CONTRIBUTING.md, which must say the same.

/** Packages in their direction; each may import those to its left in its row. */
export const PACKAGE_TABLE: Readonly<Record<string, readonly string[]>> = {
  "edge-runtime-common": [],
  "edge-runtime-core": ["edge-runtime-common"],
  "edge-runtime-host": ["edge-runtime-common", "edge-runtime-core"],
  "edge-runtime-server": ["edge-runtime-common", "edge-runtime-core", "edge-runtime-host"],
  "edge-runtime-cli": ["edge-runtime-common", "edge-runtime-core", "edge-runtime-host", "edge-runtime-server"],
  "edge-runtime-testing": ["edge-runtime-common", "edge-runtime-core"],
};

/** Folders of core's sources by what they may import at run time. Types may be named in any direction. */
export const CORE_FOLDER_TABLE: Readonly<Record<string, readonly string[]>> = {
  binary: [],
  instrument: ["binary"],
  "canonical-abi": ["binary"],
  component: ["binary", "canonical-abi"],
  pool: [],
  engine: ["binary", "instrument", "canonical-abi", "component", "pool"],
};

/** Packages whose sources use ECMAScript and WebAssembly only. */
export const PLATFORM_FREE: readonly string[] = ["edge-runtime-common", "edge-runtime-core"];

/** Globals of Node.js and the web that platform-free sources do without. */
export const PLATFORM_GLOBALS: readonly string[] = [
  "process",
  "Buffer",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "clearTimeout",
  "clearInterval",
  "clearImmediate",
  "queueMicrotask",
  "performance",
  "fetch",
  "console",
  "crypto",
  "structuredClone",
  "TextEncoder",
  "TextDecoder",
  "URL",
  "URLSearchParams",
  "AbortController",
  "AbortSignal",
  "Worker",
  "MessageChannel",
  "global",
  "navigator",
  "require",
  "__dirname",
  "__filename",
];
