#!/usr/bin/env python3
"""Runs a classify example on the digits and compares what it prints with the logits PyTorch computed for them."""
import ast
import pathlib
import struct
import subprocess
import sys


def read_float32(path: pathlib.Path):
    data = path.read_bytes()
    length = struct.unpack_from("<H", data, 8)[0]
    header = ast.literal_eval(data[10:10 + length].decode())
    assert header["descr"] == "<f4" and not header["fortran_order"]
    values = struct.unpack_from(f"<{(len(data) - 10 - length) // 4}f", data, 10 + length)
    width = header["shape"][-1]
    return [values[i:i + width] for i in range(0, len(values), width)]


def main(program: str, folder: str) -> int:
    digits = pathlib.Path(folder)
    labels = (digits / "labels.txt").read_text().split()
    arguments = [program, str(digits / "digits.onnx"), str(digits / "digits.npy"), str(digits / "labels.txt")]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    rows = read_float32(digits / "expected.npy")
    assert len(lines) == len(rows), f"{len(lines)} lines for {len(rows)} pictures"
    for line, row in zip(lines, rows):
        label, score = line.split()
        best = max(range(len(row)), key=row.__getitem__)
        assert label == labels[best], f"{label} instead of {labels[best]}"
        assert abs(float(score) - row[best]) < 1e-3, f"{score} instead of {row[best]}"
    missing = subprocess.run([program, "no-such-file.onnx", *arguments[2:]], capture_output=True, text=True, timeout=120)
    assert missing.returncode == 1 and "no-such-file.onnx" in missing.stderr, missing.stderr
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
