// From tokens to nodes: the structure of a WAVE text, before any type is known. Booleans, options, results,
// variants, enums, `inf` and `nan` are all labels here, with or without a payload.

import { readToken } from "./tokens.ts";
import type { Token } from "./tokens.ts";
import { waveError } from "./wave-error.ts";
import type { WaveSource } from "./wave-error.ts";

interface Span {
  readonly start: number;
  readonly end: number;
}

export interface LabelNode extends Span {
  readonly kind: "label";
  /** Without the `%`. */
  readonly name: string;
  /** One of the reserved words, written without `%`. */
  readonly isKeyword: boolean;
  readonly payload: Node | undefined;
}

export interface RecordNode extends Span {
  readonly kind: "record";
  readonly fields: readonly { readonly label: LabelNode; readonly value: Node }[];
}

export interface FlagsNode extends Span {
  readonly kind: "flags";
  readonly labels: readonly LabelNode[];
}

export interface SequenceNode extends Span {
  readonly kind: "tuple" | "list";
  readonly children: readonly Node[];
}

export interface LiteralNode extends Span {
  readonly kind: "number" | "char" | "string" | "multiline";
}

export type Node = LabelNode | RecordNode | FlagsNode | SequenceNode | LiteralNode;

const KEYWORDS: ReadonlySet<string> = new Set(["true", "false", "inf", "nan", "some", "none", "ok", "err"]);

/** Whether a case of this name must be written with `%`. */
export function isKeyword(name: string): boolean {
  return KEYWORDS.has(name);
}

const DEEPEST_NESTING = 100;

/** A text that holds one value and nothing else. Throws SignatureMismatch. */
export function parseValueNode(source: WaveSource): Node {
  const parser = new Parser(source);
  const node = parser.parseNode();
  parser.expect("end", "the end of the value");
  return node;
}

/** A text of comma-separated values, possibly none. Throws SignatureMismatch. */
export function parseSequenceNodes(source: WaveSource): Node[] {
  return new Parser(source).parseNodesUntil("end", "the end of the arguments");
}

class Parser {
  readonly #source: WaveSource;
  #next: Token;
  /** Where the token that was taken last ends. */
  #end = 0;
  #depth = 0;

  constructor(source: WaveSource) {
    if (!source.text.isWellFormed()) throw waveError(source, 0, "the text has a lone surrogate");
    this.#source = source;
    this.#next = readToken(source, 0);
  }

  #take(): Token {
    const token = this.#next;
    this.#end = token.end;
    if (token.kind !== "end") this.#next = readToken(this.#source, token.end);
    return token;
  }

  #isNext(kind: Token["kind"]): boolean {
    return this.#next.kind === kind;
  }

  expect(kind: Token["kind"], expected: string): Token {
    return this.#isNext(kind) ? this.#take() : this.#unexpected(expected);
  }

  #unexpected(expected: string): never {
    const { kind, start, end } = this.#next;
    const got = kind === "end" ? "the end" : JSON.stringify(this.#source.text.slice(start, Math.min(end, start + 40)));
    throw waveError(this.#source, start, `expected ${expected}, got ${got}`);
  }

  parseNode(): Node {
    if (this.#depth >= DEEPEST_NESTING) {
      throw waveError(this.#source, this.#next.start, `nested more than ${DEEPEST_NESTING} levels deep`);
    }
    this.#depth += 1;
    const node = this.#parseNodeInner();
    this.#depth -= 1;
    return node;
  }

  #parseNodeInner(): Node {
    const { kind, start } = this.#next;
    switch (kind) {
      case "number":
      case "char":
      case "string":
      case "multiline":
        return { kind, start, end: this.#take().end };
      case "label":
        return this.#parseCase();
      case "(":
        return this.#parseTuple();
      case "[": {
        this.#take();
        const children = this.parseNodesUntil("]", "a value or ]");
        return { kind: "list", start, end: this.#end, children };
      }
      case "{":
        return this.#parseBraces();
      default:
        return this.#unexpected("a value");
    }
  }

  /** Values up to and including the closing token; a comma may stand before it. */
  parseNodesUntil(close: Token["kind"], expected: string): Node[] {
    const nodes: Node[] = [];
    while (!this.#isNext(close)) {
      if (this.#isNext("end")) this.#unexpected(expected);
      nodes.push(this.parseNode());
      if (!this.#isNext(",")) break;
      this.#take();
    }
    this.expect(close, nodes.length === 0 ? expected : `, or ${close === "end" ? expected : close}`);
    return nodes;
  }

  #parseTuple(): Node {
    const { start } = this.#take();
    const children = this.parseNodesUntil(")", "a value");
    if (children.length === 0) throw waveError(this.#source, start, "expected a value, got an empty tuple");
    return { kind: "tuple", start, end: this.#end, children };
  }

  #parseLabel(expected: string): LabelNode {
    const { start, end } = this.expect("label", expected);
    const written = this.#source.text.slice(start, end);
    const name = written.startsWith("%") ? written.slice(1) : written;
    return { kind: "label", start, end, name, isKeyword: isKeyword(written), payload: undefined };
  }

  #parseCase(): LabelNode {
    const label = this.#parseLabel("a label");
    if (!this.#isNext("(")) return label;
    this.#take();
    const payload = this.parseNode();
    return { ...label, payload, end: this.expect(")", ")").end };
  }

  /** A record, or flags: told apart by the colon after the first label. */
  #parseBraces(): RecordNode | FlagsNode {
    const { start } = this.#take();
    if (this.#isNext(":")) {
      this.#take();
      return { kind: "record", start, end: this.expect("}", "}").end, fields: [] };
    }
    if (this.#isNext("}")) return { kind: "flags", start, end: this.#take().end, labels: [] };
    const first = this.#parseLabel("a label");
    return this.#isNext(":") ? this.#parseRecord(start, first) : this.#parseFlags(start, first);
  }

  #parseRecord(start: number, first: LabelNode): RecordNode {
    const fields: { label: LabelNode; value: Node }[] = [];
    this.#parseEntries(first, (label) => {
      this.expect(":", ":");
      fields.push({ label, value: this.parseNode() });
    });
    return { kind: "record", start, end: this.expect("}", ", or }").end, fields };
  }

  #parseFlags(start: number, first: LabelNode): FlagsNode {
    const labels: LabelNode[] = [];
    this.#parseEntries(first, (label) => labels.push(label));
    return { kind: "flags", start, end: this.expect("}", ", or }").end, labels };
  }

  /** Entries that begin with a label of their own, up to the closing brace. */
  #parseEntries(first: LabelNode, parseEntry: (label: LabelNode) => void): void {
    const seen = new Set<string>();
    let label = first;
    for (;;) {
      if (seen.has(label.name)) throw waveError(this.#source, label.start, `duplicate label ${label.name}`);
      seen.add(label.name);
      parseEntry(label);
      if (!this.#isNext(",")) return;
      this.#take();
      if (this.#isNext("}")) return;
      label = this.#parseLabel("a label");
    }
  }
}
