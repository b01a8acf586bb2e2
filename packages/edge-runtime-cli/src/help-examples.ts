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
  $ edge-runtime serve component.wasm --port 3000

Prints what it serves and a curl line for each function; the log is JSON on stderr. SIGTERM or SIGINT stops it.`,
  run: `
Examples:
  $ edge-runtime run examples/core-wat/fib.wat
  $ edge-runtime run examples/core-wat/fib.wat --invoke fib 10 --json
  $ edge-runtime run examples/core-wat/fib.wat --invoke fib 30 --no-fuel --timeout-ms 1000
  $ edge-runtime run examples/core-wat/fib.wat --invoke fib 15 --profile fib.cpuprofile
  $ edge-runtime run greet.wasm --invoke 'greet("World")'
  $ edge-runtime run greet.wasm --invoke greet '"World"'
  $ edge-runtime run program.wasm --env LANG=C --dir data::/data:ro -- --verbose file

Without --invoke: _start of a core module, run of a component. Programs (wasi:cli/run, or _start of WASI preview 1) get
what follows -- as arguments, and stdin, stdout and stderr; they see no variable and no directory that is not named here.
The program may log; entries go to stderr. With --json its output goes to the logs of the report.
Exit codes: a program's own status; else 0 success, 1 the guest failed (trap, limit, err from run), 2 bad usage or input;
130 after Ctrl-C.`,
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
