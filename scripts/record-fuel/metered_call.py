"""Calls under Wasmtime's fuel, with every point at which it looks whether there is any left.

Asked to yield whenever fuel was consumed, Wasmtime yields exactly at its checks. So one run tells where they are, where
trying limits would take a run for each. The Python package has no asynchronous calls; its library does, by these names.
"""

import ctypes
from dataclasses import dataclass

import wasmtime
from wasmtime import _ffi as ffi

PLENTY = 10**15

_call = ffi.dll.wasmtime_func_call_async
_call.restype = ctypes.c_void_p
_call.argtypes = [ctypes.c_void_p] * 3 + [ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_void_p] * 2
_instantiate = ffi.dll.wasmtime_linker_instantiate_async
_instantiate.restype = ctypes.c_void_p
_instantiate.argtypes = [ctypes.c_void_p] * 6
_poll = ffi.dll.wasmtime_call_future_poll
_poll.restype = ctypes.c_bool
_poll.argtypes = [ctypes.c_void_p]
_delete = ffi.dll.wasmtime_call_future_delete
_delete.restype = None
_delete.argtypes = [ctypes.c_void_p]
_yield_interval = ffi.dll.wasmtime_context_fuel_async_yield_interval
_yield_interval.restype = ctypes.c_void_p
_yield_interval.argtypes = [ctypes.c_void_p, ctypes.c_uint64]


def engine() -> wasmtime.Engine:
    """An engine with every proposal that both Wasmtime and V8 know."""
    config = wasmtime.Config()
    config.consume_fuel = True
    for proposal in (
        "bulk_memory", "exceptions", "function_references", "gc", "memory64", "multi_memory", "multi_value",
        "reference_types", "relaxed_simd", "simd", "tail_call", "threads",
    ):  # fmt: skip
        setattr(config, f"wasm_{proposal}", True)
    config.shared_memory = True
    return wasmtime.Engine(config)


def new_store(of: wasmtime.Engine, interval: int | None = 1) -> wasmtime.Store:
    """A store that yields; `interval` None: one for `call_plainly`."""
    store = wasmtime.Store(of)
    store.set_fuel(PLENTY)
    if interval is not None:
        _yield_interval(store._context(), interval)
    return store


@dataclass
class Outcome:
    """`fuel` consumed by a call that returned, `checked`: of it at the last check; else `error`."""

    results: list
    fuel: int
    checked: int
    error: str | None = None
    exited: bool = False


@dataclass
class Tail:
    """Looks at checks only where `interval` was consumed, and from there at each: long runs have millions of them."""

    interval: int = 1


def _drive(store: wasmtime.Store, future, trap, error, tail: Tail = Tail()) -> tuple[int, int, str | None, bool]:
    checked = 0
    watching = tail.interval == 1
    while not _poll(future):
        checked = PLENTY - store.get_fuel()
        if watching:
            continue
        watching = True
        _yield_interval(store._context(), 1)
        store.set_fuel(PLENTY - checked)
    _delete(future)
    fuel = PLENTY - store.get_fuel()
    if error.value is not None:
        raised = wasmtime.WasmtimeError._from_ptr(ctypes.cast(error, ctypes.POINTER(ffi.wasmtime_error_t)))
        return fuel, checked, str(raised).splitlines()[-1].strip(), isinstance(raised, wasmtime.ExitTrap)
    if trap.value is not None:
        raised = wasmtime.Trap._from_ptr(ctypes.cast(trap, ctypes.POINTER(ffi.wasm_trap_t)))
        return fuel, checked, str(raised).splitlines()[-1].strip(), False
    return fuel, checked, None, False


def call(store: wasmtime.Store, function: wasmtime.Func, args: list, tail: Tail = Tail()) -> Outcome:
    """Calls with raw values (`wasmtime_val_t`); results are raw values too."""
    count = len(function.type(store).results)
    params = (ffi.wasmtime_val_t * len(args))(*args)
    results = (ffi.wasmtime_val_t * count)()
    trap, error = ctypes.c_void_p(), ctypes.c_void_p()
    store.set_fuel(PLENTY)
    future = _call(
        store._context(), ctypes.byref(function._func), params, len(args), results, count,
        ctypes.byref(trap), ctypes.byref(error),
    )  # fmt: skip
    fuel, checked, message, exited = _drive(store, future, trap, error, tail)
    return Outcome(list(results), fuel, checked, message, exited)


def call_plainly(store: wasmtime.Store, instance: wasmtime.Instance, export: str) -> int:
    """Fuel of a call without arguments, until it returns or exits."""
    store.set_fuel(PLENTY)
    try:
        instance.exports(store)[export](store)
    except wasmtime.ExitTrap:
        pass
    return PLENTY - store.get_fuel()


def instantiate(store: wasmtime.Store, linker: wasmtime.Linker, module: wasmtime.Module) -> wasmtime.Instance | str:
    """An instance, or why there is none."""
    raw = ffi.wasmtime_instance_t()
    trap, error = ctypes.c_void_p(), ctypes.c_void_p()
    store.set_fuel(PLENTY)
    future = _instantiate(
        linker.ptr(), store._context(), module.ptr(), ctypes.byref(raw), ctypes.byref(trap), ctypes.byref(error)
    )
    message = _drive(store, future, trap, error)[2]
    return wasmtime.Instance._from_raw(raw) if message is None else message
