"""Records what Wasmtime charges: the oracle of the fuel tests.

A developer's tool: neither users nor CI need Python. It needs the `wasmtime` package of PyPI in the version that
packages/edge-runtime-core/src/instrument/cost-table.ts names:

    python3 -m venv .venv && .venv/bin/pip install wasmtime==50.0.1
    tests=packages/edge-runtime-core/test/instrument/fuel
    .venv/bin/python scripts/record-fuel programs $tests/programs > $tests/programs-wasmtime.json
    .venv/bin/python scripts/record-fuel spec ../shared/conformance/core/spec > $tests/spec-wasmtime.json
    .venv/bin/python scripts/record-fuel sightglass ../shared/conformance/sightglass > $tests/sightglass-wasmtime.json
    npx oxfmt $tests

Each recording names Wasmtime's version. Of every call that returns it keeps the fuel that the call consumed and how much
of it had been consumed at the last check, which is all that decides whether a limit ends the call: limits above it pass.
"""

import sys
from importlib.metadata import version
from pathlib import Path

import own_programs
import spec_scripts
import wasi_programs

recorders = {
    "programs": own_programs.record,
    "spec": spec_scripts.record,
    "sightglass": wasi_programs.record,
}

if len(sys.argv) != 3 or sys.argv[1] not in recorders:
    sys.exit(__doc__)
print(recorders[sys.argv[1]](Path(sys.argv[2]), version("wasmtime")))
