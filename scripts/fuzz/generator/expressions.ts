// Expressions: code that leaves one value of a wanted type.

import { leb } from "../../../packages/edge-runtime-core/test/support/module-builder.ts";
import type { NumberType } from "../signatures.ts";
import type { Body } from "./body.ts";
import { blockType, i32 } from "./body.ts";
import { tableSize } from "./shape.ts";
import { tryExpression } from "./exceptions.ts";

type Code = readonly number[];

export function expression(body: Body, type: NumberType): Code {
  const { random } = body;
  if (!body.spend()) return body.leaf(type);
  const value = (wanted: NumberType): Code => body.expression(wanted);
  const roll = random.below(24);
  if (roll < 3) return body.leaf(type);
  if (roll < 14) return body.operator(random.pick(body.context.operators.get(type) ?? []), value);
  if (roll < 18) return control(body, type);
  if (roll < 20) return body.call([type], false, value) ?? body.leaf(type);
  if (roll < 21) return [...value(type), ...value(type), ...value("i32"), ...select(body, type)];
  if (roll < 22) return tee(body, type);
  return type === "i32" || type === "i64" ? size(body, type) : body.leaf(type);
}

function select(body: Body, type: NumberType): Code {
  return body.random.oneIn(2) ? [0x1b] : [0x1c, 1, blockType(type)];
}

function tee(body: Body, type: NumberType): Code {
  const locals = body.context.locals.flatMap((local, index) => (local === type ? [index] : []));
  if (locals.length === 0) return body.leaf(type);
  return [...body.expression(type), 0x22, ...leb(body.random.pick(locals))];
}

function control(body: Body, type: NumberType): Code {
  const { random } = body;
  switch (random.below(6)) {
    case 0:
      return [0x02, blockType(type), ...body.inside({ takes: type }, () => body.filled(type)), 0x0b];
    case 1:
      return [0x03, blockType(type), ...body.inside({}, () => [...body.loopGuard(), ...body.filled(type)]), 0x0b];
    case 2: {
      const condition = body.expression("i32");
      const arms = body.inside({ takes: type }, () => [...body.filled(type), 0x05, ...body.filled(type)]);
      return [...condition, 0x04, blockType(type), ...arms, 0x0b];
    }
    case 3: {
      const label = body.labelTaking(type);
      if (label === undefined) return body.leaf(type);
      return [...body.expression(type), ...body.expression("i32"), 0x0d, ...leb(label)];
    }
    default:
      return tryExpression(body, type);
  }
}

/** Sizes and growth of memories and tables, and null tests. */
function size(body: Body, type: "i32" | "i64"): Code {
  const { random, context } = body;
  const is64 = type === "i64";
  const memories = context.shape.memories.flatMap((memory, index) => (memory.is64 === is64 ? [index] : []));
  const tables = context.shape.tables.flatMap((table, index) => (table.is64 === is64 ? [index] : []));
  const delta = context.shape.lasting ? random.below(2) : 0;
  const one = is64 ? [0x42, delta] : i32(delta);
  const memory = memories.length === 0 ? undefined : random.pick(memories);
  const table = tables.length === 0 ? undefined : random.pick(tables);
  switch (random.below(5)) {
    case 0:
      return memory === undefined ? body.leaf(type) : [0x3f, memory];
    case 1:
      return memory === undefined ? body.leaf(type) : [...one, 0x40, memory];
    case 2:
      return table === undefined ? body.leaf(type) : [0xfc, 16, table];
    case 3:
      return table === undefined ? body.leaf(type) : [0xd0, table === 0 ? 0x70 : 0x6f, ...one, 0xfc, 15, table];
    default:
      return is64 ? body.leaf(type) : isNull(body);
  }
}

function isNull(body: Body): Code {
  const { random, context } = body;
  const table = random.below(2);
  const is64 = context.shape.tables[table]?.is64 === true;
  return [...body.index(is64, tableSize - 1, (wanted) => body.expression(wanted)), 0x25, table, 0xd1];
}
