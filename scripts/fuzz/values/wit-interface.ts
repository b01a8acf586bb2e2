// Types as a WIT interface: records, variants, enums and flags get names, the rest is written out.

import type { Case, Field, ValType } from "edge-runtime-core";

/** Quoted, since labels may be words of the language. */
function label(name: string): string {
  return `%${name}`;
}

class Definitions {
  readonly lines: string[] = [];

  /** The type as it is used; what must have a name is defined first. */
  use(type: ValType): string {
    switch (type.kind) {
      case "list":
        return `list<${this.use(type.element)}>`;
      case "option":
        return `option<${this.use(type.type)}>`;
      case "tuple":
        return `tuple<${type.types.map((part) => this.use(part)).join(", ")}>`;
      case "result":
        return this.#result(type.ok, type.err);
      case "record":
        return this.#define(
          "record",
          type.fields.map((field) => this.#field(field)),
        );
      case "variant":
        return this.#define(
          "variant",
          type.cases.map((one) => this.#case(one)),
        );
      case "enum":
      case "flags":
        return this.#define(type.kind, type.names.map(label));
      case "own":
      case "borrow":
        throw new RangeError("no resources here");
      default:
        return type.kind;
    }
  }

  #result(ok: ValType | undefined, err: ValType | undefined): string {
    if (err === undefined) return ok === undefined ? "result" : `result<${this.use(ok)}>`;
    return `result<${ok === undefined ? "_" : this.use(ok)}, ${this.use(err)}>`;
  }

  #field({ name, type }: Field): string {
    return `${label(name)}: ${this.use(type)}`;
  }

  #case({ name, type }: Case): string {
    return type === undefined ? label(name) : `${label(name)}(${this.use(type)})`;
  }

  #define(keyword: string, members: readonly string[]): string {
    const name = `n${this.lines.length}`;
    this.lines.push(`${keyword} ${name} { ${members.join(", ")} }`);
    return name;
  }
}

/** An interface with a function `f0: func(v: T) -> T` for each of the types, and what they need. */
export function echoInterface(name: string, types: readonly ValType[]): string {
  const definitions = new Definitions();
  const functions = types.map((type, index) => {
    const used = definitions.use(type);
    return `f${index}: func(v: ${used}) -> ${used};`;
  });
  return [`interface ${name} {`, ...definitions.lines, ...functions, "}"].join("\n");
}
