#!/usr/bin/env python3
"""Runs TorchScript cases through thane and compares with what PyTorch gave.

    check.py THANE FOLDER [NAME…] [--model FILE]

FOLDER (or a zip of one) holds cases as generate.py writes them; --model stands in for their model.pt. Exit status 1 when
one differs.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

ATOL, RTOL = 2e-5, 2e-4


def compare(case, out):
    """An error message, or None."""
    for expected in sorted((case / "expected").iterdir()):
        folder = out / expected.name
        outputs = json.loads((folder / "outputs.json").read_text())["outputs"]
        files = sorted(expected.iterdir(), key=lambda path: int(path.stem))
        if len(outputs) > len(files):  # keys that a dict may have and this run's has not are empty tensors
            outputs = [output for output in outputs if output["shape"] != [0]]
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


def check(thane, case, model):
    with tempfile.TemporaryDirectory() as out:
        # Every run's outputs in a folder of its own, whatever their number.
        command = [thane, "run", str(model or case / "model.pt"), "-i", str(case / "inputs"), "-o", out]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            return f"exit {done.returncode}: {done.stderr.strip()[-600:]}"
        return compare(case, Path(out))


def check_all(arguments, folder):
    names = [c for c in sorted(folder.iterdir()) if not arguments.names or c.name.startswith(tuple(arguments.names))]
    failed = 0
    for case in names:
        problem = check(arguments.thane, case, arguments.model)
        print(f"{case.name}: {problem or 'ok'}", flush=True)
        failed += problem is not None
    print(f"{len(names) - failed} of {len(names)} cases agree with PyTorch")
    return failed == 0 and bool(names)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("thane")
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--model", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder
        if folder.is_file():
            zipfile.ZipFile(folder).extractall(scratch)
            folder = Path(scratch)
        sys.exit(0 if check_all(arguments, folder) else 1)


if __name__ == "__main__":
    main()
