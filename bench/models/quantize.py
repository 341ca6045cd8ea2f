"""Quantised forms of the networks, by the quantiser that users of such models have, ONNX Runtime's: NAME_int8 has 8-bit
activations and 8-bit weights per channel, as QDQ; NAME_int7 the same with weights of 7 bits (reduce_range), as its makers
advise for CPUs without VNNI; NAME_int4 has 4-bit weights in blocks of 32, as MatMulNBits.

    python bench/models/quantize.py FOLDER NAME_int8…      reads FOLDER/NAME.onnx, writes FOLDER/NAME_int8.onnx

Needs onnx and onnxruntime.
"""
import functools
import pathlib
import shutil
import sys

import numpy as np
import onnx
from onnxruntime.quantization import matmul_nbits_quantizer
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


def quantise_weights(source, target, example):
    quantizer = matmul_nbits_quantizer.MatMulNBitsQuantizer(onnx.load(source), block_size=32, is_symmetric=True)
    quantizer.process()
    quantizer.model.save_model_to_file(str(target))


def quantise_all(source, target, example, reduce_range=False):
    prepared = source.with_suffix(".prepared.onnx")
    quant_pre_process(source, prepared)
    quantize_static(prepared, target, Samples(example), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, reduce_range=reduce_range)
    prepared.unlink()
    onnx.checker.check_model(onnx.load(target))


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    for target in sys.argv[2:]:
        name, bits = target.rsplit("_int", 1)
        example = folder / f"{name}.npz"
        quantise = {"4": quantise_weights, "7": functools.partial(quantise_all, reduce_range=True), "8": quantise_all}
        quantise[bits](folder / f"{name}.onnx", folder / f"{target}.onnx", example)
        shutil.copy(example, folder / f"{target}.npz")
        print(target, flush=True)
