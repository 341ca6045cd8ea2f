"""Fused products, activations and normalizations of com.microsoft."""
import itertools
import math

import numpy as np
from onnx import TensorProto as T

from contrib_common import F, HALF, I32, bytes_of, case, floats, kind
from op_pack import generator, one_op


ACTIVATIONS = (("Relu", None), ("Sigmoid", None), ("Tanh", None), ("LeakyRelu", [0.2]), ("Clip", [-0.5, 0.75]),
               ("HardSigmoid", [0.3, 0.4]), ("", None))


def fused_conv(pack):
    for (activation, params), group, with_z in itertools.product(ACTIVATIONS, (1, 2), (False, True)):
        name = f"fused_conv_{activation or 'none'}_{group}_{int(with_z)}"
        rng = generator(name)
        pads, strides = [int(v) for v in rng.integers(0, 2, 4)], [int(v) for v in rng.integers(1, 3, 2)]
        x, w = floats(rng, 2, 4, 9, 8), floats(rng, 6, 4 // group, 3, 3, scale=0.3)
        height = (9 + pads[0] + pads[2] - 3) // strides[0] + 1
        width = (8 + pads[1] + pads[3] - 3) // strides[1] + 1
        attributes = dict(group=group, pads=pads, strides=strides, kernel_shape=[3, 3])
        if activation:
            attributes["activation"] = activation
        if params:
            attributes["activation_params"] = params
        feed = {"X": x, "W": w, "B": floats(rng, 6), "Z": floats(rng, 2, 6, height, width) if with_z else None}
        case(pack, name, "FusedConv", feed, attributes=attributes, constants=("W", "B"))


def fused_gemm(pack):
    for (activation, params), (ta, tb) in itertools.product(ACTIVATIONS[:-3], ((0, 0), (0, 1), (1, 0), (1, 1))):
        name = f"fused_gemm_{activation}_{ta}{tb}"
        rng = generator(name)
        a, b = floats(rng, *((5, 4) if ta else (4, 5))), floats(rng, *((3, 5) if tb else (5, 3)))
        attributes = dict(transA=ta, transB=tb, alpha=0.5, beta=2.0, activation=activation)
        if params:
            attributes["activation_alpha"] = params[0]
        case(pack, name, "FusedGemm", {"A": a, "B": b, "C": floats(rng, 3)}, attributes=attributes)


def fused_matmul(pack):
    for ta, tb, ba, bb in itertools.product((0, 1), repeat=4):
        for batch in ((), (3,), (2, 3)):
            if not batch and (ba or bb):
                continue
            name = f"fused_matmul_{ta}{tb}{ba}{bb}_{len(batch)}"
            rng = generator(name)

            def operand(rows, columns, trans, trans_batch):
                if trans:
                    rows, columns = columns, rows
                return floats(rng, *((rows, *batch, columns) if trans_batch else (*batch, rows, columns)))
            # With both, the first axis is the one summed over.
            a = operand(4, 5, ta, ba)
            b = operand(5, 6, tb, bb)
            attributes = dict(transA=ta, transB=tb, transBatchA=ba, transBatchB=bb, alpha=float(rng.choice([1.0, 0.25])))
            case(pack, name, "FusedMatMul", {"A": a, "B": b}, attributes=attributes)
    rng = generator("fused_matmul_broadcast")
    case(pack, "fused_matmul_broadcast", "FusedMatMul", {"A": floats(rng, 2, 1, 4, 5), "B": floats(rng, 3, 6, 5)}, attributes=dict(transB=1))
    case(pack, "fused_matmul_double", "FusedMatMul", {"A": floats(rng, 4, 5, dtype=np.float64), "B": floats(rng, 6, 5, dtype=np.float64)},
         attributes=dict(transB=1, alpha=0.5))
    case(pack, "transpose_matmul", "TransposeMatMul", {"A": floats(rng, 2, 5, 4), "B": floats(rng, 2, 6, 5)},
         attributes=dict(transA=1, transB=1, alpha=3.0))


def gelus(pack):
    for rank in (2, 3):
        rng = generator(f"gelu{rank}")
        shape = (2, 5, 8)[-rank:]
        x, bias = floats(rng, *shape, scale=3), floats(rng, 8)
        case(pack, f"gelu_{rank}", "Gelu", {"X": x})
        case(pack, f"bias_gelu_{rank}", "BiasGelu", {"X": x, "B": bias})
        case(pack, f"fast_gelu_{rank}", "FastGelu", {"X": x})
        case(pack, f"fast_gelu_bias_{rank}", "FastGelu", {"X": x, "B": bias})
        case(pack, f"quick_gelu_{rank}", "QuickGelu", {"X": x}, attributes={"alpha": 1.5})
    case(pack, "quick_gelu_default", "QuickGelu", {"X": x})
    left, right = np.split(x + bias, 2, axis=-1)
    half = np.vectorize(math.erf)(right / math.sqrt(2))
    case(pack, "bias_split_gelu", "BiasSplitGelu", {"X": x, "B": bias}, expected=[(left * 0.5 * right * (1 + half)).astype(F)])
    case(pack, "bias_add", "BiasAdd", {"X": x, "B": bias, "S": x[::-1]}, expected=[x + bias + x[::-1]])
    case(pack, "bias_dropout", "BiasDropout", {"X": x, "B": bias, "R": x[::-1]}, outputs={"Y": T.FLOAT, "M": T.BOOL},
         expected=[x + bias + x[::-1], np.ones_like(x, dtype=bool)])
    w = floats(rng, 8, 3)
    y = x @ w + bias[:3]
    tanh = 0.5 * y * (1 + np.tanh(0.7978845608 * (y + 0.044715 * y ** 3)))
    case(pack, "gemm_fast_gelu", "GemmFastGelu", {"X": x, "W": w, "B": bias[:3]}, expected=[tanh.astype(F)])


def norms(pack):
    for dtype, skip_rank, beta, bias, outputs in itertools.product((F, np.float16), (3, 2, 1), (False, True), (False, True), (1, 4)):
        name = f"skip_norm_{np.dtype(dtype).name}_{skip_rank}_{int(beta)}{int(bias)}_{outputs}"
        rng = generator(name)
        x = floats(rng, 2, 4, 8, dtype=dtype)
        skip = floats(rng, *{3: (2, 4, 8), 2: (4, 8), 1: (1, 4, 8)}[skip_rank], dtype=dtype)
        names = {"Y": kind(dtype)} if outputs == 1 else {"Y": kind(dtype), "_mean": None, "_inv": None, "S": kind(dtype)}
        feed = {"X": x, "S_in": skip, "G": floats(rng, 8, dtype=dtype), "B": floats(rng, 8, dtype=dtype) if beta else None,
                "bias": floats(rng, 8, dtype=dtype) if bias else None}
        tolerance = HALF if dtype == np.float16 else {}
        case(pack, name, "SkipLayerNormalization", feed, names, {"epsilon": 1e-5}, constants=("G", "B", "bias"), **tolerance)
        if not beta:
            feed = {"X": x, "S_in": skip, "G": feed["G"], "bias": feed["bias"]}
            case(pack, name.replace("skip_norm", "skip_rms"), "SkipSimplifiedLayerNormalization", feed, names, {"epsilon": 1e-5},
                 constants=("G", "bias"), **tolerance)
    for rank, outputs in itertools.product((2, 3), (1, 2)):
        rng = generator(f"simplified{rank}{outputs}")
        x, g = floats(rng, *(2, 4, 8)[-rank:]), floats(rng, 8)
        names = {"Y": T.FLOAT} if outputs == 1 else {"Y": T.FLOAT, "V": T.FLOAT}
        model = one_op("SimplifiedLayerNormalization", {"X": x, "G": g}, names, dict(axis=-1, epsilon=1e-5), constants=("G",))
        pack.add(f"simplified_norm_{rank}_{outputs}", model, {"X": x, "G": g})
    rng = generator("groupnorm")
    for last, activation, skip_rank in itertools.product((0, 1), (0, 1), (0, 2, 4)):
        n, c, h, w, groups = 2, 6, 3, 4, 3
        x, gamma, beta, bias = floats(rng, n, c, h, w), floats(rng, c), floats(rng, c), floats(rng, c)
        skip = floats(rng, n, c, *((1, 1) if skip_rank == 2 else (h, w)))
        total = x + (skip + bias[:, None, None] if skip_rank else 0)
        grouped = total.reshape(n, groups, -1)
        y = (grouped - grouped.mean(-1, keepdims=True)) / np.sqrt(grouped.var(-1, keepdims=True) + 1e-5)
        y = y.reshape(x.shape) * gamma[:, None, None] + beta[:, None, None]
        if activation:
            y = y / (1 + np.exp(-y))
        turn = (lambda a: np.ascontiguousarray(a.transpose(0, 2, 3, 1))) if last else (lambda a: a)
        feed = {"X": turn(x), "G": gamma, "B": beta}
        attributes = dict(channels_last=last, activation=activation, groups=groups, epsilon=1e-5)
        if skip_rank:
            feed |= {"S": skip[:, :, 0, 0] if skip_rank == 2 else turn(skip), "bias": bias}
            case(pack, f"skip_group_norm_{last}{activation}{skip_rank}", "SkipGroupNorm", feed, {"Y": T.FLOAT, "T": T.FLOAT}, attributes,
                 expected=[turn(y).astype(F), turn(total)])
        else:
            case(pack, f"group_norm_{last}{activation}", "GroupNorm", feed, None, attributes, expected=[turn(y).astype(F)])
    for segments, mask, positions, total in itertools.product((0, 1), (0, 1), (0, 1, 2), (0, 1)):
        name = f"embed_{segments}{mask}{positions}{total}"
        rng = generator(name)
        ids = rng.integers(0, 20, (2, 5)).astype(I32)
        feed = {"ids": ids, "seg_ids": rng.integers(0, 2, (2, 5)).astype(I32) if segments else None, "words": floats(rng, 20, 8),
                "pos": floats(rng, 9, 8), "seg": floats(rng, 2, 8) if segments else None, "G": floats(rng, 8), "B": floats(rng, 8),
                "mask": (np.arange(5) < [[5], [3]]).astype(I32) if mask else None,
                "pos_ids": rng.integers(0, 9, (positions, 5)).astype(I32) if positions else None}
        outputs = {"Y": T.FLOAT, "M": T.INT32} | ({"S": T.FLOAT} if total else {})
        case(pack, name, "EmbedLayerNormalization", feed, outputs, {"epsilon": 1e-5}, constants=("words", "pos", "seg", "G", "B"))
    for segments, mask in itertools.product((0, 1), (0, 1)):
        name = f"qembed_{segments}{mask}"
        rng = generator(name)
        table = lambda *shape: bytes_of(rng, *shape)
        one = lambda: np.array(rng.random() / 100 + 0.01, F)
        zero = lambda: np.array(rng.integers(100, 150), np.uint8)
        feed = {"ids": rng.integers(0, 20, (2, 5)).astype(I32), "seg_ids": rng.integers(0, 2, (2, 5)).astype(I32) if segments else None,
                "words": table(20, 8), "pos": table(9, 8), "seg": table(2, 8) if segments else None, "G": table(8), "B": table(8),
                "mask": (np.arange(5) < [[5], [3]]).astype(I32) if mask else None,
                "s0": one(), "s1": one(), "s2": one() if segments else None, "s3": one(), "s4": one(),
                "z0": zero(), "z1": zero(), "z2": zero() if segments else None, "z3": zero(), "z4": zero()}
        case(pack, name, "QEmbedLayerNormalization", feed, {"Y": T.FLOAT, "M": T.INT32}, {"epsilon": 1e-5},
             constants=tuple(k for k in feed if k not in ("ids", "seg_ids", "mask")))
