#!/usr/bin/env python3
"""Stands in for an interpreter that has an engine: answers as ONNX Runtime would for examples/digits, or misbehaves as the file
"mode" beside it says. Speaks the protocol of src/rivals/workers/protocol.py with the standard library alone."""
import json
import os
import pathlib
import signal
import struct
import sys
import time

HERE = pathlib.Path(sys.argv[0]).resolve().parent
if "-c" in sys.argv:  # asked about itself while it is registered
    code = sys.argv[sys.argv.index("-c") + 1]
    print(sys.argv[0] if "sys.executable" in code else "version 1.2.3" if "version" in code else "bytes 1000")
    sys.exit(0)

MODE = (HERE / "mode").read_text().split()
FAULT, PHASE = MODE[0], MODE[1] if len(MODE) > 1 else ""
DELAY = 0.03 if FAULT == "slow" else 0.001


def read(count):
    data = b""
    while len(data) < count:
        part = os.read(3, count - len(data))
        if not part:
            os._exit(0)
        data += part
    return data


def answer(document):
    body = json.dumps(document).encode()
    os.write(4, struct.pack("<I", len(body)) + body)


def misbehave():
    if FAULT == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif FAULT == "exit":
        os._exit(3)
    elif FAULT == "hang":
        time.sleep(3600)
    elif FAULT == "spin":
        while True:
            pass
    elif FAULT == "memory":
        hoard = []
        while True:
            hoard.append(bytearray(b"x" * (64 << 20)))
    elif FAULT == "garbage":
        os.write(4, b"\xff" * 64)
    elif FAULT == "nonsense":
        answer({"count": -5, "elapsed": "yes", "outputs": [{"name": 1, "dtype": "float32", "shape": [1 << 62, 8], "offset": -1}], "inputs": 3})
        return True
    elif FAULT == "flood":
        end = time.time() + 1
        while time.time() < end:
            os.write(1, b"noise\n" * 1000)
    elif FAULT == "error":
        answer({"error": "ModuleNotFoundError: No module named 'onnxruntime'"})
        return True
    elif FAULT == "children":
        if os.fork() == 0:
            time.sleep(3600)
    return FAULT in ("garbage",)


def outputs(rows):
    data = (HERE / "expected.npy").read_bytes()
    length = struct.unpack_from("<H", data, 8)[0]
    values = list(struct.unpack_from(f"<{rows * 10}f", data, 10 + length))
    if FAULT == "wrong":
        values[3] += 0.5
    elif FAULT == "confused":  # the opposite answer for every fourth row
        values = [-value if i // 10 % 4 == 0 else value for i, value in enumerate(values)]
    os.ftruncate(6, 0)
    os.pwrite(6, struct.pack(f"<{len(values)}f", *values), 0)
    return [{"name": "logits", "dtype": "float32", "shape": [rows, 10], "offset": 0, "bytes": 4 * len(values)}]


rows = 1
while True:
    request = json.loads(read(struct.unpack("<I", read(4))[0]))
    what = request["do"]
    if what == PHASE and misbehave():
        continue
    if what == "hello":
        answer({"versions": {"fake": "1.2.3"}, "timed": "a pause", "import_seconds": 0})
    elif what == "open":
        answer({"seconds": 0.01, "inputs": [{"name": "image", "dtype": "float32", "shape": [None, 1, 8, 8]}], "outputs": []})
    elif what == "bind":
        rows = request["inputs"][0]["shape"][0]
        answer({"seconds": 0})
    elif what == "first":
        answer({"seconds": 0.001, "outputs": outputs(rows)})
    elif what == "tensors":
        answer({"outputs": outputs(rows) if "logits" in request["names"] else []})
    else:
        samples, start = [], time.perf_counter()
        while True:
            before = time.perf_counter()
            time.sleep(DELAY)
            samples.append(time.perf_counter() - before)
            if time.perf_counter() - start >= request.get("seconds", 0) and len(samples) >= request.get("least", 1):
                break
        os.ftruncate(6, 0)
        os.pwrite(6, struct.pack(f"<{len(samples)}d", *samples), 0)
        answer({"count": len(samples), "elapsed": time.perf_counter() - start, "cpu_seconds": 0.001, "arrived": len(samples)})
