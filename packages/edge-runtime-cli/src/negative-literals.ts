// commander takes `-5` for an operand and `-inf`, `-nan`, `-0x10` or `-5.` for unknown options. Numbers of a guest must
// all work, so those are shielded before parsing and given back in the operands.

const NEGATIVE_LITERAL = /^-(?:inf(?:inity)?|nan|0x[0-9a-f]+|\d+\.|\d+\.?\d*e[+-]?\d+)$/i;
const SHIELD = "\u0000";

/** Marks negative numbers that commander would take for options. Arguments cannot hold the mark: it is NUL. */
export function shieldNegativeLiterals(argv: readonly string[]): string[] {
  return argv.map((argument) => (NEGATIVE_LITERAL.test(argument) ? SHIELD + argument : argument));
}

/** The argument as it was typed. */
export function unshield(argument: string): string {
  return argument.startsWith(SHIELD) ? argument.slice(SHIELD.length) : argument;
}
