// The examples that close each command's help. They run as written from the root of the checkout once the examples are
// built, which a test shows.

export const EXAMPLES = {
  program: `
Examples:
  $ edge-runtime serve --config examples/edge.toml
  $ edge-runtime run examples/core-wat/fib.wat --invoke fib 10
  $ edge-runtime inspect examples/build/hello-js.wasm

Exit codes: 0 success, 1 the guest failed (trap, limit), 2 bad usage or input.
EDGE_DEBUG=1 prints the stack of an error.`,
  serve: `
Examples:
  $ edge-runtime serve --config examples/edge.toml
  $ edge-runtime serve --config examples/edge.toml --port 0 --log-level warn

Prints what it serves and a curl line for each function; the log is JSON on stderr. SIGTERM or SIGINT stops it.`,
  run: `
Examples:
  $ edge-runtime run examples/core-wat/fib.wat
  $ edge-runtime run examples/core-wat/fib.wat --invoke fib 10 --json
  $ edge-runtime run examples/core-wat/fib.wat --invoke fib 30 --no-fuel --timeout-ms 1000
  $ edge-runtime run examples/core-wat/fib.wat --invoke fib 15 --profile fib.cpuprofile
  $ edge-runtime run greet.wasm --invoke 'greet("World")'
  $ edge-runtime run greet.wasm --invoke greet '"World"'

Without --invoke: _start of a core module, run of a component. The program may log; entries go to stderr.
Exit codes: 0 success, 1 the guest failed (trap, limit, err from run), 2 bad usage or input.`,
  compile: `
Examples:
  $ edge-runtime compile examples/core-wat/fib.wat -o fib.edge
  $ edge-runtime run fib.edge --invoke fib 10

Artifacts are authenticated with a key of this installation: a changed or foreign one is refused.`,
  inspect: `
Examples:
  $ edge-runtime inspect examples/build/hello-wat.wasm
  $ edge-runtime inspect examples/core-wat/fib.wat --json`,
} as const;
