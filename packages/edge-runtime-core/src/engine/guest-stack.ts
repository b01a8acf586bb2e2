/** Name of core module `index` in V8's stack traces: how frames of guests are told from others. */
export function guestModuleName(index: number): string {
  return `edge-guest-${index}`;
}
