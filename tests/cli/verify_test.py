#!/usr/bin/env python3
"""thane verify: verdicts, exit codes, the first tensor that differs."""
import unittest

import harness as h


def two_layers(first, second, names=("x", "y")):
    """y = (x * first) + second, elementwise over 4 numbers; the product is called 'scaled'."""
    x, y = names
    nodes = [h.node("Mul", [x, "first"], ["scaled"], name="scale"), h.node("Add", ["scaled", "second"], [y], name="shift")]
    return h.model(nodes, [h.value_info(x, h.tensor_type(h.FLOAT, ["n", 4]))], [h.value_info(y, h.tensor_type(h.FLOAT, ["n", 4]))],
                   [h.initializer("first", h.FLOAT, [4], first), h.initializer("second", h.FLOAT, [4], second)])


class Verify(h.Case):
    def setUp(self):
        super().setUp()
        self.a = self.write("a.onnx", two_layers([1, 2, 3, 4], [0, 0, 0, 0]))
        self.x = self.write("x.npy", h.npy_bytes("float32", [1, 4], [1, 1, 1, 1]))

    def test_equal(self):
        out, _ = self.thane("verify", self.a, self.write("b.onnx", two_layers([1, 2, 3, 4], [0, 0, 0, 0])))
        self.assertIn("all within tolerance", out)
        other = self.write("c.onnx", two_layers([1, 2, 3, 4], [0, 0, 0, 0], names=("in", "out")))  # matched by order
        self.thane("verify", self.a, other, "-i", self.x)

    def test_numbers_and_first_difference(self):
        b = self.write("b.onnx", two_layers([1, 2, 3, 4.5], [0, 0, 0.25, 0]))
        found = self.json("verify", self.a, b, "-i", self.x, code=1)
        self.assertFalse(found["passed"])
        comparison = found["comparisons"][0]
        output = comparison["outputs"][0]
        # [1, 2, 3.25, 4.5] against [1, 2, 3, 4]
        self.assertEqual((output["max_error"], output["mean_error"]), (0.5, 0.1875))
        self.assertEqual((output["beyond"], output["first_beyond"], output["value"], output["reference"]), (2, 2, 3.25, 3))
        self.assertAlmostEqual(output["cosine"], (1 + 4 + 9.75 + 18) / (30 ** 0.5 * (1 + 4 + 3.25 ** 2 + 4.5 ** 2) ** 0.5))
        self.assertEqual((output["top1_rows"], output["top1_agreeing"]), (1, 1))
        out, _ = self.thane("verify", self.a, b, "-i", self.x, "--no-optimise", code=1)
        self.assertIn("the first tensor that differs is 'scaled', made by Mul 'scale'", out)
        self.thane("verify", self.a, b, "-i", self.x, "--atol", "0.6")

    def test_top1(self):
        b = self.write("b.onnx", two_layers([9, 2, 3, 4], [0, 0, 0, 0]))
        output = self.json("verify", self.a, b, "-i", self.x, code=1)["comparisons"][0]["outputs"][0]
        self.assertEqual((output["top1_rows"], output["top1_agreeing"]), (1, 0))

    def test_settings(self):
        found = self.json("verify", h.DIGITS / "digits.onnx", "-i", h.DIGITS / "digits.npy", "--settings", "precision=exact,fp32",
                          "--settings", "threads=1,2")
        self.assertEqual(len(found["comparisons"]), 3)
        same_bits = self.json("verify", h.DIGITS / "digits.onnx", "--settings", "threads=1,2,3", "--atol", 0, "--rtol", 0)
        self.assertTrue(same_bits["passed"])
        self.thane("verify", h.DIGITS / "digits.onnx", "--settings", "isa=portable", "--settings", "optimise=on,off")
        loose = ("--atol", 0.05, "--rtol", 0.05)
        bf16 = self.json("verify", h.DIGITS / "digits.onnx", "-i", h.DIGITS / "digits.npy", "--settings", "precision=fp32,bf16", *loose)
        self.assertTrue(bf16["passed"])
        self.assertGreater(bf16["comparisons"][0]["outputs"][0]["max_error"], 0)
        for bad, says in (("precision=fp99", "exact, fp32"), ("color=red", "precision, threads"), ("threads", "KEY=A,B"),
                          ("isa=z80", "isa")):
            self.fails("verify", self.a, "--settings", bad, code=2, says=[says])

    def test_usage(self):
        self.fails("verify", self.a, code=2, says=["second model"])
        self.fails("verify", self.a, self.a, "--atol", "-1", code=2, says=["tolerance"])
        self.fails("verify", self.a, self.folder / "none.onnx", code=2, says=["none.onnx"])
        two_inputs = h.model([h.node("Add", ["p", "q"], ["y"])], [h.value_info(n, h.tensor_type(h.FLOAT, ["n"])) for n in "pq"],
                             [h.value_info("y", h.tensor_type(h.FLOAT, ["n"]))])
        self.fails("verify", self.a, self.write("t.onnx", two_inputs), code=2, says=["2 inputs (p, q)", "1 (x)"])

    def test_folder(self):
        for i in range(3):
            self.write(f"in/{i}.npy", h.npy_bytes("float32", [1, 4], [i, i, i, i]))
        b = self.write("b.onnx", two_layers([1, 2, 3, 5], [0, 0, 0, 0]))
        found = self.json("verify", self.a, b, "-i", self.folder / "in", code=1)
        self.assertEqual([c["within"] for c in found["comparisons"]], [True, False, False])


if __name__ == "__main__":
    unittest.main()
