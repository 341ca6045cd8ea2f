#!/usr/bin/env python3
"""Random shapes, dtypes and attributes for the ops of ai.onnx that move, pick, slide over and resize, and for recurrent and
attention layers, judged by ONNX Runtime: FOLDER/index.json. (Elementwise ops, reductions and quantization have cases of
their own in tests/conformance.)

Where ONNX Runtime 1.32 departs from the specification and its reference implementation, the cases keep away; each such
place says so.

    python tests/op_cases/random_cases.py FOLDER [PART_OF_NAME]
"""
import sys
from pathlib import Path

from op_pack import Pack
from random_layers import attention, recurrent, text
from random_movement import movement, picking
from random_windows import pooling, resizing, sliding

FAMILIES = (movement, picking, sliding, pooling, resizing, recurrent, attention, text)


def main():
    pack = Pack(Path(sys.argv[1]), verbose=True)
    for family in FAMILIES:
        if len(sys.argv) < 3 or sys.argv[2] in family.__name__:
            family(pack)
    pack.finish()


if __name__ == "__main__":
    main()
