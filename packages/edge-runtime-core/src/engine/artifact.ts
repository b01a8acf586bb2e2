// A compiled module as bytes: what the rewriter made and planned, so that a later start does neither. Authenticated,
// since whoever could change it could strip the checks.
//
//   0  "\0edge\r\n\x1a"      magic
//   8  u32 LE                 format version
//  12  32 bytes               HMAC-SHA-256 of everything from offset 44
//  44  u32 LE                 length of the header
//  48  JSON, ASCII only       header: kind, hash, versions, plans, size of each core module
//  ..  bytes                  the rewritten core modules, one after the other

import { ArtifactRefused } from "edge-runtime-common";
import type { ComponentPlan } from "../component/index.ts";
import { PLAN_VERSION } from "../component/index.ts";
import { costTable } from "../instrument/cost-table.ts";
import type { CorePlan, Metering } from "../instrument/plan.ts";
import type { Platform } from "./platform.ts";

/** Raise when the rewriter's output or the plans change: older artifacts are then refused and cache entries rebuilt. */
export const rewriterVersion = 6;
const formatVersion = 1;
const magic = [0x00, 0x65, 0x64, 0x67, 0x65, 0x0d, 0x0a, 0x1a] as const;
const macStart = 12;
const macLength = 32;
const bodyStart = macStart + macLength;

export interface ArtifactContent {
  readonly kind: "core" | "component";
  readonly metering: Metering;
  /** SHA-256 of the original bytes, hexadecimal. */
  readonly contentHash: string;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly compiledAtMs: number;
  /** Bytes of the original. */
  readonly originalBytes: number;
  readonly cores: readonly { readonly plan: CorePlan; readonly bytes: Uint8Array }[];
  readonly component: ComponentPlan | undefined;
}

interface Header extends Omit<ArtifactContent, "cores" | "component"> {
  readonly rewriterVersion: number;
  readonly costTableVersion: number;
  readonly component: ComponentPlan | null;
  readonly cores: readonly { readonly plan: CorePlan; readonly size: number }[];
}

export function isArtifact(bytes: Uint8Array): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

function asciiJson(value: unknown): Uint8Array {
  const text = JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

function parseAscii(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 8192) parts.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
  return parts.join("");
}

export function encodeArtifact(content: ArtifactContent, platform: Platform): Uint8Array {
  const header: Header = {
    ...content,
    component: content.component ?? null,
    rewriterVersion,
    costTableVersion: costTable.version,
    cores: content.cores.map(({ plan, bytes }) => ({ plan, size: bytes.length })),
  };
  const json = asciiJson(header);
  const size = content.cores.reduce((sum, core) => sum + core.bytes.length, bodyStart + 4 + json.length);
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  out.set(magic);
  view.setUint32(8, formatVersion, true);
  view.setUint32(bodyStart, json.length, true);
  out.set(json, bodyStart + 4);
  let at = bodyStart + 4 + json.length;
  for (const { bytes } of content.cores) {
    out.set(bytes, at);
    at += bytes.length;
  }
  out.set(platform.authenticate(out.subarray(bodyStart)), macStart);
  return out;
}

/** Compares in a time that does not depend on the contents. */
function equalMac(left: Uint8Array, right: Uint8Array): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < macLength; index++) difference |= (left[index] ?? 0) ^ (right[index] ?? 0);
  return difference === 0;
}

/**
 * Checks and reads an artifact. Nothing in it is used before its authentication holds.
 *
 * @throws ArtifactRefused
 */
export function decodeArtifact(bytes: Uint8Array, platform: Platform): ArtifactContent {
  if (!isArtifact(bytes) || bytes.length < bodyStart + 4) throw new ArtifactRefused("not a compiled artifact");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  if (version !== formatVersion)
    throw new ArtifactRefused(`format version ${version}, this runtime reads ${formatVersion}`);
  if (!equalMac(platform.authenticate(bytes.subarray(bodyStart)), bytes.subarray(macStart, bodyStart))) {
    throw new ArtifactRefused(
      "it was changed, or compiled under another key: compile it here, or share the key by engine.artifact_key_file",
    );
  }
  const length = view.getUint32(bodyStart, true);
  const header = JSON.parse(parseAscii(bytes.subarray(bodyStart + 4, bodyStart + 4 + length))) as Header;
  const planVersion = header.component?.version ?? PLAN_VERSION;
  const isOurs = header.rewriterVersion === rewriterVersion && planVersion === PLAN_VERSION;
  if (!isOurs || header.costTableVersion !== costTable.version) {
    throw new ArtifactRefused("it was made by another version of the runtime: compile it again");
  }
  let at = bodyStart + 4 + length;
  const cores = header.cores.map(({ plan, size }) => {
    const core = { plan, bytes: bytes.slice(at, at + size) };
    at += size;
    return core;
  });
  return { ...header, component: header.component ?? undefined, cores };
}
