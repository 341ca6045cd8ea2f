"""Checkpoints of real Lightning runs (generate.py) bound onto graphs by the program, from outside."""
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "cli"))
from harness import BINARY, DIGITS, read_npy  # noqa: E402

DATA = pathlib.Path(__file__).parent / "data"
CASES = {case["name"]: case for case in json.loads((DATA / "cases.json").read_text())}
ATOL, RTOL = 1e-5, 1e-4


def thane(*arguments, expect=0):
    done = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.returncode == expect, f"exit {done.returncode}, expected {expect}\n{done.stdout}\n{done.stderr}"
    return done


def distance(ours, theirs):
    """The largest difference beyond the tolerance; 0 when all is within."""
    (_, shape, a), (_, other, b) = read_npy(ours), read_npy(theirs)
    assert shape == other, (shape, other)
    assert all(math.isfinite(x) for x in a)
    return max((abs(x - y) for x, y in zip(a, b) if abs(x - y) > ATOL + RTOL * abs(y)), default=0.0)


def arguments_of(case):
    extra = ["--weights-prefix", case["prefix"]] if "prefix" in case else []
    return [DATA / case["graph"], "--weights", DATA / case["weights"], *extra, "-i", DATA / case["input"]]


def run(case, folder, *more, expect=0):
    done = thane("run", *arguments_of(case), "-o", folder, *more, expect=expect)
    if expect:
        return done, None
    listed = json.loads((pathlib.Path(folder) / "outputs.json").read_text())["outputs"]
    return done, pathlib.Path(folder) / listed[0]["file"]


class Bindings(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def test_every_case(self):
        self.assertGreater(len(CASES), 20)
        for name, case in CASES.items():
            with self.subTest(name):
                if "expect" not in case:
                    done, output = run(case, self.folder)
                    self.assertEqual(distance(output, DATA / case["output"]), 0.0)
                    self.assertIn("weights bound", done.stderr)
                    continue
                done, _ = run(case, self.folder, expect=3)
                for left in case["left"]:
                    self.assertIn(left, done.stderr)
                self.assertIn("--allow-incomplete", done.stderr)
                if case["expect"] == "incomplete":
                    done, output = run(case, self.folder, "--allow-incomplete")
                    self.assertEqual(distance(output, DATA / case["output"]), 0.0)
                    self.assertIn(case["left"][0], done.stderr)

    def test_unbound_graphs_answer_otherwise(self):
        """The exported weights are others: a run that ignores the checkpoint cannot pass above."""
        for name in ("conv", "tied"):
            case = CASES[name]
            thane("run", DATA / case["graph"], "-i", DATA / case["input"], "-o", self.folder)
            listed = json.loads((pathlib.Path(self.folder) / "outputs.json").read_text())["outputs"]
            self.assertGreater(distance(pathlib.Path(self.folder) / listed[0]["file"], DATA / case["output"]), 1e-3)

    def test_report(self):
        case = CASES["conv"]
        report = json.loads(thane("run", *arguments_of(case), "--json").stdout)["binding"]
        self.assertTrue(report["complete"])
        self.assertEqual({w["name"] for w in report["bound"]}, {w["from"].removeprefix("model.") for w in report["bound"]})
        self.assertEqual(sorted(report["counters"]), ["model.block.1.num_batches_tracked", "model.bn1.num_batches_tracked"])
        self.assertEqual(report["graph_left"] + report["checkpoint_left"], [])
        inspected = json.loads(thane("inspect", *arguments_of(case)[:3], "--json").stdout)["binding"]
        self.assertEqual(inspected["bound"], report["bound"])

    def test_transposed_weights_are_named(self):
        done = thane("run", *arguments_of(CASES["lstm"]), expect=3)
        self.assertIn("graph", done.stderr)

    def test_verify(self):
        conv = CASES["conv"]
        thane("verify", DATA / "conv.onnx", DATA / "conv_whole.onnx", "--weights", DATA / conv["weights"], "-i", DATA / conv["input"])
        thane("verify", DATA / "conv.onnx", DATA / "conv_whole.onnx", "-i", DATA / conv["input"], expect=1)

    def test_wrong_prefix(self):
        done = thane("run", DATA / "conv.onnx", "--weights", DATA / "twin.ckpt", "--weights-prefix", "nobody", "-i", DATA / "conv.x.npy", expect=2)
        self.assertIn("nobody.", done.stderr)

    def test_no_checkpoint(self):
        thane("run", DATA / "conv.onnx", "--weights", self.folder + "/none.ckpt", "-i", DATA / "conv.x.npy", expect=2)
        broken = pathlib.Path(self.folder) / "broken.ckpt"
        broken.write_bytes((DATA / "conv.ckpt").read_bytes()[:-100])
        thane("run", DATA / "conv.onnx", "--weights", broken, "-i", DATA / "conv.x.npy", expect=2)

    def test_digits(self):
        """The example's checkpoint gives the example's outputs on the graphs that keep its weights. The exporter of its
        ONNX file folded the batch norms: there the checkpoint's are left over, and that must be said."""
        arguments = ["--weights", DIGITS / "digits.ckpt", "-i", DIGITS / "digits.npy"]
        for graph in ("digits.pt", "digits.pt2"):
            with self.subTest(graph):
                thane("run", DIGITS / graph, *arguments, "-o", self.folder)
                listed = json.loads((pathlib.Path(self.folder) / "outputs.json").read_text())["outputs"]
                self.assertEqual(distance(pathlib.Path(self.folder) / listed[0]["file"], DIGITS / "expected.npy"), 0.0)
        done = thane("run", DIGITS / "digits.onnx", *arguments, expect=3)
        self.assertIn("bn1.running_mean", done.stderr)


class Inspections(unittest.TestCase):
    def test_lightning(self):
        for case in CASES.values():
            if "facts" not in case:
                continue
            with self.subTest(case["name"]):
                facts = case["facts"]
                seen = json.loads(thane("inspect", DATA / case["weights"], "--json").stdout)
                self.assertEqual(seen["format"], "Lightning checkpoint")
                self.assertEqual(seen["lightning_version"], facts["version"])
                self.assertEqual((seen["epoch"], seen["global_step"]), (facts["epoch"], facts["global_step"]))
                self.assertEqual(list(seen["callbacks"]), facts["callbacks"])
                self.assertEqual(len(seen["lr_schedulers"]), facts["schedulers"])
                self.assertEqual(seen["hyper_parameters"], {**seen["hyper_parameters"], **facts["hyper_parameters"]})
                self.assertEqual([{"groups": o["groups"], "tensors": o["tensors"]} for o in seen["optimizers"]], facts["optimizers"])
                self.assertEqual(seen["weights"]["elements"], facts["parameters"])
                text = thane("inspect", DATA / case["weights"]).stdout
                for word in (facts["version"], f"epoch {facts['epoch']}", "optimizers", "loops", "model.", "conv1.weight"):
                    self.assertIn(word, text.replace("below state_dict", "model."))

    def test_other_checkpoints(self):
        for name in ("conv.pth", "conv_legacy.pth", "conv.safetensors", "conv_module.pth"):
            with self.subTest(name):
                seen = json.loads(thane("inspect", DATA / name, "--json").stdout)
                names = {tensor["name"] for tensor in seen["tensors"]}
                self.assertLessEqual({"conv1.weight", "block.0.bias", "head.weight"}, names)
        foreign = json.loads(thane("inspect", DATA / "conv_module.pth", "--json").stdout)["foreign_globals"]
        self.assertIn("__main__.ConvNet", foreign)

    def test_difference(self):
        same = thane("inspect", DATA / "conv.pth", DATA / "conv.pth").stdout
        self.assertIn("no difference", same)
        changes = json.loads(thane("inspect", DATA / "conv.pth", DATA / "conv_shape.pth", "--json").stdout)["changes"]
        self.assertEqual([(c["kind"], c["name"]) for c in changes], [("tensor", "head.bias")])
        changes = json.loads(thane("inspect", DATA / "conv.ckpt", DATA / "ema.ckpt", "--json").stdout)["changes"]
        self.assertIn("state_dict.model.conv1.weight", {c["name"] for c in changes})


class Watching(unittest.TestCase):
    """run --watch: again with every new checkpoint, be it moved into place or written in place, whole or in pieces."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.weights = self.folder / "last.ckpt"
        shutil.copy(DATA / "conv.ckpt", self.weights)
        self.log = open(self.folder / "log", "w")
        self.addCleanup(self.log.close)
        self.process = subprocess.Popen(
            [BINARY, "run", DATA / "conv.onnx", "--weights", self.weights, "--watch", "-i", DATA / "conv.x.npy", "-o", self.folder / "out"],
            stdout=subprocess.DEVNULL, stderr=self.log, text=True)
        self.addCleanup(self.stop)

    def stop(self):
        self.process.kill()
        self.process.wait()

    def runs(self):
        return (self.folder / "log").read_text().count("first outputs after")

    def wait_for(self, count):
        deadline = time.monotonic() + 60
        while self.runs() < count:
            self.assertIsNone(self.process.poll(), (self.folder / "log").read_text())
            self.assertLess(time.monotonic(), deadline, (self.folder / "log").read_text())
            time.sleep(0.02)

    def check(self, name):
        listed = json.loads((self.folder / "out" / "outputs.json").read_text())["outputs"]
        # The input is that of the case "conv"; outputs of other checkpoints come from a plain run.
        case = {**CASES[name], "graph": "conv.onnx", "input": "conv.x.npy"}
        _, expected = run(case, self.folder / "expected")
        self.assertEqual(distance(self.folder / "out" / listed[0]["file"], expected), 0.0)

    def test_changes(self):
        self.wait_for(1)
        self.check("conv")
        fresh = self.folder / "new.ckpt"
        shutil.copy(DATA / "ema.ckpt", fresh)
        os.replace(fresh, self.weights)  # as careful programs save
        self.wait_for(2)
        self.check("ema")
        self.weights.write_bytes((DATA / "compiled.ckpt").read_bytes())  # in place
        self.wait_for(3)
        self.check("compiled")
        whole = (DATA / "conv.ckpt").read_bytes()
        with open(self.weights, "wb") as file:  # in place and slowly: halves are no checkpoints
            for begin in range(0, len(whole), len(whole) // 3 + 1):
                file.write(whole[begin:begin + len(whole) // 3 + 1])
                file.flush()
                time.sleep(0.15)
        self.wait_for(4)
        self.check("conv")
        self.weights.write_bytes(b"nonsense")  # said, and waited out
        time.sleep(1.5)
        shutil.copy(DATA / "ema.ckpt", fresh)
        os.replace(fresh, self.weights)
        self.wait_for(5)
        self.check("ema")


if __name__ == "__main__":
    unittest.main()
