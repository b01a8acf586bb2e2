// Runs a server that ends with the bench, however that ends: as `node leash.ts PROGRAM ARGS...` it starts the program in
// a process group of its own and kills the group once standard input is closed, which it is with the bench's process.
// Commands such as `jco serve` start processes that nothing else would end.

import { spawn } from "node:child_process";

const [program = "", ...args] = process.argv.slice(2);
const child = spawn(program, args, { detached: true, stdio: ["ignore", "inherit", "inherit"] });

function end(status: number): never {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // No such group: all have ended, or the system has none.
    child.kill("SIGKILL");
  }
  process.exit(status);
}

child.on("error", (error) => {
  process.stderr.write(`${program}: ${error.message}\n`);
  end(1);
});
child.on("exit", (code) => end(code ?? 1));
for (const event of ["end", "close", "error"]) process.stdin.on(event, () => end(0));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => end(1));
process.stdin.resume();
