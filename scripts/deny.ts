// Checks package-lock.json against our rules about dependencies: `npm run deny`. Exits 1 with a line per violation.

import { readFileSync } from "node:fs";
import { findViolations } from "./deny-rules.ts";
import type { DenyPolicy } from "./deny-rules.ts";
import { parseLockfile } from "./lockfile.ts";

const POLICY: DenyPolicy = {
  platforms: new Map([
    ["linux-x64", { os: "linux", cpu: "x64", libc: "glibc" }],
    ["darwin-x64", { os: "darwin", cpu: "x64", libc: "" }],
    ["darwin-arm64", { os: "darwin", cpu: "arm64", libc: "" }],
  ]),
  allowedLicences: new Set([
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "0BSD",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    // Permissive, approved by the OSI; asks for the text or a link to it only. minimatch, semver's cache and tar have it,
    // all of them under development tools.
    "BlueOak-1.0.0",
  ]),
  clarifiedLicences: new Map([
    ["@bytecodealliance/componentize-js", { licence: "Apache-2.0 WITH LLVM-exception", source: "its LICENSE file" }],
    [
      "@bytecodealliance/componentize-js-0-19-3",
      { licence: "Apache-2.0 WITH LLVM-exception", source: "its LICENSE file" },
    ],
  ]),
  banned: new Map([
    ["event-stream", "was taken over to steal keys in 2018"],
    ["node-ipc", "was changed to destroy files in 2022"],
    ["ua-parser-js", "was taken over to mine coins in 2021"],
    ["node-gyp", "builds native add-ons while installing; we have none"],
    ["request", "unmaintained since 2020; Node has fetch"],
    ["lodash", "ECMAScript has what we need of it"],
    ["moment", "unmaintained; Date and Intl do"],
  ]),
};

const violations = findViolations(parseLockfile(readFileSync("package-lock.json", "utf8")), POLICY);
for (const line of violations) console.error(line);
console.log(`deny: ${violations.length} violations for ${[...POLICY.platforms.keys()].join(", ")}`);
process.exitCode = violations.length === 0 ? 0 : 1;
