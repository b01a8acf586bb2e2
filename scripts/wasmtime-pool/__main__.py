"""Compares the pool with Wasmtime's pooling allocator: new instance, dirtied pages touched, given back.

A developer's tool: neither users nor CI need Python. It needs a C compiler and the `wasmtime` package of PyPI:

    python3 -m venv .venv && .venv/bin/pip install wasmtime==50.0.1
    .venv/bin/python scripts/wasmtime-pool

The guests are those of bench/touching-guest.ts; both sides run in turns, and the medians over the rounds are printed as
JSON. Wasmtime is called by a loop in C through its C API, with fuel, in each of the settings below; the best one counts.
"""

import ctypes
import json
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from statistics import median

from wasmtime import _bindings as api
from wasmtime import _ffi, wat2wasm

here = Path(__file__).parent
rounds = 7
seconds_per_round = 0.1
most_memory = 16 << 20

# Name, and bytes of each memory that stay resident; None: without a pool.
settings = {"no pool": None, "pool": 0, "pool, 2 MiB resident": 2 << 20, "pool, 16 MiB resident": 16 << 20}


def compile_loop(folder):
    library = _ffi.dll._name
    out = Path(folder) / "loop.so"
    command = ["cc", "-O2", "-shared", "-fPIC", "-o", str(out), str(here / "loop.c"), library]
    subprocess.run([*command, f"-Wl,-rpath,{Path(library).parent}"], check=True)
    loop = ctypes.CDLL(str(out)).run
    loop.restype = ctypes.c_double
    loop.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
    return loop


def new_engine(resident):
    config = api.wasm_config_new()
    api.wasmtime_config_consume_fuel_set(config, True)
    api.wasmtime_config_memory_init_cow_set(config, True)
    if resident is not None:
        pool = api.wasmtime_pooling_allocation_config_new()
        api.wasmtime_pooling_allocation_config_max_memory_size_set(pool, most_memory)
        api.wasmtime_pooling_allocation_config_total_memories_set(pool, 16)
        api.wasmtime_pooling_allocation_config_total_core_instances_set(pool, 16)
        api.wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(pool, resident)
        api.wasmtime_pooling_allocation_strategy_set(config, pool)
    return api.wasm_engine_new_with_config(config)


def prepare(engine, wasm):
    module = ctypes.POINTER(api.wasmtime_module_t)()
    data = (ctypes.c_uint8 * len(wasm)).from_buffer_copy(wasm)
    if api.wasmtime_module_new(engine, data, len(wasm), ctypes.byref(module)):
        sys.exit("Wasmtime refuses the guest")
    linker = api.wasmtime_linker_new(engine)
    prepared = ctypes.POINTER(api.wasmtime_instance_pre_t)()
    if api.wasmtime_linker_instantiate_pre(linker, module, ctypes.byref(prepared)):
        sys.exit("Wasmtime does not link the guest")
    return prepared


def time_us(loop, engine, prepared):
    """Microseconds for one instance."""
    first = loop(engine, prepared, 20)
    if first < 0:
        sys.exit(f"step {-first:.0f} of the loop failed")
    return loop(engine, prepared, max(20, int(seconds_per_round / first))) * 1e6


def main():
    guests = json.loads(subprocess.run(["node", here / "ours.ts", "guests"], check=True, capture_output=True).stdout)
    samples = {key: {} for key in guests}
    with tempfile.TemporaryDirectory() as folder:
        loop = compile_loop(folder)
        subjects = []
        for name, resident in settings.items():
            engine = new_engine(resident)
            subjects += [(key, name, engine, prepare(engine, wat2wasm(wat))) for key, wat in guests.items()]
        for _ in range(rounds):
            for key, name, engine, prepared in subjects:
                samples[key].setdefault(name, []).append(time_us(loop, engine, prepared))
            ours = subprocess.run(["node", here / "ours.ts", "measure"], check=True, capture_output=True).stdout
            for key, microseconds in json.loads(ours).items():
                samples[key].setdefault("this pool", []).append(microseconds)
    for key, by_name in samples.items():
        medians = {name: round(median(values), 2) for name, values in by_name.items()}
        best = min(value for name, value in medians.items() if name != "this pool")
        print(json.dumps({"guest": key, "us": medians, "over_wasmtime": round(medians["this pool"] / best, 3)}))
    print(json.dumps({"wasmtime": version("wasmtime"), "rounds": rounds}))


main()
