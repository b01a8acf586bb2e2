/** A command line that cannot be carried out: printed without a stack, exit status 2. */
export class UsageError extends Error {}

/** Whether the command line is to blame: ours, or what `parseArgs` throws. */
export function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  return error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}
