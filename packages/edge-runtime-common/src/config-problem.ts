// Schema issues in the words of the file: the key's path, what was expected, what was found. Unknown keys get one
// line each and the nearest known key, since a silent typo in a limit is a limit that does not hold.

import { z } from "zod";
import { nearestName } from "./nearest-name.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Most characters of an offending value that are shown. */
const SHOWN_LENGTH = 60;

/** One line, problems separated by `; `, in the order of the schema and without repetition. */
export function describeProblems(issues: readonly Issue[], schema: z.ZodType): string {
  const lines = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys" ? describeUnknownKeys(issue.path, issue.keys, schema) : [describeValue(issue)],
  );
  return [...new Set(lines)].join("; ");
}

/** `functions[0].max_fuel`, keys quoted where TOML would quote them; empty for the root. */
export function formatKeyPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    const name = /^[A-Za-z0-9_-]+$/.test(String(key)) ? String(key) : JSON.stringify(String(key));
    return text === "" ? name : `${text}.${name}`;
  }, "");
}

function describeUnknownKeys(path: Path, keys: readonly string[], schema: z.ZodType): string[] {
  const known = knownKeys(schema, path);
  return keys.map((key) => {
    const nearest = nearestName(key, known);
    const hint = nearest === undefined ? `known keys are ${known.join(", ")}` : `did you mean ${nearest}?`;
    return `${formatKeyPath([...path, key])}: unknown key, ${hint}`;
  });
}

function describeValue(issue: Issue): string {
  const where = issue.path.length === 0 ? "the file" : formatKeyPath(issue.path);
  const found = issue.input === undefined ? "but it is missing" : `got ${showValue(issue.input)}`;
  return `${where}: ${issue.message}, ${found}`;
}

function showValue(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return `the date ${value.toISOString()}`;
  if (typeof value === "object" && value !== null) return "a table";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH)}...`;
}

function knownKeys(schema: z.ZodType, path: Path): readonly string[] {
  const found = path.reduce<z.core.$ZodType>((at, key) => schemaOfKey(withoutDefault(at), key), schema);
  const table = withoutDefault(found);
  return table instanceof z.ZodObject ? Object.keys(table.shape) : [];
}

function schemaOfKey(schema: z.core.$ZodType, key: PropertyKey): z.core.$ZodType {
  if (schema instanceof z.ZodArray) return schema.element;
  if (!(schema instanceof z.ZodObject)) return schema;
  const shape: Readonly<Record<string, z.core.$ZodType>> = schema.shape;
  return shape[String(key)] ?? schema;
}

function withoutDefault(schema: z.core.$ZodType): z.core.$ZodType {
  const isWrapper =
    schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional;
  return isWrapper ? withoutDefault(schema.unwrap()) : schema;
}
