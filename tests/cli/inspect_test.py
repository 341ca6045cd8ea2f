#!/usr/bin/env python3
"""thane inspect: what it says of models whose numbers can be worked out by hand."""
import unittest

import harness as h


def dense(weights, opset=18, name="w", metadata=None):
    """y = relu(x @ w), x [batch, 3], w [3, 4]."""
    nodes = [h.node("MatMul", ["x", name], ["t"]), h.node("Relu", ["t"], ["y"])]
    return h.model(nodes, [h.value_info("x", h.tensor_type(h.FLOAT, ["batch", 3]))],
                   [h.value_info("y", h.tensor_type(h.FLOAT, ["batch", 4]))], [h.initializer(name, h.FLOAT, [3, 4], weights)],
                   opset=opset, metadata=metadata)


class Inspect(h.Case):
    def test_digits(self):
        found = self.json("inspect", h.DIGITS / "digits.onnx")
        self.assertEqual((found["format"], found["versions"]), ("onnx", {"ai.onnx": "18"}))
        self.assertEqual(found["inputs"], [{"name": "image", "type": "float32[batch, 1, 8, 8]", "dtype": "float32",
                                            "shape": ["batch", 1, 8, 8]}])
        # conv1: 16 filters of 1x3x3 at 8x8 places; conv2: 32 of 16x3x3 there; head: 512 x 10.
        self.assertEqual(found["cost"]["macs"], 16 * 9 * 64 + 32 * 16 * 9 * 64 + 512 * 10)
        self.assertTrue(found["cost"]["macs_complete"])
        ops = {entry["op"]: entry["count"] for entry in found["ops"]}
        self.assertEqual((ops["Conv"], ops["MaxPool"], ops["Gemm"]), (2, 1, 1))
        text, _ = self.thane("inspect", h.DIGITS / "digits.onnx")
        for part in ("image", "float32[batch, 1, 8, 8]", "logits", "Conv", "309.2 k MACs", "ai.onnx 18"):
            self.assertIn(part, text)

    def test_shapes_change_the_cost(self):
        path = self.write("m.onnx", dense([1.0] * 12, metadata={"author": "me"}))
        found = self.json("inspect", path)
        self.assertEqual(found["cost"]["macs"], 12)
        self.assertEqual(found["weights"], {"tensors": 1, "parameters": 12, "bytes": 48})
        self.assertEqual(found["metadata"], {"author": "me"})
        for option in ("batch=10", "x=10x3"):
            cost = self.json("inspect", path, "-s", option)["cost"]
            self.assertEqual((cost["macs"], cost["input_bytes"], cost["output_bytes"]), (120, 120, 160))
            self.assertEqual(cost["peak_bytes"], cost["arena_bytes"] + 280)
        self.fails("inspect", path, "-s", "nobody=3", code=2, says=["nobody", "'x', 'batch'"])
        self.assertIsNone(self.json("inspect", path, "-s", "x=10x4")["cost"])

    def test_stages(self):
        imported, _ = self.thane("inspect", h.DIGITS / "digits.onnx", "--stage=import")
        self.assertIn("input %image: float32[batch, 1, 8, 8]", imported)
        self.assertIn("Relu(", imported)
        optimised, _ = self.thane("inspect", h.DIGITS / "digits.onnx", "--stage", "optimised")
        self.assertNotIn("= Relu(", optimised)
        plan, _ = self.thane("inspect", h.DIGITS / "digits.onnx", "--stage=plan")
        self.assertRegex(plan, r"plan of \d+ steps, arena \d+ bytes")
        self.assertRegex(plan, r"@arena\+\d+")
        self.assertRegex(plan, r"%logits: float32\[1, 10\] @result")
        self.assertEqual(self.json("inspect", h.DIGITS / "digits.onnx", "--stage=plan")["text"], plan)
        self.fails("inspect", h.DIGITS / "digits.onnx", "--stage=nonsense", code=2, says=["import, optimised, plan"])

    def test_diff(self):
        a = self.write("a.onnx", dense([1.0] * 12))
        self.assertEqual(self.json("inspect", a, a)["changes"], [])
        b = self.write("b.onnx", dense([1.0] * 11 + [3.0], opset=17))
        changes = {(change["kind"], change["name"]): change for change in self.json("inspect", a, b)["changes"]}
        self.assertEqual(set(changes), {("version", "ai.onnx"), ("weight", "w")})
        self.assertEqual(changes["weight", "w"]["after"], "1 of 12 elements differ, by 2 at most")
        text, _ = self.thane("inspect", a, self.write("c.onnx", dense([1.0] * 12, name="v")))
        self.assertRegex(text, r"-\s+weight\s+w\s")
        self.assertRegex(text, r"\+\s+weight\s+v\s")
        self.fails("inspect", a, b, "--stage=plan", code=2, says=["one model"])

    def test_bodies_count(self):
        digits, _ = self.thane("inspect", h.DIGITS / "digits.onnx", "-v")
        self.assertIn("made by pytorch", digits)


if __name__ == "__main__":
    unittest.main()
