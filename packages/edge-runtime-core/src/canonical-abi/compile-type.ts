// From a component-level type to its codec. Parts that are the same object are compiled once, so that a type whose
// written-out form is exponentially long costs no more than its definition.

import type { Codec } from "./codec.ts";
import { enumCodec, flagsCodec } from "./labels.ts";
import { listCodec } from "./lists.ts";
import { isNumberKind, numberListCodec } from "./number-lists.ts";
import { isTaggedOption } from "./option-form.ts";
import { recordCodec, tupleCodec } from "./records.ts";
import { resourceCodec, scalarOf } from "./scalars.ts";
import { stringCodec } from "./strings.ts";
import type { ValType } from "./types.ts";
import { nestedOptionCodec, optionCodec, resultCodec, taggedVariantCodec } from "./variant-forms.ts";

/** A compiler with a memory of its own; let one go over all types that may share parts. */
export function createTypeCompiler(): (type: ValType) => Codec {
  const compiled = new Map<ValType, Codec>();
  const compile = (type: ValType): Codec => {
    const known = compiled.get(type);
    if (known !== undefined) return known;
    const codec = compileType(type, compile);
    compiled.set(type, codec);
    return codec;
  };
  return compile;
}

function compileType(type: ValType, compile: (part: ValType) => Codec): Codec {
  const compileOptional = (part: ValType | undefined): Codec | undefined =>
    part === undefined ? undefined : compile(part);
  switch (type.kind) {
    case "string":
      return stringCodec();
    case "list": {
      const element = compile(type.element);
      return isNumberKind(type.element.kind) ? numberListCodec(type.element.kind, element) : listCodec(element);
    }
    case "record":
      return recordCodec(type.fields.map((field) => ({ name: field.name, codec: compile(field.type) })));
    case "tuple":
      return tupleCodec(type.types.map(compile));
    case "variant":
      return taggedVariantCodec(
        type.cases.map(({ name, type: payload }) => ({ name, codec: compileOptional(payload) })),
      );
    case "enum":
      return enumCodec(type.names);
    case "option":
      return isTaggedOption(type) ? nestedOptionCodec(compile(type.type)) : optionCodec(compile(type.type));
    case "result":
      return resultCodec(compileOptional(type.ok), compileOptional(type.err));
    case "flags":
      return flagsCodec(type.names);
    case "own":
    case "borrow":
      return resourceCodec(type.kind, type.resource);
    default:
      return scalarOf(type.kind);
  }
}
