"""Run time of the metered sightglass programs against Wasmtime with fuel, in turns in one run.

A developer's tool: neither users nor CI need Python. It needs the `wasmtime` package of PyPI:

    python3 -m venv .venv && .venv/bin/pip install wasmtime==50.0.1
    .venv/bin/python scripts/compare-wasmtime ../shared/conformance/sightglass [NAME...]

Each program runs in fresh instances, timed between its calls of `bench.start` and `bench.end`: here with fuel (Cranelift,
speed), and in a Node process that this one starts, on the binary that the pool serves. Prints the ratio of the medians
per program, their geomean and the worst, and writes the two to bench/results.json as dev_wasmtime_*.
"""

import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import wasmtime

ROUNDS_AT_LEAST = 5
SECONDS = 2.0
# Shorter ones measure how code warms up.
SHORTEST_US = 300
ROOT = Path(__file__).resolve().parents[2]


class Wasmtime:
    def __init__(self, program: Path):
        config = wasmtime.Config()
        config.consume_fuel = True
        self.engine = wasmtime.Engine(config)
        self.module = wasmtime.Module(self.engine, program.read_bytes())
        self.program = program
        self.started = 0
        self.elapsed = 0

    def _start(self) -> None:
        self.started = time.perf_counter_ns()

    def _end(self) -> None:
        self.elapsed = time.perf_counter_ns() - self.started

    def run(self) -> float:
        """Microseconds."""
        with tempfile.TemporaryDirectory() as scratch:
            store = wasmtime.Store(self.engine)
            store.set_fuel(2**63 - 1)
            wasi = wasmtime.WasiConfig()
            wasi.argv = [self.program.name]
            wasi.preopen_dir(str(self.program.parent), ".")
            wasi.stdout_file = str(Path(scratch, "stdout"))
            wasi.stderr_file = str(Path(scratch, "stderr"))
            store.set_wasi(wasi)
            linker = wasmtime.Linker(self.engine)
            linker.define_wasi()
            for name, function in (("start", self._start), ("end", self._end)):
                linker.define_func("bench", name, wasmtime.FuncType([], []), function)
            instance = linker.instantiate(store, self.module)
            try:
                instance.exports(store)["_start"](store)
            except wasmtime.ExitTrap as exited:
                if exited.code != 0:
                    raise
        return self.elapsed / 1000


class Here:
    """The Node process: a program's path selects it, an empty line runs it and is answered with microseconds."""

    def __init__(self):
        command = ["npx", "node", "--no-warnings", str(ROOT / "bench/sightglass-worker.ts")]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def _ask(self, line: str) -> str:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def select(self, name: str) -> bool:
        return self._ask(name) == "ready"

    def run(self) -> float:
        return float(self._ask(""))

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def measure(program: Path, name: str, here: Here) -> tuple[float, float] | None:
    try:
        there = Wasmtime(program)
    except wasmtime.WasmtimeError:
        return None
    if not here.select(name):
        return None
    for _ in range(3):
        there.run(), here.run()
    theirs, ours = [], []
    deadline = time.monotonic() + SECONDS
    while len(ours) < ROUNDS_AT_LEAST or time.monotonic() < deadline:
        theirs.append(there.run())
        ours.append(here.run())
    return statistics.median(ours), statistics.median(theirs)


def main(folder: Path, names: list[str]) -> None:
    ratios = []
    for program in sorted(folder.glob("**/*.wasm")):
        name = program.parent.name if program.stem == "benchmark" else program.stem
        if names and name not in names:
            continue
        # A process a program: node:wasi never closes the folders that it opens for a guest.
        here = Here()
        measured = measure(program, name, here)
        here.close()
        if measured is None or measured[1] < SHORTEST_US:
            continue
        ours, theirs = measured
        ratios.append(ours / theirs)
        print(f"{name:44} {ours / 1000:10.2f} ms  Wasmtime {theirs / 1000:10.2f} ms  {ours / theirs:6.3f}", flush=True)
    geomean = math.exp(statistics.fmean(map(math.log, ratios)))
    print(f"{len(ratios)} programs, Wasmtime {version('wasmtime')}: geomean {geomean:.3f}, worst {max(ratios):.3f}")
    if names:
        return
    results = ROOT / "bench/results.json"
    figures = json.loads(results.read_text())
    figures["dev_wasmtime_fuel_geomean"] = round(geomean, 3)
    figures["dev_wasmtime_fuel_worst"] = round(max(ratios), 3)
    results.write_text(json.dumps(figures, indent=2) + "\n")


main(Path(sys.argv[1]), sys.argv[2:])
