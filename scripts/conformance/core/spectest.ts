// What a specification script may import without registering it: the host module `spectest`.

/** Imports of `spectest` that a script can write to, and that no reset of an instance undoes. */
export const spectestState: ReadonlySet<string> = new Set(["table", "table64", "memory", "shared_memory"]);

/** New host items, of which a script's modules share those with state. */
export function spectest(): Record<string, WebAssembly.ImportValue> {
  const print = (): void => {};
  const table64 = { element: "anyfunc", initial: 10n, maximum: 20n, address: "i64" } as unknown as {
    element: "anyfunc";
    initial: number;
  };
  return {
    print,
    print_i32: print,
    print_i64: print,
    print_f32: print,
    print_f64: print,
    print_i32_f32: print,
    print_f64_f64: print,
    global_i32: 666,
    global_i64: 666n,
    global_f32: 666.6,
    global_f64: 666.6,
    table: new WebAssembly.Table({ element: "anyfunc", initial: 10, maximum: 20 }),
    table64: new WebAssembly.Table(table64),
    memory: new WebAssembly.Memory({ initial: 1, maximum: 2 }),
    shared_memory: new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }),
  };
}
