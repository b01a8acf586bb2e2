// The configuration of `serve`: read, validated, with what the command line says over it, and with paths that count
// from the file's folder made absolute.

import { dirname, parse, resolve } from "node:path";
import { configFormatOf, InvalidConfig, parseConfig, parseConfigData } from "edge-runtime-common";
import type { Config } from "edge-runtime-common";
import { readInputFile } from "./input-file.ts";
import { UsageError } from "./usage-error.ts";

const MAX_CONFIG_BYTES = 1_048_576;

export interface ConfigOverrides {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Folder that relative paths in the file count from, absolute. */
  readonly folder: string;
}

/** Throws UsageError where the file cannot be read, InvalidConfig where its content is not a configuration. */
export async function loadConfig(path: string, overrides: ConfigOverrides): Promise<LoadedConfig> {
  const format = configFormatOf(path);
  const text = decodeText(await readInputFile(path, { maxBytes: MAX_CONFIG_BYTES, mayBeEmpty: true }));
  return place(parseConfig(text, format), path, overrides);
}

/** Limits of a file that is served alone: who tries one out has no limits in mind yet, and bodies may be long. */
const ALONE = { max_fuel: 10_000_000_000, timeout_ms: 60_000 };

/** The configuration that serves one file on every path. Throws UsageError where the address is none. */
export function configForFile(file: string, overrides: ConfigOverrides): LoadedConfig {
  const name = parse(file)
    .name.replaceAll(/[^A-Za-z0-9._-]/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 64);
  const table = { name: name === "" ? "function" : name, route: "/", source: resolve(file), ...ALONE };
  return place(parseConfigData({ functions: [table] }), file, overrides);
}

function place({ engine, server, ...rest }: Config, path: string, overrides: ConfigOverrides): LoadedConfig {
  const folder = dirname(resolve(path));
  const fromFolder = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : resolve(folder, file);
  const config: Config = {
    ...rest,
    engine: {
      ...engine,
      cacheDir: fromFolder(engine.cacheDir),
      artifactKeyFile: fromFolder(engine.artifactKeyFile),
    },
    server: { ...server, host: parseHost(overrides.host) ?? server.host, port: overrides.port ?? server.port },
  };
  return { config, folder };
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new InvalidConfig("the file is not UTF-8 text", error);
  }
}

/** An address or host name; brackets around IPv6 are optional, a port belongs to --port. */
function parseHost(text: string | undefined): string | undefined {
  const host = text?.replace(/^\[(.*)\]$/, "$1");
  if (host === undefined) return undefined;
  const isName = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$/.test(host);
  const isIpv6 = /^[0-9A-Fa-f:.]+(%\w+)?$/.test(host) && host.split(":").length > 2;
  if (!isName && !isIpv6) {
    throw new UsageError(`--host: expected an address or host name, the port apart, got ${JSON.stringify(text)}`);
  }
  return host;
}
