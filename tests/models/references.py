#!/usr/bin/env python3
"""Runs ONNX Runtime on seeded inputs and writes what a test compares with: BUILD/models/index.json.

The layout: a list of entries; path (of the model), case, ops, opset, inputs and outputs (name, file, dtype, shape),
tolerance. All paths are relative to the folder of index.json. `alternatives` of an output are further right answers
(ONNX Runtime without its optimizer, or with another model of the same function): a result passes when it is within
tolerance of `file` or of any alternative.
`sensitivity` is how far ONNX Runtime's own answer moves when its float inputs move by one part in a million; where that
exceeds the tolerance (rounding to int8 inside the model can flip), the tolerance is that times four. Models that round
to 8 bits get at least two hundredths of their largest output, or one step of an 8-bit output.

    python tests/models/references.py [--build DIR] [--only PART_OF_PATH]
"""
import argparse
import hashlib
import json
import shutil
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

import cases
import contrib
import derive
import inputs as make

HERE = Path(__file__).resolve().parent
RTOL, ATOL = 1e-3, 1e-4
QUANTIZED = ("Quantize", "QLinear", "Integer", "QAttention", "QGemm")


def subgraphs(graph):
    """`graph` and every graph inside it."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in ([attribute.g] if attribute.HasField("g") else []) + list(attribute.graphs):
                yield from subgraphs(inner)


def op_counts(model):
    bodies = list(subgraphs(model.graph)) + list(model.functions)
    nodes = [n for body in bodies for n in body.node]
    return Counter((n.domain + ":" if n.domain not in ("", "ai.onnx") else "") + n.op_type for n in nodes)


def uses_half(model):
    tensors = list(model.graph.initializer)
    tensors += [a.t for n in model.graph.node for a in n.attribute if a.type == onnx.AttributeProto.TENSOR]
    return any(t.data_type == onnx.TensorProto.FLOAT16 for t in tensors)


def session(path, optimize=True):
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    if not optimize:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    # Sums of 8-bit products saturate on CPUs that have AVX2 and no VNNI, unless asked not to; some ops then lack a kernel.
    for exact in ("1", "0"):
        options.add_session_config_entry("session.x64quantprecision", exact)
        try:
            return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception:
            if exact == "0":
                raise


def excess(a, b):
    """The largest |a - b| where it leaves the tolerance around b, else 0. A step of an 8-bit output is none."""
    if a.dtype.itemsize == 1 and a.dtype.kind in "iu" and a.shape == b.shape:
        difference = int(np.abs(np.subtract(a, b, dtype=np.int32)).max(initial=0))
        return 0.0 if difference <= 1 else float(difference)
    if a.dtype.kind != "f" or a.shape != b.shape:
        return 0.0 if np.array_equal(a, b) else float("inf")
    difference = np.abs(np.subtract(a, b, dtype=np.float64))
    outside = difference[~((difference <= ATOL + RTOL * np.abs(b)) | (np.isnan(a) & np.isnan(b)) | (a == b))]
    return float(outside.max()) if outside.size else 0.0


def largest(a, b):
    if a.dtype.kind not in "fiu" or a.shape != b.shape:
        return None
    return float(np.nanmax(np.abs(np.subtract(a, b, dtype=np.float64)), initial=0.0))


def on_grid(model, feed):
    """Rounds float inputs that the model quantizes at once to the values it can tell apart. In between, the last bit of
    an input decides about a whole step, and a quantized network answers something else."""
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    constants |= {n.output[0]: onnx.numpy_helper.to_array(n.attribute[0].t) for n in model.graph.node
                  if n.op_type == "Constant" and n.attribute[0].name == "value"}
    orders = ("Pad", "Reshape", "Transpose", "Identity", "Unsqueeze", "Squeeze")
    result, moved = dict(feed), {name: name for name in feed}  # tensors that hold an input's values in another order
    for node in model.graph.node:
        if node.op_type in orders and node.input[0] in moved:
            moved[node.output[0]] = moved[node.input[0]]
        if node.op_type == "QuantizeLinear" and node.input[0] in moved and all(i in constants for i in node.input[1:]):
            source = moved[node.input[0]]
            scale, zero = constants[node.input[1]], constants[node.input[2]]
            range_ = np.iinfo(zero.dtype)
            steps = np.clip(np.rint(feed[source] / scale) + zero, range_.min, range_.max) - zero
            result[source] = (steps * scale).astype(np.float32)
    return result


class Recorder:
    """Writes arrays and entries below the folder of index.json."""
    def __init__(self, folder):
        self.folder, self.entries = folder, []

    def save(self, name, array):
        path = self.folder / "refs" / f"{name}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, np.ascontiguousarray(array) if array.ndim else array)
        return {"file": str(path.relative_to(self.folder)), "dtype": str(array.dtype), "shape": list(array.shape)}

    def record(self, path, case, note=""):
        model = onnx.load(self.folder / path, load_external_data=False)
        ops = op_counts(model)
        runs = {"": session(self.folder / path), "noopt": session(self.folder / path, optimize=False)}
        if case.twin:
            runs["twin"] = session(self.folder / case.twin)
        rounds = len(model.graph.node) > 1 and any(q in op for op in ops for q in QUANTIZED)
        carried = {}
        for step, feed in enumerate(case.steps):
            feed, given = on_grid(model, {**feed, **carried}), {**feed, **carried}
            label = case.name + (f".s{step}" if len(case.steps) > 1 else "")
            stem = f"{Path(path).with_suffix('').as_posix().replace('/', '.')}.{label}"
            entry = {
                "path": path, "format": "onnx", "case": label, "source": "wheel", "ops": sorted(ops),
                "opset": {o.domain or "ai.onnx": o.version for o in model.opset_import},
                "inputs": [{"name": i.name, **self.save(f"{stem}.in{k}", feed[i.name])}
                           for k, i in enumerate(runs[""].get_inputs())],
                **self.outputs(stem, runs, feed, given, rounds), "note": note}
            if uses_half(model):
                entry["tolerance"].update(self.half_tolerance())
            self.entries.append(entry)
            names = [o.name for o in runs[""].get_outputs()]
            carried = {i: self.last[names.index(o)] for i, o in case.carry.items()}

    def compare(self, item, stem, name, value, other):
        """Notes in `item` how another answer relates to `value`."""
        if np.array_equal(value, other, equal_nan=value.dtype.kind == "f"):
            item.setdefault("equal", []).append(f"onnxruntime-{name}")
        elif excess(other, value) > 0:
            item.setdefault("alternatives", []).append(
                {"by": f"onnxruntime-{name}", **self.save(stem, other), "max_diff": largest(other, value)})
        else:
            item[f"{name}_max_diff"] = largest(other, value)

    def half_tolerance(self):
        """float16 keeps 11 bits, and where it is rounded differs between engines: 20 roundings of the largest value.
        (ONNX Runtime, which rounds after most ops, strays up to 18 of them from the float32 form of the same model.)"""
        return {"atol": max(ATOL, 20 * peak(self.last) * 2.0 ** -11), "rtol": 20 * 2.0 ** -11}

    def outputs(self, stem, runs, feed, given, quantized):
        main = self.last = runs[""].run(None, feed)
        others = {name: run.run(None, feed) for name, run in runs.items() if name}
        seeds = [f"{stem}{seed}" for seed in range(4 if quantized else 2)]
        moved = max(sensitivity(runs[name], feed, seeds) for name in ("", "noopt"))
        # Between the values that the model can tell apart: how much one rounding inside of it can do.
        rounding = sensitivity(runs[""], given, seeds) if quantized else 0.0
        result = []
        for k, (output, value) in enumerate(zip(runs[""].get_outputs(), main)):
            item = {"name": output.name, **self.save(f"{stem}.out{k}", value), "by": "onnxruntime"}
            for name, answers in others.items():
                self.compare(item, f"{stem}.{name}{k}", name, value, answers[k])
            result.append(item)
        if not np.isfinite(moved):
            sys.exit(f"error: {stem}: an integer output or a shape hangs on the last bits of the input; "
                     "choose another input in cases.py")
        narrow = any(v.dtype.itemsize == 1 and v.dtype.kind in "iu" for v in main)
        atol = max(ATOL, 4 * moved, *((0.02 * peak(main), rounding) if quantized else ()))
        tolerance = {"atol": atol, "rtol": RTOL, "steps": int(max(1, moved)) if narrow else 0}
        return {"outputs": result, "tolerance": tolerance, **({"sensitivity": moved} if moved else {})}


def sensitivity(run, feed, seeds):
    """How far outputs move beyond the tolerance when float inputs move by one part in a million."""
    main = run.run(None, feed)
    return max(excess(a, b) for seed in seeds
               for a, b in zip(run.run(None, {k: nudge(v, seed) for k, v in feed.items()}), main))


def peak(arrays):
    """The largest finite magnitude in float arrays."""
    return max((float(np.abs(a[np.isfinite(a)]).max(initial=0.0)) for a in arrays if a.dtype.kind == "f"), default=0.0)


def nudge(array, name):
    if array.dtype.kind != "f" or array.ndim == 0:
        return array
    return (array * (1 + 1e-6 * make.generator(name).uniform(-1, 1, array.shape))).astype(array.dtype)


def fingerprint(folder):
    """Of everything the references depend on: the scripts, the versions, the list of wheels, the digits."""
    digest = hashlib.sha256(f"{ort.__version__} {onnx.__version__} {np.__version__}".encode())
    digits = cases.ROOT / "examples" / "digits"
    for path in [*sorted(HERE.glob("*.py")), HERE / "wheels.json", digits / "digits.onnx",
                 digits / "pictures" / "seven.png"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=HERE.parent.parent / "build", help="build folder")
    parser.add_argument("--only", help="only models whose path contains this; index.json is left alone")
    options = parser.parse_args()
    folder = options.build / "models"
    stamp, wanted = folder / ".references", fingerprint(folder)
    if not options.only and (folder / "index.json").exists() and stamp.exists() and stamp.read_text() == wanted:
        print("references: all in place")
        return
    recorder = Recorder(folder)
    if not options.only:
        stamp.unlink(missing_ok=True)
        shutil.rmtree(folder / "refs", ignore_errors=True)
    print("references: making derived models", flush=True)
    table = [(path, case, "") for path, many in cases.all_cases(folder) for case in many]
    table += list(derive.all_cases(folder, dict(cases.all_cases(folder)), options.only))
    table += list(contrib.all_cases(folder))
    table = [row for row in table if not options.only or options.only in row[0]]
    for position, (path, case, note) in enumerate(table, 1):
        if position == 1 or Path(path).parts[0] != Path(table[position - 2][0]).parts[0]:
            print(f"references: [{position}/{len(table)}] {Path(path).parts[0]}", flush=True)
        recorder.record(path, case, note)
    if not options.only:
        (folder / "index.json").write_text(json.dumps(recorder.entries, indent=1))
        stamp.write_text(wanted)
    print(f"references: {len(recorder.entries)} entries of {len({e['path'] for e in recorder.entries})} models")
    return recorder


if __name__ == "__main__":
    main()
