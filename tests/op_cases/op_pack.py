"""Writes models of one op (or few) with ONNX Runtime's answers, in the layout of index.json (see tests/models/references.py)."""
import json
import os
import pickle
import shutil
import zlib

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

OPSET, ML_OPSET = 23, 5
RTOL, ATOL = 1e-3, 1e-4


def generator(name):
    return np.random.default_rng(zlib.crc32(name.encode()))


def tensor_type(array):
    return TensorProto.STRING if array.dtype.kind in "USO" else helper.np_dtype_to_tensor_dtype(array.dtype)


def one_op(op, feed, outputs, attributes=None, domain="", constants=(), inputs=None, opset=OPSET, ml_opset=ML_OPSET,
           ranks_only=False):
    """A model of one node. `feed`: {name: array} in the node's order, None for an absent one; those named in `constants`
    become initializers. `outputs`: {name: type or None}; a name of None is an absent output. `inputs` overrides the
    node's inputs. Shapes are declared by symbols only where `ranks_only`."""
    given = {name: array for name, array in feed.items() if array is not None}
    names = inputs or [name if feed[name] is not None else "" for name in feed]
    node = helper.make_node(op, names, ["" if n.startswith("_") else n for n in outputs], name=op.lower(), domain=domain,
                            **(attributes or {}))
    declared = [helper.make_tensor_value_info(n, tensor_type(a), [f"{n}_{i}" for i in range(a.ndim)] if ranks_only else a.shape)
                for n, a in given.items() if n not in constants]
    weights = [onnx.numpy_helper.from_array(given[n], n) for n in constants if n in given]
    results = [helper.make_tensor_value_info(n, t, None) for n, t in outputs.items() if not n.startswith("_")]
    graph = helper.make_graph([node], op, declared, results, weights)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", ml_opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def answer(model, feed):
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    wanted = {i.name for i in session.get_inputs()}
    return session.run(None, {k: v for k, v in feed.items() if k in wanted})


def answer_apart(model, feed):
    """(outputs, None) or (None, why there are none), found in a process of its own: some models end ONNX Runtime."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            result = (answer(model, feed), None)
        except Exception as error:  # whatever ONNX Runtime does not take
            result = (None, str(error).splitlines()[0])
        with os.fdopen(writer, "wb") as pipe:
            pickle.dump(result, pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        raw = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(raw) if raw else (None, "it ends the process")


class Pack:
    """A folder of models, arrays and their index."""

    def __init__(self, folder, verbose=False):
        self.folder, self.entries, self.refused, self.verbose = folder, [], [], verbose
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    def save(self, name, array):
        item = {"file": f"{name}.npy", "dtype": str(array.dtype), "shape": list(array.shape)}
        if array.dtype.kind in "USO":
            raw = np.array([str(s).encode() for s in array.ravel()], dtype="S").reshape(array.shape)
            item |= {"dtype": "string", "lengths": [len(str(s).encode()) for s in array.ravel()]}
            array = raw if raw.size else np.zeros(array.shape, "S1")
        np.save(self.folder / item["file"], np.ascontiguousarray(array) if array.ndim else array)
        return item

    def add(self, name, model, feed, expected=None, by="onnxruntime", **tolerance):
        """Runs ONNX Runtime unless `expected` is given; a model that it refuses is noted and left out."""
        if expected is None:
            expected, error = answer_apart(model, feed)
            if expected is None:
                self.refused.append((name, error))
                return
        onnx.save(model, self.folder / f"{name}.onnx")
        used = [i.name for i in model.graph.input]
        self.entries.append({
            "path": f"{name}.onnx", "format": "onnx", "case": name, "source": "generated",
            "ops": sorted({(n.domain + ":" if n.domain else "") + n.op_type for n in model.graph.node}),
            "opset": {o.domain or "ai.onnx": o.version for o in model.opset_import},
            "inputs": [{"name": n, **self.save(f"{name}.in{k}", np.asarray(feed[n]))} for k, n in enumerate(used)],
            "outputs": [{"name": o.name, **self.save(f"{name}.out{k}", np.asarray(value)), "by": by}
                        for k, (o, value) in enumerate(zip(model.graph.output, expected))],
            "tolerance": {"atol": ATOL, "rtol": RTOL, "steps": 0} | tolerance})

    def finish(self):
        (self.folder / "index.json").write_text(json.dumps(self.entries, indent=1))
        for name, error in self.refused if self.verbose else ():
            print(f"  refused by ONNX Runtime: {name}: {error}")
        print(f"op cases: {self.folder.name}: {len(self.entries)} models ({len(self.refused)} that ONNX Runtime refuses left out)")
