// Frames of guest code, as data: where a run was when it ended. Names are the guest's text, bounded and without control
// characters; nothing of the host is among them.

/** One function on a guest's stack. */
export interface GuestFrame {
  /** Core module, counted from 0 in the order of the component; 0 for a lone one. */
  readonly module: number;
  /** Index of the function in the original module. */
  readonly function: number;
  /** Its name from the name section; undefined where it has none. */
  readonly name: string | undefined;
  /** Where its body begins in the original module, in bytes; only where it has no name. */
  readonly offset: number | undefined;
}

/** One line of text: `parse`, `function 12 at 0x1a2b`, `module 3: parse`. */
export function printGuestFrame({ module, function: index, name, offset }: GuestFrame): string {
  const place = offset === undefined ? "" : ` at 0x${offset.toString(16)}`;
  return `${module === 0 ? "" : `module ${module}: `}${name ?? `function ${index}${place}`}`;
}
