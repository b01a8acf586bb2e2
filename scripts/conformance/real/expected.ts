// Programs that do not get through, and why. The command fails where one that is not here does not, and where one that
// is here does.

const blobstore = "it imports wasi:blobstore, a draft for which the host has no service";

export const expectedFailures: ReadonlyMap<string, string> = new Map([
  ["wasm3/wasi/brotli/brotli", "it is of WASI's preview 0 (wasi_unstable), for which there is no adapter"],
  ["wasmcloud/crates/wash-runtime/tests/fixtures/http_counter", blobstore],
  ["wasmcloud/crates/wash/tests/fixtures/http_counter", blobstore],
  ["wasmcloud/crates/wasmcloud/tests/fixtures/http_counter", blobstore],
]);
