"""Own programs: JSON lists of {name, wat, calls: [{export, args}]}, one file per family of operators.

Each call runs in a new instance. Recorded are its results as text, the fuel that it consumed, and the smallest amount
with which it succeeds; for a call that does not return, the trap's message. Instantiation is not counted.
"""

import json
from pathlib import Path

import wasmtime
from wasmtime import _ffi as ffi

from metered_call import call, engine, instantiate, new_store

_fields = {0: "i32", 1: "i64", 2: "f32", 3: "f64"}


def _raw(kind: str, value: int | float):
    raw = ffi.wasmtime_val_t()
    raw.kind = next(code for code, name in _fields.items() if name == kind)
    setattr(raw.of, kind, value)
    return raw


def _print(raw) -> str:
    return str(getattr(raw.of, _fields[raw.kind]))


def _record_call(on: wasmtime.Engine, module: wasmtime.Module, spec: dict) -> dict:
    store = new_store(on)
    instance = instantiate(store, wasmtime.Linker(on), module)
    if isinstance(instance, str):
        raise ValueError(instance)
    function = instance.exports(store)[spec["export"]]
    params = [str(param) for param in function.type(store).params]
    outcome = call(store, function, [_raw(kind, value) for kind, value in zip(params, spec["args"], strict=True)])
    if outcome.error is not None:
        return {**spec, "trap": outcome.error}
    results = [_print(result) for result in outcome.results]
    return {**spec, "results": results, "fuel": outcome.fuel, "leastFuel": outcome.checked + 1}


def record(directory: Path, version: str) -> str:
    on = engine()
    recorded = []
    for file in sorted(directory.glob("*.json")):
        for program in json.loads(file.read_text("utf8")):
            try:
                module = wasmtime.Module(on, program["wat"])
                calls = [_record_call(on, module, spec) for spec in program["calls"]]
            except (ValueError, wasmtime.WasmtimeError) as error:
                raise SystemExit(f"{file.name}: {program['name']}: {error}") from error
            recorded.append({"name": program["name"], "calls": calls})
    lines = ",\n".join("    " + json.dumps(entry) for entry in recorded)
    return f'{{\n  "wasmtime": "{version}",\n  "programs": [\n{lines}\n  ]\n}}'
