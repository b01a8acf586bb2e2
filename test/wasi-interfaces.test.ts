// The host's interfaces against the official WIT texts: every function's type, by linking; and docs/wasi.md, which must
// say what is offered. Texts of 0.2.12 come with jco; others lie beside the checkout (../shared/wit), where they are.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { hostInstance, wit } from "edge-runtime-core";
import type { HostImports } from "edge-runtime-core";
import {
  draftPackages,
  hostTable,
  hostUnderSurvey,
  readPage,
  undeclaredInterfaces,
  withTable,
} from "../scripts/wasi/host-table.ts";
import { InterfaceSurveyor } from "../scripts/wasi/interface-survey.ts";
import { bundledPackages, bundledVersion, interfaceName, readWitPackages } from "../scripts/wasi/wit-text.ts";
import type { WitPackage } from "../scripts/wasi/wit-text.ts";

const sharedWit = fileURLToPath(new URL("../../shared/wit/", import.meta.url));
const DRAFTS = new Set(["wasi:config", "wasi:keyvalue", "wasi:logging"]);

interface TextSet {
  readonly title: string;
  readonly folder: string | undefined;
  readonly packages: () => WitPackage[];
}

function sharedSet(name: string, packages: (folder: string) => WitPackage[] = readWitPackages): TextSet {
  const folder = `${sharedWit}${name}`;
  return { title: `${name} beside the checkout`, folder, packages: () => packages(folder) };
}

const sets: readonly TextSet[] = [
  { title: `WASI ${bundledVersion} of jco`, folder: undefined, packages: bundledPackages },
  { title: "drafts of wit/drafts", folder: undefined, packages: draftPackages },
  ...["wasi-0.2.0", "wasi-0.2.6", "wasi-0.2.12"].map((name) => sharedSet(name)),
  // Of the drafts those that the host has; the others need packages that are not in that folder.
  sharedSet("drafts", (folder) =>
    ["wasi-config", "wasi-keyvalue", "wasi-logging"]
      .flatMap((name) => readWitPackages(`${folder}/${name}`))
      .filter(({ name }) => DRAFTS.has(name.split("@")[0] ?? "")),
  ),
];

describe("wasi interfaces", () => {
  for (const { title, folder, packages } of sets) {
    const skip = folder === undefined || existsSync(folder) ? false : `WIT texts are absent: ${folder}`;
    test(`wasi interfaces: functions have the types of ${title}`, { skip }, async () => {
      const surveys = await new InterfaceSurveyor(hostUnderSurvey(), packages()).all();
      assert.ok(surveys.length > 0);
      const differing = surveys.filter(({ mistyped }) => mistyped !== undefined);
      assert.deepEqual(
        differing.map(({ name, mistyped }) => `${name}: ${mistyped}`),
        [],
      );
    });
  }

  test("wasi interfaces: a function of another type, and one that is missing, are found", async () => {
    const name = interfaceName(`wasi:io@${bundledVersion}`, "error");
    const drop = (): void => undefined;
    const error = { kind: "resource", drop } as const;
    const wrong = { kind: "sync", type: wit.func({ self: wit.borrow(error) }, wit.u32), call: () => 1 } as const;
    const host = (items: Parameters<typeof hostInstance>[0]): HostImports => new Map([[name, hostInstance(items)]]);
    const mistyped = new InterfaceSurveyor(host({ error, "[method]error.to-debug-string": wrong }), bundledPackages());
    assert.match((await mistyped.survey(name)).mistyped ?? "", /to-debug-string \(its type is not that/);
    const lacking = await new InterfaceSurveyor(host({ error }), bundledPackages()).survey(name);
    assert.deepEqual(lacking.missing, ["[method]error.to-debug-string"]);
    assert.equal(lacking.mistyped, undefined);
  });

  test("wasi interfaces: every function says its type", () => {
    for (const [name, item] of hostUnderSurvey()) {
      if (!name.startsWith("wasi:") || item.kind !== "instance") continue;
      for (const [key, fn] of item.items) {
        if (fn.kind !== "sync" && fn.kind !== "async") continue;
        assert.ok(fn.type !== undefined, `${name} ${key} has no type`);
      }
    }
  });

  test("wasi interfaces: docs/wasi.md has the table that the host gives; npm run wasi-table rewrites it", async () => {
    const page = readPage();
    assert.equal(page, withTable(page, await hostTable()));
    assert.deepEqual(undeclaredInterfaces(), []);
  });
});
