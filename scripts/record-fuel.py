#!/usr/bin/env python3
"""Records what Wasmtime charges for small programs: the oracle of the fuel tests.

A developer's tool, not part of the build. It needs the `wasmtime` package of PyPI in the version that
packages/edge-runtime-core/src/instrument/cost-table.ts names:

    python3 -m venv .venv && .venv/bin/pip install wasmtime==50.0.1
    tests=packages/edge-runtime-core/test/instrument
    .venv/bin/python scripts/record-fuel.py $tests/fuel-programs.json > $tests/fuel-wasmtime.json
    npx oxfmt $tests/fuel-wasmtime.json

Reads a JSON list of {name, wat, calls: [{export, args}]}. Prints the version and, for each call in a new instance: its
results as text, the fuel that it consumed, and the smallest amount with which it succeeds; for a call that does not
return, the trap's message. Instantiation is not counted.
"""

import json
import sys
from importlib.metadata import version

import wasmtime

PLENTY = 10**15


def engine() -> wasmtime.Engine:
    config = wasmtime.Config()
    config.consume_fuel = True
    for proposal in ("exceptions", "function_references", "gc", "memory64", "multi_memory", "tail_call"):
        setattr(config, f"wasm_{proposal}", True)
    return wasmtime.Engine(config)


def call(module: wasmtime.Module, export: str, args: list, fuel: int):
    """(results, None, consumed) of a call that returns, (None, trap, consumed) of one that does not."""
    store = wasmtime.Store(module_engine)
    store.set_fuel(PLENTY)
    function = wasmtime.Instance(store, module, []).exports(store)[export]
    store.set_fuel(fuel)
    try:
        results = function(store, *args)
    except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
        return None, str(error).splitlines()[-1].strip(), fuel - store.get_fuel()
    return results, None, fuel - store.get_fuel()


def least_fuel(module: wasmtime.Module, export: str, args: list, enough: int) -> int:
    low, high = 0, enough
    while high - low > 1:
        middle = (low + high) // 2
        if call(module, export, args, middle)[1] is None:
            high = middle
        else:
            low = middle
    return high


def record(program: dict) -> dict:
    module = wasmtime.Module(module_engine, program["wat"])
    calls = []
    for spec in program["calls"]:
        export, args = spec["export"], spec["args"]
        results, trap, consumed = call(module, export, args, PLENTY)
        if trap is not None:
            calls.append({"export": export, "args": args, "trap": trap})
            continue
        listed = results if isinstance(results, list) else [] if results is None else [results]
        least = least_fuel(module, export, args, consumed + 2)
        calls.append(
            {"export": export, "args": args, "results": [str(r) for r in listed], "fuel": consumed, "leastFuel": least}
        )
    return {"name": program["name"], "calls": calls}


module_engine = engine()
with open(sys.argv[1], encoding="utf-8") as file:
    programs = json.load(file)
recorded = [record(program) for program in programs]
lines = ",\n".join("    " + json.dumps(entry) for entry in recorded)
print(f'{{\n  "wasmtime": "{version("wasmtime")}",\n  "programs": [\n{lines}\n  ]\n}}')
