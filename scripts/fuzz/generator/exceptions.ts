// Exceptions of both kinds; V8 refuses a module that mixes them.

import { leb } from "../../../packages/edge-runtime-core/test/support/module-builder.ts";
import type { NumberType } from "../signatures.ts";
import type { Body } from "./body.ts";
import { blockType } from "./body.ts";

type Code = readonly number[];

/** Tags with their operands: nothing, an i32, an f64 and a vector. */
const operands: readonly (readonly NumberType[])[] = [[], ["i32"], ["f64", "v128"]];

export function throwing(body: Body): Code {
  const { random, labels, context } = body;
  const catching = labels.flatMap((label, index) => (label.catching ? [labels.length - 1 - index] : []));
  if (context.shape.exceptions === "legacy" && catching.length > 0 && random.oneIn(2))
    return [0x09, ...leb(random.pick(catching))];
  const tag = random.below(operands.length);
  return [...(operands[tag] ?? []).flatMap((type) => body.expression(type)), 0x08, tag];
}

export function tryExpression(body: Body, type: NumberType): Code {
  return body.context.shape.exceptions === "legacy" ? legacyTry(body, type) : tryTable(body, type);
}

function legacyTry(body: Body, type: NumberType): Code {
  const { random, labels } = body;
  const inner = body.inside({ takes: type }, () => body.filled(type));
  if (random.oneIn(4)) return [0x06, blockType(type), ...inner, 0x18, ...leb(random.below(labels.length + 1))];
  const clause = (make: () => Code): Code => body.inside({ takes: type, catching: true }, make);
  const catches = operands.flatMap((types, tag) =>
    random.oneIn(2) ? [0x07, tag, ...clause(() => [...types.map(() => 0x1a), ...body.filled(type)])] : [],
  );
  const rest = random.oneIn(2) || catches.length === 0 ? [0x19, ...clause(() => body.filled(type))] : [];
  return [0x06, blockType(type), ...inner, ...catches, ...rest, 0x0b];
}

/**
 *   block $done (result T)
 *     block $caught (result of what is caught)
 *       try_table (result T) (catch... $caught) ... end
 *       br $done
 *     end
 *     drop or throw_ref, other value
 *   end
 */
function tryTable(body: Body, type: NumberType): Code {
  const kind = body.random.below(4);
  // catch of the tag with an i32, of the one without operands, catch_all, catch_all_ref
  const clause = [[0x00, 1], [0x00, 0], [0x02], [0x03]][kind] ?? [0x02];
  const caught = [0x7f, 0x40, 0x40, 0x69][kind] ?? 0x40;
  const inner = body.inside({ takes: type }, () =>
    // A branch to $caught would have to bring what is caught.
    body.inside({ takes: kind === 0 ? "i32" : undefined }, () =>
      kind === 3 ? withoutLabel(body, type) : body.inside({ takes: type }, () => body.filled(type)),
    ),
  );
  const landing = body.inside({ takes: type }, () => {
    const handled = kind === 0 ? [0x1a] : kind === 3 ? (body.random.oneIn(3) ? [0x0a] : [0x1a]) : [];
    return [...handled, ...body.statements(body.random.below(2)), ...body.expression(type)];
  });
  const attempt = [0x1f, blockType(type), 1, ...clause, 0, ...inner, 0x0b, 0x0c, 1];
  return [0x02, blockType(type), 0x02, caught, ...attempt, 0x0b, ...landing, 0x0b];
}

/** The block around takes an exnref, which no branch of ours has: only simple code stands inside. */
function withoutLabel(body: Body, type: NumberType): Code {
  const call = body.call([type], false, (wanted) => body.leaf(wanted));
  return call ?? [...throwSimply(body), ...body.leaf(type)];
}

function throwSimply(body: Body): Code {
  return [...body.leaf("i32"), 0x04, 0x40, 0x08, 0, 0x0b];
}
