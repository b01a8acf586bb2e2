"""Converted specification scripts (wast2json form): the fuel of every call, in the order of the script.

One store per script, so that state, imports and calls between modules are as the script wants them. A call is one token:

    F        consumed F, last checked at the function's entry (1 consumed)
    F/C      consumed F, C of it at the last check
    !        did not return, or could not run
    TOKENxN  the same N times
"""

import ctypes
import hashlib
import json
import struct
from itertools import groupby
from pathlib import Path

import wasmtime
from wasmtime import _ffi as ffi

from metered_call import call, engine, instantiate, new_store

SPECTEST = """(module
  (global (export "global_i32") i32 (i32.const 666)) (global (export "global_i64") i64 (i64.const 666))
  (global (export "global_f32") f32 (f32.const 666.6)) (global (export "global_f64") f64 (f64.const 666.6))
  (table (export "table") 10 20 funcref) (table (export "table64") i64 10 20 funcref)
  (memory (export "memory") 1 2) (memory (export "shared_memory") 1 2 shared))"""

PRINTS = {
    "print": [], "print_i32": ["i32"], "print_i64": ["i64"], "print_f32": ["f32"], "print_f64": ["f64"],
    "print_i32_f32": ["i32", "f32"], "print_f64_f64": ["f64", "f64"],
}  # fmt: skip

KINDS = {"i32": 0, "i64": 1, "f32": 2, "f64": 3, "v128": 4, "funcref": 5, "externref": 6}
LANES = {"i8": "B", "i16": "H", "i32": "I", "f32": "I", "i64": "Q", "f64": "Q"}


class NoValue(Exception):
    """A constant that the C API cannot pass."""


def _bits(kind: str, value: str) -> bytes:
    code = LANES[kind]
    return struct.pack("<" + code, int(value) & ((1 << (8 * struct.calcsize(code))) - 1))


class Script:
    """One script's instances."""

    def __init__(self, on: wasmtime.Engine, directory: Path):
        self.engine = on
        self.directory = directory
        self.store = new_store(on)
        self.linker = wasmtime.Linker(on)
        self.linker.allow_shadowing = True
        self.named: dict[str, wasmtime.Instance] = {}
        self.definitions: dict[str, str] = {}
        self.current: wasmtime.Instance | None = None
        self.refused: list[str] = []
        for name, params in PRINTS.items():
            kind = wasmtime.FuncType([getattr(wasmtime.ValType, param)() for param in params], [])
            self.linker.define_func("spectest", name, kind, lambda *_: None)
        rest = instantiate(self.store, self.linker, wasmtime.Module(on, SPECTEST))
        self.linker.define_instance(self.store, "spectest", rest)

    def define(self, command: dict, filename: str, name: str | None) -> None:
        self.current = None
        try:
            module = wasmtime.Module(self.engine, (self.directory / filename).read_bytes())
            instance = instantiate(self.store, self.linker, module)
        except wasmtime.WasmtimeError as error:
            instance = str(error).splitlines()[-1].strip()
        if isinstance(instance, str):
            if command["type"].startswith("module"):
                self.refused.append(instance)
            return
        self.current = instance
        if name is not None:
            self.named[name] = instance

    def value(self, constant: dict):
        raw = ffi.wasmtime_val_t()
        kind, value = constant["type"], constant.get("value")
        if kind not in KINDS:
            raise NoValue(kind)
        raw.kind = KINDS[kind]
        if kind == "v128":
            data = b"".join(_bits(constant["lane_type"], lane) for lane in value)
        elif kind in LANES:
            data = _bits(kind, value)
        elif value == "null":
            return raw
        elif kind == "externref":
            finalizer = ctypes.CFUNCTYPE(None, ctypes.c_void_p)()
            target = ctypes.byref(raw.of.externref)
            ffi.wasmtime_externref_new(self.store._context(), int(value) + 1, finalizer, target)
            return raw
        else:
            raise NoValue(kind)
        ctypes.memmove(ctypes.byref(raw.of), data, len(data))
        return raw

    def invoke(self, action: dict) -> str:
        name = action.get("module")
        instance = self.current if name is None else self.named.get(name)
        if instance is None:
            return "!"
        try:
            args = [self.value(constant) for constant in action.get("args", [])]
        except NoValue:
            return "!"
        outcome = call(self.store, instance.exports(self.store)[action["field"]], args)
        if outcome.error is not None:
            return "!"
        return str(outcome.fuel) if outcome.checked == 1 else f"{outcome.fuel}/{outcome.checked}"

    def execute(self, command: dict) -> str | None:
        """The token of a command that is a call."""
        match command["type"]:
            case "module":
                self.define(command, command["filename"], command.get("name"))
            case "module_definition":
                self.definitions[command.get("name", "")] = command["filename"]
            case "module_instance":
                self.define(command, self.definitions[command["module"]], command.get("instance"))
            case "assert_unlinkable" | "assert_uninstantiable":
                kept = self.current
                self.define(command, command["filename"], None)
                self.current = kept
            case "register":
                name = command.get("name")
                instance = self.current if name is None else self.named.get(name)
                if instance is not None:
                    self.linker.define_instance(self.store, command["as"], instance)
        action = command.get("action")
        return None if action is None or action["type"] != "invoke" else self.invoke(action)


def hash_of(script: Path) -> str:
    """Over the script and its modules, in order of their names."""
    digest = hashlib.sha256(script.read_bytes())
    for file in sorted(script.parent.glob("*.wasm"), key=lambda path: path.name):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _runs(tokens: list[str]) -> str:
    groups = ((token, len(list(group))) for token, group in groupby(tokens))
    return " ".join(token if count == 1 else f"{token}x{count}" for token, count in groups)


def record(directory: Path, version: str) -> str:
    on = engine()
    entries = []
    for file in sorted(directory.glob("**/*.json")):
        script = Script(on, file.parent)
        tokens = [script.execute(command) for command in json.loads(file.read_text("utf8"))["commands"]]
        calls = _runs([token for token in tokens if token is not None])
        name = file.relative_to(directory).as_posix()
        entry = {"script": name, "sha256": hash_of(file), "calls": calls}
        if script.refused:
            entry["refused"] = sorted(set(script.refused))
        entries.append("    " + json.dumps(entry))
    body = ",\n".join(entries)
    return f'{{\n  "wasmtime": "{version}",\n  "scripts": [\n{body}\n  ]\n}}'
