// The ports of core on Node.js. Nothing happens before it is asked for: the key is read at the first
// `authenticate`, the tools for text and components are loaded at the first use, and no timer keeps the process alive.

import { createHash, createHmac } from "node:crypto";
import { performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import type { Platform } from "edge-runtime-core";
import { defaultArtifactKeyFile, readArtifactKey, readOrCreateArtifactKey } from "./artifact-key.ts";
import { ComponentValidator } from "./component-validator.ts";
import { adaptPreview1 } from "./preview1-adapter.ts";
import { parseWat } from "./wat-parser.ts";

export interface NodePlatformOptions {
  /** File with the key that authenticates artifacts; it must exist. Default: a key of the user, made on first use. */
  readonly artifactKeyFile?: string | undefined;
}

/** Longest delay of Node's timers; a longer one would fire at once. */
const MAX_DELAY_MS = 2_147_483_647;

/**
 * Part of the thread's heap that guests' garbage-collected objects may take together. The host's own objects, what
 * V8 copies while it collects, and pages that are not full need the rest.
 */
const GUEST_HEAP_SHARE = 0.4;

/**
 * `authenticate` throws InvalidConfig of a key file that is absent, too short or readable by others, and Io where the
 * user's own key cannot be made.
 */
export function createNodePlatform(options: NodePlatformOptions = {}): Platform {
  const { artifactKeyFile } = options;
  let key: Uint8Array | undefined;
  return {
    now: () => performance.now(),
    wallClock: () => Date.now(),
    yieldToEventLoop: () =>
      new Promise((resolve) => {
        setImmediate(resolve);
      }),
    schedule: (delayMs, callback) => {
      const timer = setTimeout(callback, Math.min(delayMs, MAX_DELAY_MS));
      timer.unref();
      return () => {
        clearTimeout(timer);
      };
    },
    guestHeapBytes: Math.floor(getHeapStatistics().heap_size_limit * GUEST_HEAP_SHARE),
    sha256: (bytes) => createHash("sha256").update(bytes).digest("hex"),
    authenticate: (bytes) => {
      key ??=
        artifactKeyFile === undefined
          ? readOrCreateArtifactKey(defaultArtifactKeyFile())
          : readArtifactKey(artifactKeyFile);
      return new Uint8Array(createHmac("sha256", key).update(bytes).digest());
    },
    parseWat,
    validateComponent: new ComponentValidator().validate,
    adaptPreview1,
  };
}
