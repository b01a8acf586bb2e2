import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { configFormatOf, defaultConfig, InvalidConfig, parseConfig, parseConfigData } from "edge-runtime-common";

const MAX = 9_007_199_254_740_991;

/** The reason of the InvalidConfig that the call must throw. */
function reasonOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof InvalidConfig);
    return error.reason;
  }
  assert.fail("expected InvalidConfig");
}

const noHttp = { allow: [], allowPrivate: [] };
const noNetwork = { allow: [], allowPrivate: [], listen: [] };
const hello = { name: "hello", route: "/hello", source: "hello.wasm" };

/** Every key, none with its default. */
const everyKeyToml = `
  [engine]
  pooling_allocator = false
  max_instances = 2
  instance_memory_mb = 3
  cache_compiled_modules = false
  cache_dir = "cache"
  epoch_interruption = false
  verify_resets = 0.5
  compile_timeout_ms = 8
  compile_memory_mb = 64
  artifact_key_file = "key"
  [execution]
  max_fuel = ${MAX}
  timeout_ms = 3_600_000
  max_memory_mb = 4096
  fuel_metering = false
  [server]
  listen = "[::1]:0"
  max_body_bytes = 0
  max_header_bytes = 1024
  headers_timeout_ms = 4
  request_timeout_ms = 5
  keep_alive_timeout_ms = 0
  shutdown_grace_ms = 0
  [[functions]]
  name = "hello"
  route = "/hello/"
  source = "hello.wasm"
  entry = "go"
  timeout_ms = 7
  proposals = ["threads"]
  [functions.permissions]
  logging = true
  environment = { GREETING = "hello" }
  clock_resolution_us = 50
  directories = [{ host = "data", guest = "/data", write = true }]
  http = { allow = ["https://*.example.com"], allow_private = ["http://127.0.0.1:9000"] }
  network = { allow = ["API.example.com:443"], allow_private = ["[0::1]:*"], listen = ["127.0.0.1:80"] }
  key_value = ["default", "sessions"]
  [functions.config]
  greeting = "hello"
  "a.b" = ""`;

const networkTable = { allow: ["API.example.com:443"], allow_private: ["[0::1]:*"], listen: ["127.0.0.1:80"] };

const everyKeyJson = {
  engine: {
    pooling_allocator: false,
    max_instances: 2,
    instance_memory_mb: 3,
    cache_compiled_modules: false,
    cache_dir: "cache",
    epoch_interruption: false,
    verify_resets: 0.5,
    compile_timeout_ms: 8,
    compile_memory_mb: 64,
    artifact_key_file: "key",
  },
  execution: { max_fuel: MAX, timeout_ms: 3_600_000, max_memory_mb: 4096, fuel_metering: false },
  server: {
    listen: "[::1]:0",
    max_body_bytes: 0,
    max_header_bytes: 1024,
    headers_timeout_ms: 4,
    request_timeout_ms: 5,
    keep_alive_timeout_ms: 0,
    shutdown_grace_ms: 0,
  },
  functions: [
    {
      ...hello,
      entry: "go",
      timeout_ms: 7,
      proposals: ["threads"],
      permissions: {
        logging: true,
        environment: { GREETING: "hello" },
        clock_resolution_us: 50,
        directories: [{ host: "data", guest: "/data", write: true }],
        http: { allow: ["https://*.example.com"], allow_private: ["http://127.0.0.1:9000"] },
        network: networkTable,
        key_value: ["default", "sessions"],
      },
      config: { greeting: "hello", "a.b": "" },
    },
  ],
};

const fuel = `execution.max_fuel: expected an integer from 1 to ${MAX}`;
const address = "server.listen: expected an address as in 127.0.0.1:8080, [::1]:8080 or localhost:8080";
const route =
  "functions[0].route: expected a path that starts with / and has no empty, . or .. segment, query or fragment";
const name =
  "functions[0].name: expected a name of letters, digits, '.', '_' and '-', at most 64, the first a letter or digit";
const variable = "expected names of variables, without =, and values of at most 32,768 characters";
const buckets = "expected a list of at most 64 names of 1 to 64 characters";
const settings = "expected a table of at most 256 strings, names up to 256 and values up to 65536 characters";
const withBuckets = (value: unknown) => ({ functions: [{ ...hello, permissions: { key_value: value } }] });
const withSettings = (value: unknown) => ({ functions: [{ ...hello, config: value }] });
const tooMany = Object.fromEntries(Array.from({ length: 257 }, (_, index) => [`k${index}`, ""]));
const withRoute = (value: unknown) => ({ functions: [{ ...hello, route: value }] });
const withName = (value: unknown) => ({ functions: [{ ...hello, name: value }] });
const withDirectories = (...directories: readonly unknown[]) => ({
  functions: [{ ...hello, permissions: { directories } }],
});
const rejected: readonly (readonly [unknown, string])[] = [
  [withBuckets("all"), `functions[0].permissions.key_value: ${buckets}, got "all"`],
  [withBuckets([""]), `functions[0].permissions.key_value[0]: ${buckets}, got ""`],
  [withBuckets(Array.from({ length: 65 }, () => "b")), `functions[0].permissions.key_value: ${buckets}, got a list`],
  [withSettings({ port: 1 }), `functions[0].config.port: ${settings}, got 1`],
  [withSettings({ k: "v".repeat(65_537) }), `functions[0].config.k: ${settings}, got "${"v".repeat(59)}...`],
  [withSettings(tooMany), `functions[0].config: ${settings}, got a table`],
  [{ execution: { max_fuel: "many" } }, `${fuel}, got "many"`],
  [{ execution: { max_fuel: 0 } }, `${fuel}, got 0`],
  [{ execution: { max_fuel: 1.5 } }, `${fuel}, got 1.5`],
  [{ execution: { max_fuel: MAX + 1 } }, `${fuel}, got 9007199254740992`],
  [{ execution: { max_fuel: Number.NaN } }, `${fuel}, got NaN`],
  [{ execution: { max_fuel: null } }, `${fuel}, got null`],
  [{ execution: { max_fuel: [1] } }, `${fuel}, got a list`],
  [{ execution: { max_fuel: {} } }, `${fuel}, got a table`],
  [{ execution: { max_fuel: "x".repeat(100) } }, `${fuel}, got "${"x".repeat(59)}...`],
  [
    { execution: { timeout_ms: 3_600_001 } },
    "execution.timeout_ms: expected an integer from 1 to 3600000, got 3600001",
  ],
  [{ execution: { max_memory_mb: 4097 } }, "execution.max_memory_mb: expected an integer from 1 to 4096, got 4097"],
  [{ execution: { fuel_metering: 1 } }, "execution.fuel_metering: expected true or false, got 1"],
  [{ engine: { max_instances: 10_001 } }, "engine.max_instances: expected an integer from 1 to 10000, got 10001"],
  [{ engine: { instance_memory_mb: -1 } }, "engine.instance_memory_mb: expected an integer from 1 to 4096, got -1"],
  [{ engine: { verify_resets: 1.5 } }, "engine.verify_resets: expected a number from 0 to 1, got 1.5"],
  [{ engine: { verify_resets: -0.1 } }, "engine.verify_resets: expected a number from 0 to 1, got -0.1"],
  [{ engine: { compile_memory_mb: 63 } }, "engine.compile_memory_mb: expected an integer from 64 to 4096, got 63"],
  [{ engine: { cache_dir: "" } }, 'engine.cache_dir: expected a path, got ""'],
  [{ engine: { artifact_key_file: 3 } }, "engine.artifact_key_file: expected a path, got 3"],
  [{ engine: { max_instancs: 1 } }, "engine.max_instancs: unknown key, did you mean max_instances?"],
  [{ enginee: {} }, "enginee: unknown key, did you mean engine?"],
  [{ zzz: 1 }, "zzz: unknown key, known keys are engine, execution, server, functions"],
  [{ "a.b\n": 1 }, '"a.b\\n": unknown key, known keys are engine, execution, server, functions'],
  [JSON.parse('{"__proto__": 1}'), "__proto__: unknown key, known keys are engine, execution, server, functions"],
  [{ engine: 3 }, "engine: expected a table, got 3"],
  [[], "the file: expected a table, got a list"],
  [{ functions: {} }, "functions: expected a list of tables, got a table"],
  [withName("-a"), `${name}, got "-a"`],
  [withName("a".repeat(65)), `${name}, got "${"a".repeat(59)}...`],
  [withName(undefined), `${name}, but it is missing`],
  [withRoute("hello"), `${route}, got "hello"`],
  [withRoute("/a//b"), `${route}, got "/a//b"`],
  [withRoute("/a/../b"), `${route}, got "/a/../b"`],
  [withRoute("/a?b"), `${route}, got "/a?b"`],
  [withRoute("/a b"), `${route}, got "/a b"`],
  [withRoute(""), `${route}, got ""`],
  [
    { functions: [{ ...hello, permissions: { loging: true } }] },
    "functions[0].permissions.loging: unknown key, did you mean logging?",
  ],
  ...["example.com", "https://example.com:443", "127.1:80", "example.com:0"].map((text): [unknown, string] => [
    { functions: [{ ...hello, permissions: { network: { allow: ["a.test:1", text] } } }] },
    "functions[0].permissions.network.allow[1]: expected a host and port as in api.example.com:443, " +
      `*.example.com:*, 192.0.2.1:53 or [2001:db8::1]:53, got ${JSON.stringify(text)}`,
  ]),
  ...["ftp://example.com", "https://example.com/a", "example.com:0", ""].map((text): [unknown, string] => [
    { functions: [{ ...hello, permissions: { http: { allow: [text] } } }] },
    "functions[0].permissions.http.allow[0]: expected a host as in api.example.com, " +
      `https://*.example.com or http://127.0.0.1:9000, got ${JSON.stringify(text)}`,
  ]),
  [
    { functions: [{ ...hello, permissions: { environment: { A: 1 }, clock_resolution_us: 0 } }] },
    `functions[0].permissions.environment.A: ${variable}, got 1; ` +
      "functions[0].permissions.clock_resolution_us: expected an integer from 1 to 1000000, got 0",
  ],
  [
    { functions: [{ ...hello, permissions: { environment: { "A=B": "" } } }] },
    `functions[0].permissions.environment."A=B": ${variable}, got "A=B"`,
  ],
  [
    withDirectories({ host: "", guest: "" }),
    'functions[0].permissions.directories[0].host: expected a path, got ""; ' +
      "functions[0].permissions.directories[0].guest: " +
      'expected the directory\'s path in the guest, of 1 to 1024 characters, got ""',
  ],
  [
    withDirectories({ host: "a", guest: "/", wite: true }),
    "functions[0].permissions.directories[0].wite: unknown key, did you mean write?",
  ],
  [
    withDirectories({ host: "a", guest: "/" }, { host: "b", guest: "/" }),
    'functions[0].permissions.directories[1].guest: expected a path of its own, got that of directories[0], "/"',
  ],
  [
    { functions: [{ ...hello, proposals: ["gc", "simd"] }] },
    'functions[0].proposals[1]: expected "gc" or "threads", got "simd"',
  ],
  [{ functions: [{ ...hello, proposals: "gc" }] }, 'functions[0].proposals: expected a list, got "gc"'],
  [{ functions: [{ ...hello, timeout: 1 }] }, "functions[0].timeout: unknown key, did you mean timeout_ms?"],
  [
    { functions: [hello, { ...hello, route: "/b" }] },
    'functions[1].name: expected a name of its own, got that of functions[0], "hello"',
  ],
  [
    { functions: [hello, { ...hello, name: "b", route: "/hello/" }] },
    'functions[1].route: expected a route of its own, got that of functions[0], "/hello"',
  ],
  [{ server: { listen: "localhost" } }, `${address}, got "localhost"`],
  [{ server: { listen: "::1:80" } }, `${address}, got "::1:80"`],
  [{ server: { listen: "a:65536" } }, `${address}, got "a:65536"`],
  [{ server: { listen: 8080 } }, `${address}, got 8080`],
  [
    { server: { request_timeout_ms: 9 } },
    "server.headers_timeout_ms: expected at most server.request_timeout_ms (9), got 10000",
  ],
];

const broken: readonly (readonly [string, "toml" | "json", RegExp])[] = [
  ["[engine]\nmax_instances = ", "toml", /^TOML syntax, line 2, column 17: /],
  ["[engine]\n[engine]", "toml", /^TOML syntax, line 2, column \d+: /],
  ["a = 99999999999999999999", "toml", /^TOML syntax, line 1, column 5: /],
  ['{\n"engine": {},\n}', "json", /^JSON syntax: .*line 3 column 1/],
  ["", "json", /^JSON syntax: /],
];

describe("config", () => {
  test("config: an empty file has the documented defaults", () => {
    const expected = {
      engine: {
        poolingAllocator: true,
        maxInstances: 1000,
        instanceMemoryMb: 64,
        cacheCompiledModules: true,
        cacheDir: undefined,
        epochInterruption: true,
        verifyResets: 0,
        compileTimeoutMs: 10_000,
        compileMemoryMb: 512,
        artifactKeyFile: undefined,
      },
      execution: { maxFuel: 10_000_000, timeoutMs: 100, maxMemoryMb: 128, fuelMetering: true },
      server: {
        host: "127.0.0.1",
        port: 8080,
        maxBodyBytes: 1_048_576,
        maxHeaderBytes: 16_384,
        headersTimeoutMs: 10_000,
        requestTimeoutMs: 30_000,
        keepAliveTimeoutMs: 5000,
        shutdownGraceMs: 5000,
      },
      functions: [],
    };
    assert.deepEqual(defaultConfig(), expected);
    assert.deepEqual(parseConfig("", "toml"), expected);
    assert.deepEqual(parseConfig("{}", "json"), expected);
  });

  test("config: TOML and JSON with every key give the same values", () => {
    const config = parseConfig(everyKeyToml, "toml");
    assert.deepEqual(config, parseConfig(JSON.stringify(everyKeyJson), "json"));
    assert.deepEqual(config.engine, {
      poolingAllocator: false,
      maxInstances: 2,
      instanceMemoryMb: 3,
      cacheCompiledModules: false,
      cacheDir: "cache",
      epochInterruption: false,
      verifyResets: 0.5,
      compileTimeoutMs: 8,
      compileMemoryMb: 64,
      artifactKeyFile: "key",
    });
    assert.deepEqual(config.functions, [
      {
        name: "hello",
        route: "/hello",
        source: "hello.wasm",
        entry: "go",
        permissions: {
          loggingEnabled: true,
          environment: new Map([["GREETING", "hello"]]),
          clockResolutionUs: 50,
          directories: [{ host: "data", guest: "/data", isWritable: true }],
          http: {
            allow: [{ scheme: "https", host: { kind: "suffix", suffix: "example.com" }, port: undefined }],
            allowPrivate: [{ scheme: "http", host: { kind: "exact", host: "127.0.0.1" }, port: 9000 }],
          },
          network: {
            allow: [{ scheme: undefined, host: { kind: "exact", host: "api.example.com" }, port: 443 }],
            allowPrivate: [{ scheme: undefined, host: { kind: "exact", host: "::1" }, port: "any" }],
            listen: [{ scheme: undefined, host: { kind: "exact", host: "127.0.0.1" }, port: 80 }],
          },
          keyValueBuckets: ["default", "sessions"],
        },
        proposals: { gc: false, threads: true },
        settings: { greeting: "hello", "a.b": "" },
        execution: { maxFuel: MAX, timeoutMs: 7, maxMemoryMb: 4096, fuelMetering: false },
      },
    ]);
    assert.equal(config.server.host, "::1");
    assert.equal(config.server.port, 0);
  });

  test("config: a function inherits [execution] and is granted nothing", () => {
    const [fn] = parseConfigData({ execution: { timeout_ms: 9 }, functions: [{ ...hello, max_fuel: 5 }] }).functions;
    assert.deepEqual(fn?.execution, { maxFuel: 5, timeoutMs: 9, maxMemoryMb: 128, fuelMetering: true });
    assert.deepEqual(fn.permissions, {
      loggingEnabled: false,
      environment: new Map(),
      clockResolutionUs: 1000,
      directories: [],
      http: noHttp,
      network: noNetwork,
      keyValueBuckets: [],
    });
    assert.deepEqual(fn.settings, {});
    assert.deepEqual(fn.proposals, { gc: false, threads: false });
    assert.equal(fn.entry, undefined);
  });

  test("config: every part of the result is frozen", () => {
    const config = parseConfigData({ functions: [hello] });
    const [fn] = config.functions;
    const parts = [config, config.engine, config.execution, config.server, config.functions];
    for (const part of [...parts, fn, fn?.permissions, fn?.permissions.keyValueBuckets, fn?.settings, fn?.execution])
      assert.ok(Object.isFrozen(part));
  });

  for (const [data, reason] of rejected) {
    test(`config: rejects ${JSON.stringify(data).slice(0, 90)}`, () => {
      assert.equal(
        reasonOf(() => parseConfigData(data)),
        reason,
      );
    });
  }

  test("config: lists several problems in the order of the schema", () => {
    assert.equal(
      reasonOf(() => parseConfigData({ execution: { timeout_ms: 0, fuel: 1 }, engine: { max_instances: 0 } })),
      "engine.max_instances: expected an integer from 1 to 10000, got 0; " +
        "execution.timeout_ms: expected an integer from 1 to 3600000, got 0; " +
        "execution.fuel: unknown key, known keys are max_fuel, timeout_ms, max_memory_mb, fuel_metering",
    );
  });

  for (const [text, format, reason] of broken) {
    test(`config: reports where the ${format} ${JSON.stringify(text)} is broken`, () => {
      const found = reasonOf(() => parseConfig(text, format));
      assert.match(found, reason);
      assert.ok(!found.includes("\n"));
    });
  }

  test("config: a TOML date is no number", () => {
    assert.equal(
      reasonOf(() => parseConfig("[execution]\nmax_fuel = 1979-05-27", "toml")),
      `${fuel}, got the date 1979-05-27`,
    );
  });

  test("config: the file's name tells the format", () => {
    assert.equal(configFormatOf("a/edge.toml"), "toml");
    assert.equal(configFormatOf("edge.json"), "json");
    assert.match(
      reasonOf(() => configFormatOf("edge.yaml")),
      /ends in \.toml or \.json/,
    );
  });
});
