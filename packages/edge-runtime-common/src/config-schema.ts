// Keys, types, ranges and defaults of a configuration file. Each value's message is the whole of what was expected,
// written once, so that a wrong type and a value out of range read the same; config-problem.ts adds path and value.

import { z } from "zod";
import { parseHostPattern } from "./host-pattern.ts";
import { parseListenAddress } from "./listen-address.ts";

const MIB = 1_048_576;
const HOUR_MS = 3_600_000;

function integer(min: number, max: number) {
  const expected = `expected an integer from ${min} to ${max}`;
  return z.int(expected).min(min, expected).max(max, expected);
}

function flag() {
  return z.boolean("expected true or false");
}

function share() {
  const expected = "expected a number from 0 to 1";
  return z.number(expected).min(0, expected).max(1, expected);
}

function path() {
  const expected = "expected a path";
  return z.string(expected).min(1, expected);
}

function table<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape, "expected a table");
}

const NAME = "expected a name of letters, digits, '.', '_' and '-', at most 64, the first a letter or digit";
const ROUTE = "expected a path that starts with / and has no empty, . or .. segment, query or fragment";
const LISTEN = "expected an address as in 127.0.0.1:8080, [::1]:8080 or localhost:8080";
const PROPOSAL = 'expected "gc" or "threads"';
const HTTP_HOST = "expected a host as in api.example.com, https://*.example.com or http://127.0.0.1:9000";
const HOST_PORT =
  "expected a host and port as in api.example.com:443, *.example.com:*, 192.0.2.1:53 or [2001:db8::1]:53";
const GUEST_PATH = "expected the directory's path in the guest, of 1 to 1024 characters";
const ENTRY = "expected the name of an export";
const VARIABLE = "expected names of variables, without =, and values of at most 32,768 characters";
const BUCKETS = "expected a list of at most 64 names of 1 to 64 characters";
const SETTINGS = "expected a table of at most 256 strings, names up to 256 and values up to 65536 characters";

const engineTable = table({
  pooling_allocator: flag().default(true),
  // V8 gives a process 16,367 memories; a component may need several.
  max_instances: integer(1, 10_000).default(1000),
  instance_memory_mb: integer(1, 4096).default(64),
  cache_compiled_modules: flag().default(true),
  cache_dir: path().optional(),
  epoch_interruption: flag().default(true),
  verify_resets: share().default(0),
  compile_timeout_ms: integer(1, HOUR_MS).default(10_000),
  compile_memory_mb: integer(64, 4096).default(512),
  artifact_key_file: path().optional(),
});

const limits = {
  max_fuel: integer(1, Number.MAX_SAFE_INTEGER),
  timeout_ms: integer(1, HOUR_MS),
  max_memory_mb: integer(1, 4096),
  fuel_metering: flag(),
};

const executionTable = table({
  max_fuel: limits.max_fuel.default(10_000_000),
  timeout_ms: limits.timeout_ms.default(100),
  max_memory_mb: limits.max_memory_mb.default(128),
  fuel_metering: limits.fuel_metering.default(true),
});

const serverTable = table({
  listen: z
    .string(LISTEN)
    .transform((text, context) => {
      const address = parseListenAddress(text);
      if (address === undefined) context.addIssue({ code: "custom", message: LISTEN, input: text });
      return address ?? z.NEVER;
    })
    .prefault("127.0.0.1:8080"),
  max_body_bytes: integer(0, 1024 * MIB).default(MIB),
  max_header_bytes: integer(1024, MIB).default(16_384),
  headers_timeout_ms: integer(1, HOUR_MS).default(10_000),
  request_timeout_ms: integer(1, HOUR_MS).default(30_000),
  keep_alive_timeout_ms: integer(0, HOUR_MS).default(5000),
  shutdown_grace_ms: integer(0, 600_000).default(5000),
});

function httpHosts() {
  const pattern = z.string(HTTP_HOST).transform((text, context) => {
    const parsed = parseHostPattern(text);
    if (parsed !== undefined && [undefined, "http", "https"].includes(parsed.scheme)) return parsed;
    context.addIssue({ code: "custom", message: HTTP_HOST, input: text });
    return z.NEVER;
  });
  return z.array(pattern, "expected a list").max(1000, "expected at most 1,000 entries").default([]);
}

function hostPorts() {
  const pattern = z.string(HOST_PORT).transform((text, context) => {
    const parsed = parseHostPattern(text);
    if (parsed?.port !== undefined && parsed.scheme === undefined) return parsed;
    context.addIssue({ code: "custom", message: HOST_PORT, input: text });
    return z.NEVER;
  });
  return z.array(pattern, "expected a list").max(1000, "expected at most 1,000 entries").default([]);
}

const directoryTable = table({
  host: path(),
  guest: z.string(GUEST_PATH).regex(/^[^\0]{1,1024}$/u, GUEST_PATH),
  write: flag().default(false),
});

function environment() {
  const name = z.string().regex(/^[^=\0]{1,1024}$/u, VARIABLE);
  const values = z.string(VARIABLE).max(32_768, VARIABLE);
  return z
    .record(name, values, { error: ({ code }) => (code === "invalid_key" ? VARIABLE : "expected a table") })
    .default({});
}

const permissionsTable = table({
  logging: flag().default(false),
  environment: environment(),
  clock_resolution_us: integer(1, 1_000_000).default(1000),
  directories: z.array(directoryTable, "expected a list of tables").max(64, "expected at most 64").default([]),
  http: table({ allow: httpHosts(), allow_private: httpHosts() }).prefault({}),
  key_value: z.array(z.string(BUCKETS).min(1, BUCKETS).max(64, BUCKETS), BUCKETS).max(64, BUCKETS).default([]),
  network: table({ allow: hostPorts(), allow_private: hostPorts(), listen: hostPorts() }).prefault({}),
});

const functionTable = table({
  name: z.string(NAME).regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, NAME),
  route: z
    .string(ROUTE)
    .transform((route) => (route.length > 1 && route.endsWith("/") ? route.slice(0, -1) : route))
    .refine(isRoute, ROUTE),
  source: path(),
  entry: z.string(ENTRY).min(1, ENTRY).optional(),
  max_fuel: limits.max_fuel.optional(),
  timeout_ms: limits.timeout_ms.optional(),
  max_memory_mb: limits.max_memory_mb.optional(),
  fuel_metering: limits.fuel_metering.optional(),
  proposals: z.array(z.enum(["gc", "threads"], PROPOSAL), "expected a list").default([]),
  permissions: permissionsTable.prefault({}),
  config: z
    .record(z.string(SETTINGS).min(1, SETTINGS).max(256, SETTINGS), z.string(SETTINGS).max(65_536, SETTINGS), SETTINGS)
    .refine((settings) => Object.keys(settings).length <= 256, SETTINGS)
    .default({}),
});

export const configSchema = table({
  engine: engineTable.prefault({}),
  execution: executionTable.prefault({}),
  server: serverTable.prefault({}),
  functions: z.array(functionTable, "expected a list of tables").default([]),
});

export type ConfigFile = z.output<typeof configSchema>;
export type FunctionTable = ConfigFile["functions"][number];

function isRoute(route: string): boolean {
  if (route === "/") return true;
  const [first, ...segments] = route.split("/");
  return (
    first === "" && segments.length > 0 && segments.every((segment) => /^(?!\.{1,2}$)[^\s?#\\\p{Cc}]+$/u.test(segment))
  );
}
