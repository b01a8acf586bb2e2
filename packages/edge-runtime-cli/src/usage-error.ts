// What the person at the keyboard can put right: a flag, an argument or a file that is not what the command needs.
// The message is one line that names the input and says the way out; the exit code is 2.

import { RuntimeError } from "edge-runtime-common";

export class UsageError extends RuntimeError {
  constructor(message: string, cause?: unknown) {
    super({ code: "ERR_EDGE_CLI_USAGE", message, cause });
  }
}
