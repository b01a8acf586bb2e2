// Statements: code that leaves the stack as it was, or control.

import { leb } from "../../../packages/edge-runtime-core/test/support/module-builder.ts";
import type { NumberType } from "../signatures.ts";
import { numberTypes } from "../signatures.ts";
import type { Body } from "./body.ts";
import { branchTable, i32 } from "./body.ts";
import { throwing } from "./exceptions.ts";
import { tableSize } from "./shape.ts";

type Code = readonly number[];

export function statement(body: Body): Code {
  const { random, context } = body;
  if (!body.spend()) return [0x01];
  const value = (type: NumberType): Code => body.expression(type);
  const roll = random.below(20);
  if (roll < 3) return [...value(random.pick(numberTypes)), 0x1a];
  if (roll < 6) return assign(body);
  if (roll < 9) return body.operator(random.pick(context.operators.get(undefined) ?? []), value);
  if (roll < 11) return body.call(undefined, false, value) ?? [0x01];
  if (roll < 13) return nested(body);
  if (roll < 14) return bulk(body);
  if (roll < 15) return tableOperation(body);
  if (roll < 19) return conditional(body, jump);
  return conditional(body, throwing);
}

function assign(body: Body): Code {
  const { random, context } = body;
  if (context.locals.length > 0 && random.oneIn(2)) {
    const local = random.below(context.locals.length);
    return [...body.expression(context.locals[local] ?? "i32"), 0x21, ...leb(local)];
  }
  const global = 1 + random.below(context.shape.globals.length - 1);
  return [...body.expression(context.shape.globals[global] ?? "i32"), 0x24, ...leb(global)];
}

function nested(body: Body): Code {
  const { random } = body;
  const count = 1 + random.below(3);
  const inside = (): Code => body.inside({}, () => body.statements(count));
  switch (random.below(3)) {
    case 0:
      return [0x02, 0x40, ...inside(), 0x0b];
    case 1:
      return [0x03, 0x40, ...body.inside({}, () => [...body.loopGuard(), ...body.statements(count)]), 0x0b];
    default:
      return [
        ...body.expression("i32"),
        0x04,
        0x40,
        ...inside(),
        ...(random.oneIn(2) ? [0x05, ...inside()] : []),
        0x0b,
      ];
  }
}

/** What ends the code that follows is under a condition. */
function conditional(body: Body, make: (body: Body) => Code): Code {
  if (body.random.oneIn(8)) return make(body);
  return [...body.expression("i32"), 0x04, 0x40, ...body.inside({}, () => make(body)), 0x0b];
}

function jump(body: Body): Code {
  const { random, context } = body;
  const type = random.oneIn(2) ? undefined : random.pick(numberTypes);
  const label = body.labelTaking(type);
  const values = type === undefined ? [] : body.expression(type);
  switch (random.below(6)) {
    case 0:
      return label === undefined ? [0x01] : [...values, 0x0c, ...leb(label)];
    case 1:
      if (label === undefined) return [0x01];
      return [...values, ...body.expression("i32"), 0x0d, ...leb(label), ...(type === undefined ? [] : [0x1a])];
    case 2: {
      const targets = [0, 1, 2].flatMap(() => body.labelTaking(type) ?? []);
      if (targets.length === 0) return [0x01];
      return [...values, ...body.expression("i32"), ...branchTable(body, targets)];
    }
    case 3:
      return body.call(context.signature.results, true, (wanted) => body.expression(wanted)) ?? [0x01];
    case 4:
      return random.oneIn(4) ? [0x00] : [0x01];
    default:
      return [...context.signature.results.flatMap((wanted) => body.expression(wanted)), 0x0f];
  }
}

function bulk(body: Body): Code {
  const { random, context } = body;
  const { memories } = context.shape;
  const at = (memory: number): Code =>
    body.index(memories[memory]?.is64 === true, 0xfff, (type) => body.expression(type));
  const count = (is64: boolean): Code => (is64 ? [0x42, random.below(64)] : i32(random.below(64)));
  const target = random.below(memories.length);
  const source = random.below(memories.length);
  const is64 = memories[target]?.is64 === true;
  switch (random.below(8)) {
    case 0:
      return context.shape.lasting ? [0xfc, 9, 1] : [0x01];
    case 1:
    case 2:
      return [...at(target), ...i32(random.below(4)), ...i32(random.below(6)), 0xfc, 8, 1, target];
    case 3:
    case 4:
      return [...at(target), ...body.expression("i32"), ...count(is64), 0xfc, 11, target];
    default:
      return [
        ...at(target),
        ...at(source),
        ...count(is64 && memories[source]?.is64 === true),
        0xfc,
        10,
        target,
        source,
      ];
  }
}

function tableOperation(body: Body): Code {
  const { random, context } = body;
  const table = random.below(2);
  const is64 = context.shape.tables[table]?.is64 === true;
  const at = (): Code => body.index(is64, tableSize - 1, (type) => body.expression(type));
  const count = is64 ? [0x42, random.below(4)] : i32(random.below(4));
  const nothing = [0xd0, table === 0 ? 0x70 : 0x6f];
  const element =
    table === 0 && random.oneIn(2) ? [0xd2, ...leb(random.below(context.shape.functions.length))] : nothing;
  switch (random.below(6)) {
    case 0:
      return [...at(), ...element, ...count, 0xfc, 17, table];
    case 1:
      return [...at(), ...at(), ...count, 0xfc, 14, table, table];
    case 2:
      return table === 0 ? [...at(), ...i32(random.below(3)), ...i32(random.below(3)), 0xfc, 12, 2, 0] : [0x01];
    case 3:
      return context.shape.lasting ? [0xfc, 13, 2] : [0x01];
    default:
      return [...at(), ...element, 0x26, table];
  }
}
