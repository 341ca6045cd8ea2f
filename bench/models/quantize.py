"""Statically quantised forms of the image networks: 8-bit activations, 8-bit weights per channel, as QDQ.

    python bench/models/quantize.py FOLDER NAME…      reads FOLDER/NAME.onnx, writes FOLDER/NAME_int8.onnx

Needs onnx and onnxruntime (its quantiser is the one users of such models have).
"""
import pathlib
import shutil
import sys

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process


class Samples(CalibrationDataReader):
    """Inputs like the example's, from a fixed seed."""

    def __init__(self, path, count=4):
        inputs = np.load(path)
        random = np.random.default_rng(7)
        self.rows = iter([{n: random.standard_normal(inputs[n].shape, np.float32) for n in inputs} for _ in range(count)])

    def get_next(self):
        return next(self.rows, None)


def quantise(name, folder):
    source, prepared = folder / f"{name}.onnx", folder / f"{name}.prepared.onnx"
    target, example = folder / f"{name}_int8.onnx", folder / f"{name}.npz"
    quant_pre_process(source, prepared)
    quantize_static(prepared, target, Samples(example), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
    prepared.unlink()
    shutil.copy(example, folder / f"{name}_int8.npz")
    onnx.checker.check_model(onnx.load(target))


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    for name in sys.argv[2:]:
        quantise(name, folder)
        print(f"{name}_int8", flush=True)
