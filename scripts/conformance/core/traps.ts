// The specification's words for a trap and V8's.

const v8Messages: ReadonlyMap<string, readonly string[]> = new Map([
  ["unreachable", ["unreachable"]],
  ["out of bounds memory access", ["memory access out of bounds", "data segment out of bounds"]],
  ["out of bounds table access", ["table index is out of bounds", "element segment out of bounds"]],
  ["undefined element", ["table index is out of bounds"]],
  ["uninitialized element", ["function signature mismatch", "null function", "dereferencing a null pointer"]],
  ["indirect call type mismatch", ["function signature mismatch"]],
  ["integer divide by zero", ["divide by zero", "remainder by zero"]],
  ["integer overflow", ["float unrepresentable in integer range", "divide result unrepresentable"]],
  ["invalid conversion to integer", ["float unrepresentable in integer range"]],
  ["null reference", ["dereferencing a null pointer", "rethrowing null value"]],
  ["null function reference", ["dereferencing a null pointer"]],
  ["null structure reference", ["dereferencing a null pointer"]],
  ["null array reference", ["dereferencing a null pointer"]],
  ["null i31 reference", ["dereferencing a null pointer"]],
  ["null exception reference", ["rethrowing null value", "dereferencing a null pointer"]],
  ["cast failure", ["illegal cast"]],
  ["unaligned atomic", ["operation does not support unaligned accesses"]],
  ["expected shared memory", ["Atomics.wait"]],
  [
    "out of bounds array access",
    ["array element access out of bounds", "element segment out of bounds", "data segment out of bounds"],
  ],
]);

/** Whether V8's message tells the trap of `text`; scripts may say more than the specification's words. */
export function trapMatches(text: string | undefined, message: string): boolean {
  if (text === undefined) return true;
  const words = [...v8Messages.keys()].find((key) => text.startsWith(key));
  const messages = words === undefined ? [text] : (v8Messages.get(words) ?? []);
  // At instantiation the message numbers the segment: "data segment 0 is out of bounds (offset 0, ...)".
  const plainMessage = message.replace(/segment \d+ is/, "segment");
  return messages.some((fragment) => plainMessage.includes(fragment));
}
