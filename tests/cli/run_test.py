#!/usr/bin/env python3
"""thane run: inputs by name and order, made-up inputs, folders, errors."""
import json
import math
import pathlib
import struct
import unittest
import zipfile

import harness as h


class Digits(h.Case):
    def test_picture_to_label(self):
        labels = ["--labels", h.DIGITS / "labels.txt"]
        for picture in sorted((h.DIGITS / "pictures").glob("*.png")):
            out, err = self.thane("run", h.DIGITS / "digits.onnx", "-i", picture, "--top", 3, *labels)
            lines = out.splitlines()
            self.assertEqual(len(lines), 3)
            self.assertEqual(lines[0].split()[1], picture.stem.split("_")[0])
            self.assertEqual(err, "")

    def test_saved_outputs_are_pytorchs(self):
        self.thane("run", h.DIGITS / "digits.onnx", "-i", h.DIGITS / "digits.npy", "-o", self.folder / "deep" / "out")
        listing = json.loads((self.folder / "deep" / "out" / "outputs.json").read_text())
        self.assertEqual(listing, {"outputs": [{"name": "logits", "file": "logits.npy", "dtype": "float32", "shape": [32, 10]}]})
        dtype, shape, values = h.read_npy(self.folder / "deep" / "out" / "logits.npy")
        _, _, expected = h.read_npy(h.DIGITS / "expected.npy")
        self.assertEqual((dtype, shape), ("float32", (32, 10)))
        self.assertLess(max(abs(a - b) for a, b in zip(values, expected)), 1e-4)

    def test_settings_do_not_change_bits(self):
        bits = set()
        for setting in (["--threads", 1], ["--threads", 3], ["--threads", 2, "-q"]):
            self.thane("run", h.DIGITS / "digits.onnx", "-i", h.DIGITS / "digits.npy", "-o", self.folder / "o", *setting)
            bits.add((self.folder / "o" / "logits.npy").read_bytes())
        self.assertEqual(len(bits), 1)

    def test_auto_precision(self):
        digit = ("run", h.DIGITS / "digits.onnx", "-i", h.DIGITS / "digits.npy", "--precision", "auto")
        self.assertIn("precision fp32: bf16 strays by", self.thane(*digit, "--max-error", 0)[1])
        self.assertRegex(self.thane(*digit, "--max-error", 1)[1], r"precision (fp32|bf16): bf16 strays by .* of fp32's time")
        self.fails(*digit, "--max-error", -1, code=2, says=["--max-error", "0 or more"])

    def test_folder(self):
        out, err = self.thane("run", h.DIGITS / "digits.onnx", "-i", h.DIGITS / "pictures", "-o", self.folder / "o")
        self.assertEqual(err, "")  # progress only on a terminal
        pictures = sorted((h.DIGITS / "pictures").glob("*.png"))
        for picture in pictures:
            _, shape, values = h.read_npy(self.folder / "o" / picture.stem / "logits.npy")
            self.assertEqual(shape, (1, 10))
            names = (h.DIGITS / "labels.txt").read_text().split()
            self.assertEqual(names[max(range(10), key=values.__getitem__)], picture.stem.split("_")[0])
            self.assertIn(picture.stem, out)
        runs = self.json("run", h.DIGITS / "digits.onnx", "-i", f"image={h.DIGITS / 'pictures'}")["runs"]
        self.assertEqual({run["name"] for run in runs}, {picture.stem for picture in pictures})

    def test_json(self):
        result = self.json("run", h.DIGITS / "digits.onnx", "-i", h.DIGITS / "digits.npy", "--top", 1, "--labels",
                           h.DIGITS / "labels.txt")
        manifest = result["manifest"]
        for key in ("thane", "command", "cpu", "isa", "threads", "precision", "seed", "models"):
            self.assertIn(key, manifest)
        self.assertEqual(len(manifest["models"][0]["sha256"]), 64)
        run = result["runs"][0]
        self.assertEqual(run["inputs"][0]["shape"], [32, 1, 8, 8])
        output = run["outputs"][0]
        self.assertEqual((output["name"], output["kind"], output["dtype"], output["shape"]),
                         ("logits", "tensor", "float32", [32, 10]))
        _, _, expected = h.read_npy(h.DIGITS / "expected.npy")
        self.assertLess(max(abs(a - b) for a, b in zip(output["values"], expected)), 1e-4)
        self.assertEqual(len(run["top"]["rows"]), 32)
        _, _, truth = h.read_npy(h.DIGITS / "labels.npy")
        names = (h.DIGITS / "labels.txt").read_text().split()
        right = sum(row[0]["label"] == names[label] for row, label in zip(run["top"]["rows"], truth))
        self.assertGreater(right, 29)

    def test_sha256(self):
        import hashlib
        digest = hashlib.sha256((h.DIGITS / "digits.onnx").read_bytes()).hexdigest()
        result = self.json("run", h.DIGITS / "digits.onnx", "-i", "zeros")
        self.assertEqual(result["manifest"]["models"][0]["sha256"], digest)


class MadeUp(h.Case):
    def test_constants(self):
        self.assertEqual(self.echo(h.FLOAT, ["n", 3], "-i", "zeros"), ("float32", (1, 3), [0.0] * 3))
        self.assertEqual(self.echo(h.INT64, ["n", 2], "-i", "ones", "-s", "n=2"), ("int64", (2, 2), [1] * 4))
        self.assertEqual(self.echo(h.INT64, [], "-i", "x=16000"), ("int64", (), [16000]))
        self.assertEqual(self.echo(h.FLOAT, [2], "-i", "-0.5"), ("float32", (2,), [-0.5, -0.5]))

    def test_random_is_seeded(self):
        first = self.echo(h.FLOAT, [1000], "-i", "random")
        self.assertEqual(first, self.echo(h.FLOAT, [1000], "-i", "random", "--seed", 0))
        self.assertNotEqual(first, self.echo(h.FLOAT, [1000], "-i", "random", "--seed", 1))
        mean = sum(first[2]) / 1000
        deviation = math.sqrt(sum((x - mean) ** 2 for x in first[2]) / 1000)
        self.assertLess(abs(mean), 0.15)
        self.assertLess(abs(deviation - 1), 0.1)

    def test_ranges(self):
        _, shape, values = self.echo(h.INT64, ["b", "s"], "-i", "5:9", "-s", "x=4x50")
        self.assertEqual(shape, (4, 50))
        self.assertEqual(set(values), {5, 6, 7, 8})
        _, _, values = self.echo(h.FLOAT, [500], "-i", "-1:3")
        self.assertTrue(all(-1 <= x < 3 for x in values))
        self.assertGreater(max(values), 2.5)
        self.fails("run", self.folder / "identity.onnx", "-i", "3:3", code=2, says=["empty range"])

    def test_token_ids_fit_the_table(self):
        table = h.initializer("table", h.FLOAT, [7, 2], [float(i) for i in range(14)])
        path = self.write("m.onnx", h.model([h.node("Gather", ["table", "ids"], ["y"])],
                                            [h.value_info("ids", h.tensor_type(h.INT64, ["n"]))],
                                            [h.value_info("y", h.tensor_type(h.FLOAT, ["n", 2]))], [table]))
        run = self.json("run", path, "-i", "random", "-s", "n=300")["runs"][0]
        self.assertEqual((run["inputs"][0]["min"], run["inputs"][0]["max"]), (0, 6))

    def test_symbols_follow_files(self):
        path = self.write("m.onnx", h.model([h.node("Add", ["a", "b"], ["y"])],
                                            [h.value_info("a", h.tensor_type(h.FLOAT, ["n"])),
                                             h.value_info("b", h.tensor_type(h.FLOAT, ["n"]))],
                                            [h.value_info("y", h.tensor_type(h.FLOAT, ["n"]))]))
        a = self.write("a.npy", h.npy_bytes("float32", [3], [1, 2, 3]))
        self.thane("run", path, "-i", a, "-i", "b=ones", "-o", self.folder / "o")
        self.assertEqual(h.read_npy(self.folder / "o" / "y.npy"), ("float32", (3,), [2.0, 3.0, 4.0]))


class Order(h.Case):
    """y = a - b tells which input got what."""

    def setUp(self):
        super().setUp()
        inputs = [h.value_info(name, h.tensor_type(h.FLOAT, ["n"])) for name in ("a", "b")]
        self.model = self.write("m.onnx", h.model([h.node("Sub", ["a", "b"], ["y"])], inputs,
                                                  [h.value_info("y", h.tensor_type(h.FLOAT, ["n"]))]))
        self.one = self.write("one.npy", h.npy_bytes("float32", [1], [1]))
        self.nine = self.write("nine.npy", h.npy_bytes("float32", [1], [9]))

    def result(self, *arguments):
        self.thane("run", self.model, *arguments, "-o", self.folder / "o")
        return h.read_npy(self.folder / "o" / "y.npy")[2]

    def test_order_and_names(self):
        self.assertEqual(self.result("-i", self.nine, "-i", self.one), [8])
        self.assertEqual(self.result("-i", f"b={self.nine}", "-i", self.one), [-8])
        self.assertEqual(self.result("-i", f"b={self.nine}", "-i", f"a={self.one}"), [-8])

    def test_archives(self):
        for names, expected in ((("b", "a"), -8), (("arr_0", "arr_1"), 8)):
            path = self.folder / "x.npz"
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(names[0] + ".npy", h.npy_bytes("float32", [1], [9]))
                archive.writestr(names[1] + ".npy", h.npy_bytes("float32", [1], [1]))
            self.assertEqual(self.result("-i", path), [expected])

    def test_folder_of_inputs(self):
        self.write("in/a.npy", h.npy_bytes("float32", [1], [5]))
        self.write("in/b.npy", h.npy_bytes("float32", [1], [3]))
        self.assertEqual(self.result("-i", self.folder / "in"), [2])

    def test_folder_of_folders(self):
        for i, (a, b) in enumerate([(5, 3), (1, 9)]):
            self.write(f"sets/set_{i}/input_0.npy", h.npy_bytes("float32", [1], [a]))
            self.write(f"sets/set_{i}/input_1.npy", h.npy_bytes("float32", [1], [b]))
            self.write(f"sets/set_{i}/output_0.npy", h.npy_bytes("float32", [1], [0]))
        self.thane("run", self.model, "-i", self.folder / "sets", "-o", self.folder / "o")
        self.assertEqual(h.read_npy(self.folder / "o" / "set_0" / "y.npy")[2], [2])
        self.assertEqual(h.read_npy(self.folder / "o" / "set_1" / "y.npy")[2], [-8])

    def test_errors(self):
        fails = lambda *arguments, says: self.fails("run", self.model, *arguments, code=2, says=says)
        fails("-i", self.one, says=["input 'b'", "no value is given", "float32[n]"])
        fails("-i", f"c={self.one}", says=["there is no input 'c'", "'a', 'b'"])
        fails("-i", self.one, "-i", self.one, "-i", self.one, says=["more values than inputs", "2 (a, b)"])
        fails("-i", f"a={self.one}", "-i", f"a={self.one}", says=["given twice"])
        fails("-i", self.folder / "none.npy", says=["there is no file", "none.npy"])
        two = self.write("two.npy", h.npy_bytes("float32", [2], [1, 2]))
        three = self.write("three.npy", h.npy_bytes("float32", [3], [1, 2, 3]))
        fails("-i", two, "-i", three, says=["input 'b'", "dimension 'n' is 3", "2, as in an earlier input"])


class WrongInputs(h.Case):
    def test_shape_and_dtype(self):
        digits = h.DIGITS / "digits.onnx"
        self.fails("run", digits, "-i", h.DIGITS / "digits_nhwc.npy", code=2,
                   says=["input 'image'", "float32[32, 8, 8, 1]", "expected: float32[batch, 1, 8, 8]"])
        self.fails("run", digits, "-i", h.DIGITS / "labels.npy", code=2, says=["int64[32]", "float32[batch, 1, 8, 8]", "--cast"])
        rank = self.write("r.npy", h.npy_bytes("float32", [8, 8], [0.0] * 64))
        self.fails("run", digits, "-i", rank, code=2, says=["float32[8, 8]", "float32[batch, 1, 8, 8]"])

    def test_nan_into_integers(self):
        path = self.write("i.onnx", h.identity(h.INT64, ["n"]))
        bad = self.write("nan.npy", h.npy_bytes("float32", [2], [1, math.nan]))
        self.fails("run", path, "-i", bad, code=2, says=["float32[2]", "int64[n]"])
        self.fails("run", path, "-i", bad, "--cast", code=2, says=["element 1 is nan", "whole number that int64 can hold"])
        for value in (1.5, 1e30, math.inf):
            self.write("nan.npy", h.npy_bytes("float32", [1], [value]))
            self.fails("run", path, "-i", bad, "--cast", code=2, says=["element 0", "int64"])
        good = self.write("good.npy", h.npy_bytes("float64", [2], [-3, 2.0 ** 53]))
        self.assertEqual(self.echo(h.INT64, ["n"], "-i", good, "--cast"), ("int64", (2,), [-3, 2 ** 53]))

    def test_damaged_files(self):
        path = self.write("f.onnx", h.identity(h.FLOAT, ["n"]))
        whole = h.npy_bytes("float32", [4], [1, 2, 3, 4])
        for size in (0, 5, 9, 40, len(whole) - 1):
            self.fails("run", path, "-i", self.write("cut.npy", whole[:size]), code=2, says=["cut.npy"])
        self.fails("run", path, "-i", self.write("cut.npy", whole[:-1]), code=2, says=["15 bytes of data", "16 for shape [4]"])
        self.fails("run", path, "-i", self.write("x.png", b"\x89PNG\r\n\x1a\nrubbish"), code=2, says=["x.png"])
        self.fails("run", path, "-i", self.write("x.pb", b"\xff\xff\xff"), code=2, says=["x.pb"])
        self.fails("run", path, "-i", self.write("x.npz", b"PK\x03\x04 no archive"), code=2, says=["x.npz", "zip"])
        self.fails("run", path, "-i", self.write("x.xyz", b"?"), code=2, says=["x.xyz", ".npy, .npz"])
        objects = b"\x93NUMPY\x01\x00" + struct.pack("<H", 54) + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"
        self.fails("run", path, "-i", self.write("o.npy", objects), code=3, says=["dtype '|O'"])


class BrokenModels(h.Case):
    def test_exit_codes(self):
        self.fails("run", self.folder / "none.onnx", "-i", "random", code=2, says=["none.onnx", "No such file"])
        self.fails("run", self.write("empty.onnx", b""), "-i", "random", code=3, says=["empty"])
        self.fails("run", self.write("text.onnx", b"hello there"), "-i", "random", code=3, says=["text.onnx"])
        whole = (h.DIGITS / "digits.onnx").read_bytes()
        self.fails("run", self.write("cut.onnx", whole[:1000]), "-i", "random", code=3, says=["cut.onnx"])
        nodes = [h.node("Fancy", ["x"], ["t"], domain="my.own", name="first"), h.node("Odd", ["t"], ["y"], domain="my.own")]
        unknown = h.model(nodes, [h.value_info("x", h.tensor_type(h.FLOAT, [1]))],
                          [h.value_info("y", h.tensor_type(h.FLOAT, [1]))], domains=["my.own"])
        self.fails("run", self.write("unknown.onnx", unknown), "-i", "random", code=3, says=["Fancy", "Odd"])

    def test_data_out_of_range(self):
        table = h.initializer("table", h.FLOAT, [2], [1.0, 2.0])
        path = self.write("m.onnx", h.model([h.node("Gather", ["table", "i"], ["y"], name="look")],
                                            [h.value_info("i", h.tensor_type(h.INT64, [1]))],
                                            [h.value_info("y", h.tensor_type(h.FLOAT, [1]))], [table]))
        self.fails("run", path, "-i", "i=5", code=3, says=["look", "5"])

    def test_errors_as_json(self):
        error = self.json("run", self.folder / "none.onnx", "-i", "random", code=2)["error"]
        self.assertEqual(error["code"], "io")
        self.assertIn("none.onnx", error["where"])


if __name__ == "__main__":
    unittest.main()
