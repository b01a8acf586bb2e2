// Where a path can be resolved step by step from an open directory: Linux, whose `/proc/self/fd` stands in for the
// `openat` that Node does not have. Elsewhere a check and the use of a path would be two calls with a race between them.

export function isSandboxAvailable(): boolean {
  return process.platform === "linux";
}
