// The type that `handle` must have to be served: structural, as types of components are. Names of types do not count;
// names of fields and cases do, and their order. Written as WIT, compared as text.

import type { FuncType, ValType } from "edge-runtime-core";

/** `method` of wit/interfaces/http-outbound.wit. */
const METHOD = "enum{get,head,post,put,delete,patch,options}";
const HEADERS = "list<tuple<string,string>>";
const REQUEST = `record{method:${METHOD},uri:string,headers:${HEADERS},body:option<list<u8>>}`;

/** A response's body may be optional or not: one that is absent is sent as an empty one. */
const RESULTS: ReadonlySet<string> = new Set(
  ["option<list<u8>>", "list<u8>"].map((body) => `result<record{status:u16,headers:${HEADERS},body:${body}},string>`),
);

/** Whether a function can be called with a request and gives a response. */
export function isHandlerType(type: FuncType): boolean {
  const [request, ...others] = type.params;
  if (request === undefined || others.length > 0) return false;
  return printType(request.type) === REQUEST && RESULTS.has(printType(type.result));
}

function printType(type: ValType | undefined): string {
  if (type === undefined) return "_";
  switch (type.kind) {
    case "list":
      return `list<${printType(type.element)}>`;
    case "option":
      return `option<${printType(type.type)}>`;
    case "tuple":
      return `tuple<${type.types.map(printType).join()}>`;
    case "result":
      return `result<${printType(type.ok)},${printType(type.err)}>`;
    case "enum":
      return `enum{${type.names.join()}}`;
    case "record":
      return `record{${type.fields.map((field) => `${field.name}:${printType(field.type)}`).join()}}`;
    default:
      // Flags, variants and resources are in no handler: their names alone make the text differ.
      return type.kind;
  }
}
