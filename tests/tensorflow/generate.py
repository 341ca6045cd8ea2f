#!/usr/bin/env python3
"""Makes ops.zip: a small graph per op of TensorFlow with random inputs and TensorFlow's own outputs.

    python tests/tensorflow/generate.py [--out tests/tensorflow/ops.zip] [--only NAME]

Needs tensorflow==2.21.0. The archive has the form that tests/model_pack judges: index.json and the files it names.
"""
import argparse
import io
import json
import os
import sys
import zipfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
import numpy as np
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).resolve().parent))
import op_cases

V1 = tf.compat.v1
EPOCH = (2020, 1, 1, 0, 0, 0)


def npy(array):
    if array.dtype == object:
        encoded = [x if isinstance(x, bytes) else x.encode() for x in array.ravel()]
        array = np.array(encoded, dtype=f"S{max([1] + [len(x) for x in encoded])}").reshape(array.shape)
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def dtype_name(array):
    return "string" if array.dtype == object or array.dtype.kind == "S" else array.dtype.name


def build(function, inputs, options, dynamic):
    """The graph, its outputs' values, and the names."""
    graph = tf.Graph()
    v1 = options.get("v1")
    (V1.disable_control_flow_v2 if v1 else V1.enable_control_flow_v2)()
    (V1.disable_tensor_equality if v1 else V1.enable_tensor_equality)()
    with graph.as_default():
        feeds = {}
        placeholders = []
        for i, array in enumerate(inputs):
            shape = [None if dynamic and axis == 0 else n for axis, n in enumerate(array.shape)]
            dtype = tf.string if array.dtype == object else array.dtype
            placeholder = V1.placeholder(dtype, shape, name=f"in{i}")
            placeholders.append(placeholder)
            feeds[placeholder] = array
        results = function(*placeholders)
        if not isinstance(results, (list, tuple)):
            results = [results]
        results = [tf.identity(result, name=f"out{i}") for i, result in enumerate(results)]
        with V1.Session(graph=graph) as session:
            session.run(V1.tables_initializer())
            values = session.run(results, feeds)
        definition = graph.as_graph_def()
    for node in definition.node:
        node.attr.pop("_output_shapes", None)
    return definition, [np.asarray(value) for value in values]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default=str(Path(__file__).resolve().parent / "ops.zip"))
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    index, failed = [], []
    with zipfile.ZipFile(arguments.out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:

        def add(name, data):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data, zipfile.ZIP_DEFLATED, 9)

        for number, (name, function, inputs, options) in enumerate(op_cases.CASES):
            if arguments.only not in name or options.get("tables"):
                continue
            dynamic = number % 2 == 1
            try:
                definition, values = build(function, inputs, options, dynamic)
            except Exception as error:
                failed.append((name, str(error).splitlines()[0][:200]))
                continue
            folder = f"{number:03d}_{name}"
            add(f"{folder}/graph.pb", definition.SerializeToString(deterministic=True))
            entry = {"path": f"{folder}/graph.pb", "format": "graphdef", "case": name, "inputs": [], "outputs": [],
                     "tolerance": {"rtol": options.get("rtol", 1e-4), "atol": options.get("atol", 1e-5), "steps": 0}}
            for kind, arrays in [("in", inputs), ("out", values)]:
                for i, array in enumerate(arrays):
                    file = f"{folder}/{kind}{i}.npy"
                    add(file, npy(array))
                    entry["inputs" if kind == "in" else "outputs"].append(
                        {"name": f"{kind}{i}", "file": file, "dtype": dtype_name(array), "shape": list(array.shape)})
            index.append(entry)
        add("index.json", json.dumps(index, indent=1))
    for name, error in failed:
        print(f"not made: {name}: {error}", file=sys.stderr)
    print(f"{len(index)} cases, {os.path.getsize(arguments.out)} bytes")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
