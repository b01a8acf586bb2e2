// The WebAssembly JavaScript Interface with JSPI and exception handling, as far as core uses it.
// No TypeScript lib has JSPI yet, and lib.dom would let browser globals into platform-free code.
// Spec: https://webassembly.github.io/spec/js-api/ and the JS Promise Integration proposal.

declare namespace WebAssembly {
  type ImportExportKind = "function" | "global" | "memory" | "table" | "tag";
  type ValueType = "i32" | "i64" | "f32" | "f64" | "v128" | "externref" | "anyfunc";
  type ExportValue = ((...args: never[]) => unknown) | Global | Memory | Table | Tag;
  type ImportValue = ExportValue | Suspending | number | bigint;
  type Imports = Record<string, Record<string, ImportValue>>;

  interface ModuleImportDescriptor {
    readonly module: string;
    readonly name: string;
    readonly kind: ImportExportKind;
  }
  interface ModuleExportDescriptor {
    readonly name: string;
    readonly kind: ImportExportKind;
  }

  class Module {
    constructor(bytes: Uint8Array | ArrayBuffer);
    static imports(module: Module): ModuleImportDescriptor[];
    static exports(module: Module): ModuleExportDescriptor[];
    static customSections(module: Module, name: string): ArrayBuffer[];
  }
  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Readonly<Record<string, ExportValue>>;
  }
  class Memory {
    constructor(descriptor: {
      address?: "i32" | "i64";
      initial: number | bigint;
      maximum?: number | bigint;
      shared?: boolean;
    });
    readonly buffer: ArrayBuffer;
    grow(deltaPages: number): number;
  }
  class Table {
    constructor(descriptor: { element: "externref" | "anyfunc"; initial: number; maximum?: number });
    readonly length: number;
    get(index: number): unknown;
    set(index: number, value?: unknown): void;
    grow(delta: number, value?: unknown): number;
  }
  class Global {
    constructor(descriptor: { value: ValueType; mutable?: boolean }, value?: unknown);
    value: number;
    valueOf(): number;
  }
  class Tag {
    constructor(descriptor: { parameters: ValueType[] });
  }
  class Exception extends Error {
    constructor(tag: Tag, payload: unknown[]);
    is(tag: Tag): boolean;
    getArg(tag: Tag, index: number): unknown;
  }
  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}

  /** JSPI: an import that suspends the calling guest until the promise settles. */
  class Suspending {
    constructor(fn: (...args: never[]) => unknown);
  }
  /** JSPI: calls an exported function on a stack of its own; the promise settles when it returns. */
  function promising(fn: ExportValue): (...args: unknown[]) => Promise<unknown>;

  function validate(bytes: Uint8Array | ArrayBuffer): boolean;
  function compile(bytes: Uint8Array | ArrayBuffer): Promise<Module>;
}
