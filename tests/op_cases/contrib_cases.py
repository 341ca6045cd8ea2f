#!/usr/bin/env python3
"""Random models of the ops of com.microsoft, judged by ONNX Runtime (ops it only has on other devices: by numpy):
FOLDER/index.json.

    python tests/op_cases/contrib_cases.py FOLDER [PART_OF_NAME]
"""
import itertools
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto as T

from contrib_attention import attention, group_query, multi_head, rotary
from contrib_common import F, HALF, I32, I64, bytes_of, case, floats
from contrib_products import fused_conv, fused_gemm, fused_matmul, gelus, norms
from contrib_quantized import block_quantized, integer_products, lstm, qlinear
from op_pack import Pack, generator, one_op


def misc(pack):
    rng = generator("misc")
    for dtype in (F, np.float64, np.float16):
        matrices = floats(rng, 2, 3, 4, 4) + 3 * np.eye(4)
        case(pack, f"inverse_{np.dtype(dtype).name}", "Inverse", {"X": matrices.astype(dtype)}, **(HALF if dtype == np.float16 else {}))
    for axis in (0, 1, -1, -3):
        case(pack, f"expand_dims_{axis}", "ExpandDims", {"X": floats(rng, 2, 3), "A": np.array(axis, I32)}, constants=("A",))
    for upper, k in itertools.product((0, 1), (None, -1, 2)):
        feed = {"X": floats(rng, 2, 4, 5), "K": None if k is None else np.array(k, I64)}
        case(pack, f"trilu_{upper}_{k}", "Trilu", feed, None, {"upper": upper})
    case(pack, "unique", "Unique", {"X": np.array([2, 1, 1, 3, 4, 3], F)}, {"Y": T.FLOAT, "I": T.INT64, "C": T.INT64})
    for mode, padding, align in itertools.product(("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection"), (0, 1)):
        if (mode, padding) == ("bicubic", "border"):
            continue  # once one coordinate is outside, ONNX Runtime clamps the others, too
        feed = {"X": floats(rng, 2, 3, 5, 6), "G": (rng.random((2, 4, 3, 2)) * 2.6 - 1.3).astype(F)}
        case(pack, f"grid_sample_{mode}_{padding}_{align}", "GridSample", feed, None, dict(mode=mode, padding_mode=padding, align_corners=align))
    for mode, crop in itertools.product(("bilinear", "nearest"), ((4, 3), (1, 5), (1, 1))):
        boxes = (rng.random((5, 4)) * 1.3 - 0.15).astype(F)
        feed = {"X": floats(rng, 2, 3, 6, 7), "R": boxes, "B": rng.integers(0, 2, 5).astype(I32), "S": np.array(crop, I32)}
        case(pack, f"crop_resize_{mode}_{crop[0]}{crop[1]}", "CropAndResize", feed, None, dict(mode=mode, extrapolation_value=0.5), constants=("S",))
    for dtype, ceil, dilated in itertools.product((np.uint8, np.int8), (0, 1), (0, 1)):
        attributes = dict(kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1], ceil_mode=ceil, dilations=[2, 1] if dilated else [1, 1])
        case(pack, f"nhwc_max_pool_{np.dtype(dtype).name}_{ceil}{dilated}", "NhwcMaxPool", {"X": bytes_of(rng, 1, 8, 7, 3, dtype=dtype)}, None, attributes)
    for mode in ("constant", "reflect", "edge"):
        feed = {"X": floats(rng, 3, 4), "P": np.array([[0, 1, 2, 1]], I64), "V": np.array([0.5], F) if mode == "constant" else None}
        case(pack, f"ms_pad_{mode}", "Pad", feed, None, {"mode": mode}, constants=("P", "V"))
    for dtype in (F, np.float64, I32, I64):
        feed = {"A": np.array([2], dtype), "B": np.array(17, dtype), "C": np.array([3], dtype)}
        case(pack, f"ms_range_{np.dtype(dtype).name}", "Range", feed)
        case(pack, f"ms_range_default_{np.dtype(dtype).name}", "Range", {"A": feed["A"], "B": feed["B"]})
    case(pack, "gather_nd", "GatherND", {"X": floats(rng, 3, 4, 5), "I": rng.integers(0, 3, (2, 6, 2))})
    for metric in ("euclidean", "sqeuclidean"):
        case(pack, f"cdist_{metric}", "CDist", {"A": floats(rng, 4, 6), "B": floats(rng, 5, 6)}, None, {"metric": metric})
    for pads, out in (([0, 0, 0, 0], [0, 0]), ([1, 0, 1, 2], [1, 1])):
        feed = {"X": floats(rng, 1, 4, 5, 6), "W": floats(rng, 4, 3, 3, 3), "P": np.array(pads, I64), "B": floats(rng, 3)}
        case(pack, f"conv_transpose_dynamic_{sum(pads)}", "ConvTransposeWithDynamicPads", feed, None,
             dict(strides=[2, 2], output_padding=out, kernel_shape=[3, 3]))
    a, b = floats(rng, 3, 4, 2), floats(rng, 3, 4, 2)
    complexes = [v[..., 0] + 1j * v[..., 1] for v in (a, b)]
    pairs = lambda z: np.stack([z.real, z.imag], -1).astype(F)
    case(pack, "complex_mul", "ComplexMul", {"A": a, "B": b}, expected=[pairs(complexes[0] * complexes[1])])
    case(pack, "complex_mul_conj", "ComplexMulConj", {"A": a, "B": b}, expected=[pairs(complexes[0] * complexes[1].conj())])
    x = floats(rng, 3, 8, 6)
    case(pack, "rfft_1", "Rfft", {"X": x}, None, dict(signal_ndim=1), expected=[pairs(np.fft.rfft(x))])
    case(pack, "rfft_2", "Rfft", {"X": x}, None, dict(signal_ndim=2), expected=[pairs(np.fft.rfft2(x))])
    case(pack, "irfft_1", "Irfft", {"X": pairs(np.fft.rfft(x))}, None, dict(signal_ndim=1), expected=[x])
    case(pack, "irfft_2", "Irfft", {"X": pairs(np.fft.rfft2(x))}, None, dict(signal_ndim=2), expected=[x])
    odd = x.copy()
    odd[0, 0, 0] = np.inf
    case(pack, "all_finite", "IsAllFinite", {"A": x, "B": x}, {"Y": T.BOOL}, expected=[np.array(True)])
    case(pack, "not_all_finite", "IsAllFinite", {"A": x, "B": odd}, {"Y": T.BOOL}, expected=[np.array(False)])
    case(pack, "no_nan", "IsAllFinite", {"A": odd}, {"Y": T.BOOL}, dict(isnan_only=1), expected=[np.array(True)])
    turn = lambda v: np.ascontiguousarray(v.transpose(0, 2, 3, 1))
    x, w, bias = floats(rng, 1, 4, 6, 5), floats(rng, 6, 4, 3, 3), floats(rng, 6)
    plain = one_op("Conv", {"X": x, "W": w, "B": bias}, {"Y": T.FLOAT}, dict(pads=[1, 1, 1, 1], kernel_shape=[3, 3]))
    import onnxruntime as ort
    y = ort.InferenceSession(plain.SerializeToString()).run(None, {"X": x, "W": w, "B": bias})[0]
    attributes = dict(pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    case(pack, "nhwc_conv", "NhwcConv", {"X": turn(x), "W": turn(w), "B": bias}, None, attributes, expected=[turn(y)], constants=("W",))
    z = floats(rng, *turn(y).shape)
    case(pack, "nhwc_fused_conv", "NhwcFusedConv", {"X": turn(x), "W": w, "B": bias, "Z": z}, None, attributes | {"activation": "Relu"},
         expected=[np.maximum(turn(y) + z, 0)], constants=("W",))
    x = floats(rng, 2, 3, 4)
    case(pack, "gated_rms", "GatedRMSNorm", {"X": floats(rng, 2, 3, 8), "S": floats(rng, 4), "G": floats(rng, 2, 3, 8)}, None, {"epsilon": 1e-5})
    for op, attributes in (("Affine", dict(alpha=2.0, beta=-1.0)), ("ScaledTanh", dict(alpha=2.0, beta=0.5)),
                           ("ParametricSoftplus", dict(alpha=2.0, beta=0.5)), ("Scale", dict(scale=3.0))):
        pack.add(f"old_{op.lower()}", one_op(op, {"X": x}, {"Y": T.FLOAT}, attributes, opset=9), {"X": x})
    x = floats(rng, 1, 3, 4, 5)
    pack.add("old_imagescaler", one_op("ImageScaler", {"X": x}, {"Y": T.FLOAT}, dict(scale=2.0, bias=[1.0, 2.0, 3.0]), opset=9), {"X": x})


FAMILIES = (fused_conv, fused_gemm, fused_matmul, gelus, norms, attention, multi_head, rotary, group_query, qlinear,
            integer_products, block_quantized, lstm, misc)


def main():
    pack = Pack(Path(sys.argv[1]), verbose=True)
    for family in FAMILIES:
        if len(sys.argv) < 3 or sys.argv[2] in family.__name__:
            family(pack)
    pack.finish()


if __name__ == "__main__":
    main()
