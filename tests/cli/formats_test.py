#!/usr/bin/env python3
"""Files in and out: dtypes, pictures, sound, text, ONNX tensors, sequences and maps."""
import json
import os
import subprocess
import unittest

import harness as h


class DTypes(h.Case):
    def test_round_trips(self):
        cases = [("float64", h.DOUBLE, [0.1, -2.0]), ("bool", h.BOOL, [True, False]), ("uint8", h.UINT8, [0, 255]),
                 ("int8", h.INT8, [-128, 127]), ("float16", h.FLOAT16, [0.5, -65504.0]), ("int64", h.INT64, [-2 ** 63, 2 ** 63 - 1])]
        for name, code, values in cases:
            path = self.write("x.npy", h.npy_bytes(name, [2], values))
            self.assertEqual(self.echo(code, ["n"], "-i", path), (name, (2,), values))
            self.thane("run", self.folder / "identity.onnx", "-i", path, "-o", self.folder / "pb", "--output-format", "pb")
            listing = json.loads((self.folder / "pb" / "outputs.json").read_text())
            self.assertEqual(listing, {"outputs": [{"name": "y", "file": "y.pb", "dtype": name, "shape": [2]}]})
            self.assertEqual(self.echo(code, ["n"], "-i", self.folder / "pb" / "y.pb"), (name, (2,), values))

    def test_bfloat16_as_its_bits(self):
        path = self.write("x.npy", h.npy_bytes("uint16", [2], [0x3f80, 0xc000]))
        self.assertEqual(self.echo(h.BFLOAT16, ["n"], "-i", path), ("uint16", (2,), [0x3f80, 0xc000]))
        listing = json.loads((self.folder / "out" / "outputs.json").read_text())
        self.assertEqual(listing["outputs"][0]["dtype"], "bfloat16")
        values = self.json("run", self.folder / "identity.onnx", "-i", path)["runs"][0]["outputs"][0]["values"]
        self.assertEqual(values, [1, -2])

    def test_strings(self):
        path = self.write("x.npy", h.npy_bytes("bytes", [2], [b"one", b"three"]))
        self.assertEqual(self.echo(h.STRING, ["n"], "-i", path), ("bytes", (2,), [b"one", b"three"]))
        listing = json.loads((self.folder / "out" / "outputs.json").read_text())
        self.assertEqual(listing["outputs"][0], {"name": "y", "file": "y.npy", "dtype": "string", "shape": [2], "lengths": [3, 5]})
        lines = self.write("x.txt", "zwölf\nfour\n")
        self.assertEqual(self.echo(h.STRING, ["n"], "-i", lines)[2], ["zwölf".encode(), b"four"])
        result = self.json("run", self.folder / "identity.onnx", "-i", lines)
        self.assertEqual(result["runs"][0]["outputs"][0]["values"], ["zwölf", "four"])

    def test_what_json_lacks(self):
        path = self.write("x.npy", h.npy_bytes("float32", [3], [float("nan"), float("inf"), -float("inf")]))
        self.write("i.onnx", h.identity(h.FLOAT, ["n"]))
        output = self.json("run", self.folder / "i.onnx", "-i", path)["runs"][0]["outputs"][0]
        self.assertEqual((output["values"], output["not_finite"]), (["nan", "inf", "-inf"], 3))


class Pictures(h.Case):
    RGB = [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30, 40, 50, 60, 70, 80, 90]  # 3 wide, 2 high

    def setUp(self):
        super().setUp()
        self.png = self.write("x.png", h.png_bytes(3, 2, 3, self.RGB))

    def close(self, found, expected):
        self.assertEqual(len(found), len(expected))
        self.assertLess(max(abs(a - b) for a, b in zip(found, expected)), 1e-5)

    def planes(self, transform=lambda c, v: v / 255):
        return [transform(c, self.RGB[3 * i + c]) for c in range(3) for i in range(6)]

    def test_layouts(self):
        _, shape, values = self.echo(h.FLOAT, ["n", 3, "h", "w"], "-i", self.png)
        self.assertEqual(shape, (1, 3, 2, 3))
        self.close(values, self.planes())
        _, shape, values = self.echo(h.FLOAT, ["n", "h", "w", 3], "-i", self.png)
        self.assertEqual(shape, (1, 2, 3, 3))
        self.close(values, [v / 255 for v in self.RGB])
        _, shape, _ = self.echo(h.FLOAT, [None, None, None, None], "-i", self.png, "--layout", "nhwc")
        self.assertEqual(shape, (1, 2, 3, 3))

    def test_mean_std_scale(self):
        mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        _, _, values = self.echo(h.FLOAT, [1, 3, 2, 3], "-i", self.png, "--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225")
        self.close(values, self.planes(lambda c, v: (v / 255 - mean[c]) / std[c]))
        _, _, values = self.echo(h.FLOAT, [1, 3, 2, 3], "-i", self.png, "--scale", 1, "--mean", "127.5", "--std", "127.5")
        self.close(values, self.planes(lambda c, v: (v - 127.5) / 127.5))
        self.fails("run", self.folder / "identity.onnx", "-i", self.png, "--mean", "1,2", code=2, says=["--mean", "3 channels"])

    def test_integers(self):
        self.assertEqual(self.echo(h.UINT8, [1, 2, 3, 3], "-i", self.png)[2], self.RGB)
        self.assertEqual(self.echo(h.INT8, [1, 2, 3, 3], "-i", self.png)[2], [v - 128 for v in self.RGB])

    def test_grey(self):
        luma = [76, 150, 29, 18, 48, 78]  # 0.299 R + 0.587 G + 0.114 B
        self.assertEqual(self.echo(h.UINT8, [1, 1, 2, 3], "-i", self.png), ("uint8", (1, 1, 2, 3), luma))
        self.assertEqual(self.echo(h.UINT8, ["n", "c", 2, 3], "-i", self.png, "--gray", "--layout", "nchw")[2], luma)
        self.assertEqual(self.echo(h.UINT8, [2, 3], "-i", self.png)[2], luma)
        grey = self.write("g.png", h.png_bytes(3, 2, 1, [1, 2, 3, 4, 5, 6]))
        self.assertEqual(self.echo(h.UINT8, [1, 2, 3, 3], "-i", grey)[2], [v for v in range(1, 7) for _ in range(3)])

    def test_resize(self):
        self.assertEqual(self.echo(h.FLOAT, [1, 3, 4, 5], "-i", self.png)[1], (1, 3, 4, 5))
        self.assertEqual(self.echo(h.FLOAT, ["n", 3, "h", "w"], "-i", self.png, "--resize", "7x6")[1], (1, 3, 7, 6))
        self.assertEqual(self.echo(h.FLOAT, ["n", 3, "h", "w"], "-i", self.png, "-s", "x=1x3x5x4")[1], (1, 3, 5, 4))
        flat = self.write("flat.png", h.png_bytes(5, 5, 1, [200] * 25))
        self.assertEqual(set(self.echo(h.UINT8, [1, 1, 3, 9], "-i", flat)[2]), {200})

    def test_rank(self):
        path = self.write("m.onnx", h.identity(h.FLOAT, [1, 2, 3, 4, 5]))
        self.fails("run", path, "-i", self.png, code=2, says=["2 to 4 dimensions"])


class Sounds(h.Case):
    SAMPLES = [0, 16384, -32768, 8192, -8192]

    def setUp(self):
        super().setUp()
        self.wav = self.write("x.wav", h.wav_bytes(16000, self.SAMPLES))
        self.floats = [s / 32768 for s in self.SAMPLES]

    def test_shapes(self):
        self.assertEqual(self.echo(h.FLOAT, ["n"], "-i", self.wav), ("float32", (5,), self.floats))
        self.assertEqual(self.echo(h.FLOAT, ["b", "n"], "-i", self.wav)[1], (1, 5))
        self.assertEqual(self.echo(h.FLOAT, ["b", "n", 1], "-i", self.wav)[1], (1, 5, 1))

    def test_windows(self):
        self.assertEqual(self.echo(h.FLOAT, ["b", 3], "-i", self.wav), ("float32", (2, 3), self.floats + [0.0]))
        self.assertEqual(self.echo(h.FLOAT, [1, 8], "-i", self.wav)[2], self.floats + [0.0] * 3)
        path = self.write("m.onnx", h.identity(h.FLOAT, [1, 3]))
        _, err = self.thane("run", path, "-i", self.wav)
        self.assertIn("the last 2 samples", err)

    def test_rate(self):
        self.echo(h.FLOAT, ["n"], "-i", self.wav, "--rate", 16000)
        self.fails("run", self.folder / "identity.onnx", "-i", self.wav, "--rate", 44100, code=2, says=["16000", "44100"])


class SequencesAndMaps(h.Case):
    def test_sequence(self):
        infos = [h.value_info(name, h.tensor_type(h.FLOAT, ["n"])) for name in ("a", "b")]
        out = h.value_info("s/1", h.sequence_type(h.tensor_type(h.FLOAT, ["n"])))
        path = self.write("m.onnx", h.model([h.node("SequenceConstruct", ["a", "b"], ["s/1"])], infos, [out]))
        arguments = ["run", path, "-i", "ones", "-s", "n=2"]
        self.thane(*arguments, "-o", self.folder / "o")
        listing = json.loads((self.folder / "o" / "outputs.json").read_text())
        self.assertEqual(listing, {"outputs": [{"name": "s/1", "kind": "sequence", "items": [
            {"file": "s_1_0.npy", "dtype": "float32", "shape": [2]}, {"file": "s_1_1.npy", "dtype": "float32", "shape": [2]}]}]})
        self.assertEqual(h.read_npy(self.folder / "o" / "s_1_1.npy")[2], [1, 1])
        output = self.json(*arguments)["runs"][0]["outputs"][0]
        self.assertEqual((output["kind"], [item["values"] for item in output["items"]]), ("sequence", [[1, 1], [1, 1]]))
        # A sequence goes out and in again as one .pb file.
        self.thane(*arguments, "-o", self.folder / "pb", "--output-format", "pb")
        back = h.model([h.node("SequenceLength", ["s"], ["y"])], [h.value_info("s", h.sequence_type(h.tensor_type(h.FLOAT, ["n"])))],
                       [h.value_info("y", h.tensor_type(h.INT64, []))])
        self.thane("run", self.write("back.onnx", back), "-i", self.folder / "pb" / "s_1.pb", "-o", self.folder / "len")
        self.assertEqual(h.read_npy(self.folder / "len" / "y.npy"), ("int64", (), [2]))

    def test_map(self):
        map_type = h.field(5, h.field(1, h.STRING) + h.field(2, h.tensor_type(h.FLOAT, [])))
        out = h.value_info("z", h.sequence_type(map_type))
        zipmap = h.node("ZipMap", ["x"], ["z"], domain="ai.onnx.ml", classlabels_strings=["cat", "dog"])
        path = self.write("m.onnx", h.model([zipmap], [h.value_info("x", h.tensor_type(h.FLOAT, [1, 2]))], [out],
                                            domains=["ai.onnx.ml"]))
        x = self.write("x.npy", h.npy_bytes("float32", [1, 2], [0.25, 0.75]))
        self.thane("run", path, "-i", x, "-o", self.folder / "o")
        item = json.loads((self.folder / "o" / "outputs.json").read_text())["outputs"][0]["items"][0]
        self.assertEqual(item["kind"], "map")
        self.assertEqual(h.read_npy(self.folder / "o" / item["keys"]["file"])[2], [b"cat", b"dog"])
        self.assertEqual(h.read_npy(self.folder / "o" / item["values"]["file"])[2], [0.25, 0.75])

    def test_names_become_files(self):
        names = ["a/b", "a:b", "../up", "A_B", "x" * 300]
        nodes = [h.node("Identity", ["x"], [name]) for name in names]
        infos = [h.value_info(name, h.tensor_type(h.FLOAT, [1])) for name in names]
        path = self.write("m.onnx", h.model(nodes, [h.value_info("x", h.tensor_type(h.FLOAT, [1]))], infos))
        self.thane("run", path, "-i", "7", "-o", self.folder / "deep" / "o")
        listing = json.loads((self.folder / "deep" / "o" / "outputs.json").read_text())["outputs"]
        self.assertEqual([entry["name"] for entry in listing], names)
        files = [entry["file"] for entry in listing]
        self.assertEqual(len({file.lower() for file in files}), len(files))
        self.assertEqual(sorted(os.listdir(self.folder / "deep")), ["o"])
        for file in files:
            self.assertEqual(h.read_npy(self.folder / "deep" / "o" / file)[2], [7])


class OtherReaders(h.Case):
    """What numpy and onnx themselves make of the files, where THANE_PYTHON names an interpreter that has them."""

    def test_numpy_and_onnx(self):
        python = os.environ.get("THANE_PYTHON")
        if not python or subprocess.run([python, "-c", "import numpy, onnx"], capture_output=True).returncode:
            self.skipTest("THANE_PYTHON has no numpy and onnx")
        arguments = ["run", h.DIGITS / "digits.onnx", "-i", h.DIGITS / "digits.npy"]
        self.thane(*arguments, "-o", self.folder / "npy")
        self.thane(*arguments, "-o", self.folder / "pb", "--output-format", "pb")
        script = ("import numpy as np, onnx, onnx.numpy_helper as n, sys; f = sys.argv[1]\n"
                  "a = np.load(f + '/npy/logits.npy'); t = onnx.load_tensor(f + '/pb/logits.pb')\n"
                  "assert t.name == 'logits' and a.dtype == np.float32 and a.shape == (32, 10)\n"
                  "assert np.array_equal(a, n.to_array(t))\n"
                  "np.save(f + '/f.npy', np.asfortranarray(np.load(sys.argv[2]))); np.savez(f + '/z.npz', image=np.load(sys.argv[2]))\n"
                  "np.save(f + '/b.npy', np.load(sys.argv[2]).astype('>f4'))")
        subprocess.run([python, "-c", script, self.folder, h.DIGITS / "digits.npy"], check=True)
        expected = (self.folder / "npy" / "logits.npy").read_bytes()
        for file in ("f.npy", "z.npz", "b.npy"):
            self.thane("run", h.DIGITS / "digits.onnx", "-i", self.folder / file, "-o", self.folder / "again")
            self.assertEqual((self.folder / "again" / "logits.npy").read_bytes(), expected, file)


if __name__ == "__main__":
    unittest.main()
