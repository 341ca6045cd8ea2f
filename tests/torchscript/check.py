#!/usr/bin/env python3
"""Runs TorchScript cases through thane and compares with what PyTorch gave.

    check.py THANE FOLDER [NAME…]

FOLDER holds cases as generate.py writes them. Exit status 1 when one differs.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ATOL, RTOL = 2e-5, 2e-4


def compare(case, out):
    """An error message, or None."""
    for expected in sorted((case / "expected").iterdir()):
        folder = out / expected.name
        outputs = json.loads((folder / "outputs.json").read_text())["outputs"]
        files = sorted(expected.iterdir(), key=lambda path: int(path.stem))
        if len(outputs) != len(files):
            return f"run {expected.name}: {len(outputs)} outputs, expected {len(files)}"
        for output, file in zip(outputs, files):
            wanted, got = np.load(file), np.load(folder / output["file"])
            if wanted.shape != got.shape or wanted.dtype != got.dtype:
                return f"run {expected.name}: {output['name']} is {got.dtype}{got.shape}, expected {wanted.dtype}{wanted.shape}"
            if not np.allclose(got, wanted, ATOL, RTOL, equal_nan=True) if wanted.dtype.kind in "fc" else (got != wanted).any():
                worst = np.abs(np.asarray(got, np.float64) - np.asarray(wanted, np.float64)).max()
                return f"run {expected.name}: {output['name']} differs by {worst:.3g}"
    return None


def check(thane, case):
    with tempfile.TemporaryDirectory() as out:
        # Every run's outputs in a folder of its own, whatever their number.
        command = [thane, "run", str(case / "model.pt"), "-i", str(case / "inputs"), "-o", out]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            return f"exit {done.returncode}: {done.stderr.strip()[-600:]}"
        return compare(case, Path(out))


def main():
    thane, folder, wanted = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    failed = []
    cases = [c for c in sorted(folder.iterdir()) if not wanted or any(c.name.startswith(w) for w in wanted)]
    for case in cases:
        problem = check(thane, case)
        print(f"{case.name}: {problem or 'ok'}")
        if problem:
            failed.append(case.name)
    print(f"{len(cases) - len(failed)} of {len(cases)} cases agree with PyTorch")
    sys.exit(1 if failed or not cases else 0)


if __name__ == "__main__":
    main()
