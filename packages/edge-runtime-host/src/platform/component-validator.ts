// Validates components with the official validator (wasmparser), which is inside the wasm-tools of jco-transpile. No
// function of theirs only validates. Reading a component's WIT does so first, but then fails or panics for valid
// components that no WIT describes. So the component is put into another one, whose own WIT is empty:
//
//   00 61 73 6d 0d 00 01 00   04 <size>   <the component>      (component (component ...))
//
// Where that is refused, the component alone is refused as well, and then the offset in the text is that of the file.
// The tools accept every feature of the Component Model: what this runtime does not have, its own decoder names.
// Loading takes 0.1 s, so it waits for the first component; 12 MB then take 20 to 120 ms, the first time 0.3 s.

const wrapperStart = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00, 0x04] as const;

interface Tools {
  readonly $init: Promise<void>;
  readonly tools: { readonly componentWit: (component: Uint8Array) => string };
}

/** Most characters of a reason: it quotes names of the component, which may be long. */
const MAX_REASON_LENGTH = 1000;

/**
 * Where this version of the validator differs from the specification, as of August 2026: `cancellable` was made a
 * feature of threads, `a-1` and `a1` became different names, and a start function may stand in each component. The runtime's own decoder judges these.
 */
const outdated = [
  /historically accepted as `cancellable`/,
  /more than one start function/,
  /name `([^`]+)` conflicts with previous name `([^`]+)`/,
];

function isOutdated(reason: string): boolean {
  return outdated.some((pattern) => {
    const [found, name, earlier] = pattern.exec(reason) ?? [];
    return found !== undefined && (name === undefined || name.toLowerCase() !== earlier?.toLowerCase());
  });
}

function sizeBytes(size: number): number[] {
  const bytes: number[] = [];
  let rest = size;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}

function wrap(component: Uint8Array): Uint8Array {
  const start = [...wrapperStart, ...sizeBytes(component.length)];
  const wrapped = new Uint8Array(start.length + component.length);
  wrapped.set(start);
  wrapped.set(component, start.length);
  return wrapped;
}

/** One line of printable ASCII: names in it are the component's. Identities of resources differ from run to run. */
function reasonOf(message: string): string {
  return message
    .replace(/^Failed to decode wit component\s*/, "")
    .replaceAll(/ \(ResourceId \{[^}]*\} vs\. ResourceId \{[^}]*\}\)/g, "")
    .replaceAll(/\s*\n\s*/g, ": ")
    .replaceAll(/[^\x20-\x7e]/g, "?");
}

function shorten(reason: string): string {
  if (reason.length <= MAX_REASON_LENGTH) return reason;
  const offset = /\(at offset 0x[0-9a-f]+\)$/.exec(reason)?.[0] ?? "";
  return `${reason.slice(0, MAX_REASON_LENGTH)}... ${offset}`;
}

export class ComponentValidator {
  #tools: Promise<Tools> | undefined;
  /** Instances of the tools that were made: after a panic one is of no more use. */
  #made = 0;

  /** Why the component is invalid, with the offset; undefined where it is valid. */
  readonly validate = async (component: Uint8Array): Promise<string | undefined> => {
    if ((await this.#refusal(wrap(component))) === undefined) return undefined;
    const reason = await this.#refusal(component);
    return reason === undefined || isOutdated(reason) ? undefined : shorten(reason);
  };

  async #refusal(component: Uint8Array): Promise<string | undefined> {
    const { tools } = await (this.#tools ??= this.#load());
    try {
      tools.componentWit(component);
      return undefined;
    } catch (error) {
      const reason = reasonOf(error instanceof Error ? error.message : String(error));
      if (/\(at offset 0x[0-9a-f]+\)$/.test(reason)) return reason;
      this.#tools = undefined;
      return `the validator failed: ${reason}`;
    }
  }

  /** Instances of its own, beside that which parses text. */
  async #load(): Promise<Tools> {
    this.#made += 1;
    const url = new URL(
      `../vendor/wasm-tools.js?validator=${this.#made}`,
      import.meta.resolve("@bytecodealliance/jco-transpile/wasm-tools"),
    );
    const loaded = (await import(url.href)) as Tools;
    await loaded.$init;
    return loaded;
  }
}
