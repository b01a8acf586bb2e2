// `fields` of wasi:http/types.

import { wit } from "edge-runtime-core";
import type { HostCall, HostFunction, HostFuncType } from "edge-runtime-core";
import type { FieldEntry } from "./fields.ts";
import { Fields } from "./fields.ts";
import { httpUsage } from "./http-limits.ts";
import { fields } from "./http-resources.ts";
import { headerErrorType } from "./http-types.ts";

const self = { self: wit.borrow(fields) };
const value = wit.list(wit.u8);
const entries = wit.list(wit.tuple(wit.string, value));
const done = wit.result(undefined, headerErrorType);

function pure(type: HostFuncType, call: HostFunction["call"]): HostFunction {
  return { kind: "sync", reads: "nothing", type, call };
}

export const fieldsFunctions: Readonly<Record<string, HostFunction>> = {
  "[constructor]fields": pure(wit.func({}, wit.own(fields)), ({ context }: HostCall) =>
    Fields.create(context.service(httpUsage)),
  ),
  "[static]fields.from-list": pure(
    wit.func({ entries }, wit.result(wit.own(fields), headerErrorType)),
    ({ context }: HostCall, list: readonly FieldEntry[]) => Fields.fromEntries(context.service(httpUsage), list),
  ),
  "[method]fields.get": pure(
    wit.func({ ...self, name: wit.string }, wit.list(value)),
    (_call: HostCall, of: Fields, name: string) => of.get(name),
  ),
  "[method]fields.has": pure(
    wit.func({ ...self, name: wit.string }, wit.bool),
    (_call: HostCall, of: Fields, name: string) => of.has(name),
  ),
  "[method]fields.set": pure(
    wit.func({ ...self, name: wit.string, value: wit.list(value) }, done),
    (_call: HostCall, of: Fields, name: string, values: readonly Uint8Array[]) => of.set(name, values),
  ),
  "[method]fields.delete": pure(
    wit.func({ ...self, name: wit.string }, done),
    (_call: HostCall, of: Fields, name: string) => of.delete(name),
  ),
  "[method]fields.append": pure(
    wit.func({ ...self, name: wit.string, value }, done),
    (_call: HostCall, of: Fields, name: string, bytes: Uint8Array) => of.append(name, bytes),
  ),
  "[method]fields.entries": pure(wit.func(self, entries), (_call: HostCall, of: Fields) => of.entries),
  "[method]fields.clone": pure(wit.func(self, wit.own(fields)), (_call: HostCall, of: Fields) => of.clone()),
};
