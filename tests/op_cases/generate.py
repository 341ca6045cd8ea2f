#!/usr/bin/env python3
"""Makes the packs of generated models, with ONNX Runtime's answers, below BUILD/op_cases, unless they are there.

    python tests/op_cases/generate.py [--build DIR]
"""
import argparse
import hashlib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

import contrib_cases
import ml_cases
import random_cases
from op_pack import Pack

HERE = Path(__file__).resolve().parent
MODELS = HERE.parent / "data" / "ml"


def sklearn(pack):
    """The committed models of scikit-learn (sklearn_models.py)."""
    for path in sorted(MODELS.glob("*/*.onnx")):
        x = np.load(path.parent / "X.npy")
        pack.add(path.stem, onnx.load(path), {"X": x.astype(object) if x.dtype.kind == "U" else x}, atol=1e-3)


PACKS = {"ml": ml_cases.FAMILIES, "sklearn": (sklearn,), "contrib": contrib_cases.FAMILIES,
         "random": random_cases.FAMILIES}


def fingerprint():
    digest = hashlib.sha256(f"{ort.__version__} {onnx.__version__} {np.__version__}".encode())
    for path in [*sorted(HERE.glob("*.py")), *sorted(MODELS.glob("*/*"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=HERE.parent.parent / "build", help="build folder")
    folder = parser.parse_args().build / "op_cases"
    stamp, wanted = folder / ".generated", fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        print("op cases: all in place")
        return
    for name, families in PACKS.items():
        pack = Pack(folder / name)
        for family in families:
            family(pack)
        pack.finish()
    stamp.write_text(wanted)


if __name__ == "__main__":
    main()
