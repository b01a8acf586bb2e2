"""Benchmark programs on WASI preview 1: `_start` in a fresh instance, its folder as the pre-open `.`, its name `program`.

Random bytes count up from 0 and each look at a clock is a millisecond after the one before, so that runs are equal.
Recorded are the fuel of the whole run, how much of it at the last check, and hashes of the program with its inputs and
of what it printed. Host calls consume nothing.
"""

import hashlib
import json
import tempfile
from pathlib import Path

import wasmtime

from metered_call import Outcome, Tail, call, call_plainly, engine, instantiate, new_store

_SUCCESS = 0
_i32, _i64 = wasmtime.ValType.i32, wasmtime.ValType.i64

# How far before the end of a run its checks are looked at one by one.
TAIL = 20_000


class Determinism:
    """Stands in for the two sources of differences between runs."""

    def __init__(self, linker: wasmtime.Linker):
        self.milliseconds = 0
        linker.allow_shadowing = True
        wasi = "wasi_snapshot_preview1"
        random = wasmtime.FuncType([_i32(), _i32()], [_i32()])
        linker.define_func(wasi, "random_get", random, self.random_get, access_caller=True)
        clock = wasmtime.FuncType([_i32(), _i64(), _i32()], [_i32()])
        linker.define_func(wasi, "clock_time_get", clock, self.clock_time_get, access_caller=True)

    def random_get(self, caller: wasmtime.Caller, pointer: int, length: int) -> int:
        caller["memory"].write(caller, bytes(index & 0xFF for index in range(length)), pointer)
        return _SUCCESS

    def clock_time_get(self, caller: wasmtime.Caller, _clock: int, _precision: int, pointer: int) -> int:
        self.milliseconds += 1
        caller["memory"].write(caller, (self.milliseconds * 1_000_000).to_bytes(8, "little"), pointer)
        return _SUCCESS


class Run:
    """A store with what a program imports."""

    def __init__(self, on: wasmtime.Engine, folder: Path, scratch: str, interval: int | None):
        self.store = new_store(on, interval)
        self.stdout = Path(scratch, "stdout")
        config = wasmtime.WasiConfig()
        config.argv = ["program"]
        config.preopen_dir(str(folder), ".")
        config.stdout_file = str(self.stdout)
        config.stderr_file = str(Path(scratch, "stderr"))
        self.store.set_wasi(config)
        self.linker = wasmtime.Linker(on)
        self.linker.define_wasi()
        Determinism(self.linker)
        for name in ("start", "end"):
            self.linker.define_func("bench", name, wasmtime.FuncType([], []), lambda: None)


def _total(on: wasmtime.Engine, module: wasmtime.Module, folder: Path) -> int:
    with tempfile.TemporaryDirectory() as scratch:
        run = Run(on, folder, scratch, None)
        return call_plainly(run.store, run.linker.instantiate(run.store, module), "_start")


def _traced(on: wasmtime.Engine, module: wasmtime.Module, folder: Path, tail: Tail) -> tuple[Outcome, bytes]:
    with tempfile.TemporaryDirectory() as scratch:
        run = Run(on, folder, scratch, tail.interval)
        instance = instantiate(run.store, run.linker, module)
        if isinstance(instance, str):
            raise SystemExit(instance)
        outcome = call(run.store, instance.exports(run.store)["_start"], [], tail)
        return outcome, run.stdout.read_bytes()


def hash_of(program: Path) -> str:
    """Over the program and the inputs beside it, in order of their names."""
    digest = hashlib.sha256(program.read_bytes())
    for file in sorted(program.parent.glob("*.input"), key=lambda path: path.name):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def record(directory: Path, version: str) -> str:
    on = engine()
    entries = []
    for program in sorted(directory.glob("**/*.wasm")):
        name = program.relative_to(directory).as_posix()
        try:
            module = wasmtime.Module(on, program.read_bytes())
        except wasmtime.WasmtimeError as error:
            entries.append({"program": name, "refused": str(error).splitlines()[-1].strip()})
            continue
        total = _total(on, module, program.parent)
        outcome, stdout = _traced(on, module, program.parent, Tail(max(1, total - TAIL)))
        if outcome.error is not None and not outcome.exited:
            raise SystemExit(f"{name}: {outcome.error}")
        entry = {"program": name, "sha256": hash_of(program), "fuel": total}
        # Collections yield too, with the fuel in a register: a run with them tells nothing but its sum.
        if outcome.fuel == total:
            entry["checked"] = outcome.checked
        entries.append({**entry, "stdout": hashlib.sha256(stdout).hexdigest()})
    body = ",\n".join("    " + json.dumps(entry) for entry in entries)
    return f'{{\n  "wasmtime": "{version}",\n  "programs": [\n{body}\n  ]\n}}'
