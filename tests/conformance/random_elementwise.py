#!/usr/bin/env python3
"""Writes random cases of elementwise ops, casts, reductions and quantization, in the suites' layout. What they should give
is computed by ONNX Runtime; a dtype for which it has no kernel is left out. Left out, too, is what no specification
settles: integers from floats out of range, and the sign of NaN.

    python tests/conformance/random_elementwise.py FOLDER
"""
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import ValueInfoProto, helper, numpy_helper

FOLDER = Path(sys.argv[1])
RANDOM = np.random.default_rng(22)
COUNTS = {}

HALF, FLOATS = np.float16, (np.float32, np.float64, np.float16)
INTS = (np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64)
NUMBERS = FLOATS + INTS
SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0)


def model_of(node, inputs, outputs, opset):
    infos = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), [f"{n}{i}" for i in range(a.ndim)])
             for n, a in inputs.items()]
    graph = helper.make_graph([node], node.op_type, infos, outputs)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def case(op, *inputs, outputs=1, opset=21, **attributes):
    """Inputs in order, None for an absent one."""
    names = [f"i{k}" if a is not None else "" for k, a in enumerate(inputs)]
    given = {n: np.asarray(a) for n, a in zip(names, inputs) if a is not None}
    node = helper.make_node(op, names, [f"o{k}" for k in range(outputs)], **attributes)
    untyped = [ValueInfoProto(name=n) for n in node.output]
    try:
        session = onnxruntime.InferenceSession(model_of(node, given, untyped, opset).SerializeToString(),
                                               providers=["CPUExecutionProvider"])
    except Exception:  # no kernel for the dtype, or the op does not take it
        return
    results = {n: np.asarray(a) for n, a in zip(node.output, session.run(None, given))}
    typed = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape) for n, a in results.items()]
    number = COUNTS[op] = COUNTS.get(op, 0) + 1
    folder = FOLDER / f"test_{op.lower()}_{number:03}" / "test_data_set_0"
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / "model.onnx").write_bytes(model_of(node, given, typed, opset).SerializeToString())
    for role, arrays in (("input", given), ("output", results)):
        for i, (name, array) in enumerate(arrays.items()):
            (folder / f"{role}_{i}.pb").write_bytes(numpy_helper.from_array(array, name).SerializeToString())


def chance(probability):
    return RANDOM.random() < probability


def shape(sizes=(0, 1, 2, 3, 5, 17), most=4, least=0):
    return tuple(int(d) for d in RANDOM.choice(sizes, RANDOM.integers(least, most + 1)))


def broadcastable(count):
    base = shape()
    return [tuple(1 if chance(0.3) else d for d in base[RANDOM.integers(0, len(base) + 1) if chance(0.5) else 0:])
            for _ in range(count)]


def numbers(dtype, dims=(), low=-3.0, high=3.0, special=False):
    if dtype is np.bool_:
        return RANDOM.integers(0, 2, dims).astype(dtype)
    if np.issubdtype(dtype, np.integer):
        info = np.iinfo(dtype)
        if chance(0.3):
            return RANDOM.integers(info.min, info.max, dims, dtype, endpoint=True)
        return RANDOM.integers(max(info.min, -20), 21, dims).astype(dtype)
    values = np.asarray(RANDOM.uniform(low, high, dims)).astype(dtype)
    if special and values.size:
        values.reshape(-1)[RANDOM.integers(0, values.size)] = RANDOM.choice(SPECIAL)
    return values


def unary():
    plain = """Abs Acos Acosh Asin Asinh Atan Atanh Cos Cosh Sin Sinh Tan Tanh Ceil Floor Round Exp Log Sqrt Reciprocal Neg
        Sign Erf Sigmoid HardSwish Relu Gelu Mish Softplus Softsign IsNaN IsInf""".split()
    for op in plain:
        for dtype in NUMBERS:
            case(op, numbers(dtype, shape(), special=op != "Sign"))
            case(op, numbers(dtype, (int(RANDOM.integers(500, 3000)),)))
    for dtype in NUMBERS:
        case("Gelu", numbers(dtype, shape()), approximate="tanh")
        case("IsInf", numbers(dtype, shape(), special=True), detect_negative=0)
        case("Shrink", numbers(dtype, shape()), lambd=1.5, bias=0.5)
        for op in ("LeakyRelu", "Elu", "ThresholdedRelu", "Celu", "Selu", "HardSigmoid"):
            case(op, numbers(dtype, shape()), alpha=float(RANDOM.uniform(0.1, 2)))


def binary():
    ops = """Add Sub Mul Div Mod Max Min Equal Greater GreaterOrEqual Less LessOrEqual PRelu BitwiseAnd BitwiseOr
        BitwiseXor""".split()
    for op in ops:
        for dtype in NUMBERS:
            for _ in range(4):
                a, b = broadcastable(2)
                a = np.broadcast_shapes(a, b) if op == "PRelu" else a
                x, y = numbers(dtype, a, special=chance(0.3)), numbers(dtype, b, special=chance(0.3))
                if op in ("Div", "Mod") and dtype in INTS:
                    y = np.where(y == 0, y.dtype.type(1), y)
                case(op, x, y, **({"fmod": 1} if op == "Mod" and (dtype in FLOATS or chance(0.4)) else {}))
    for base in FLOATS + (np.int32, np.int64):
        for exponent in NUMBERS:
            a, b = broadcastable(2)
            x = RANDOM.integers(1, 5, a).astype(base)
            case("Pow", x, RANDOM.integers(0, 4, b).astype(exponent))
    for op in ("Sum", "Mean", "Max", "Min"):
        for dtype in NUMBERS:
            for count in (1, 3, 4):
                case(op, *(numbers(dtype, s) for s in broadcastable(count)))
    for op in ("And", "Or", "Xor", "Equal"):
        for _ in range(5):
            case(op, *(numbers(np.bool_, s) for s in broadcastable(2)))


def selection():
    for dtype in NUMBERS + (np.bool_,):
        for _ in range(4):
            condition, x, y = broadcastable(3)
            case("Where", numbers(np.bool_, condition), numbers(dtype, x), numbers(dtype, y))
            if dtype is not np.bool_:
                low, high = sorted([numbers(dtype), numbers(dtype)])
                case("Clip", numbers(dtype, shape()), low if chance(0.7) else None, high if chance(0.7) else None)
    for source in NUMBERS + (np.bool_,):
        for target in NUMBERS + (np.bool_,):
            x = numbers(source, shape())
            if source in FLOATS:
                x = (np.abs(x) if np.issubdtype(target, np.unsignedinteger) else x) * source(10)
            if HALF in (source, target):
                x = x % source(100) if x.dtype != np.bool_ else x
            case("Cast", x, to=helper.np_dtype_to_tensor_dtype(np.dtype(target)))


def reductions():
    for op in "Sum Mean Max Min Prod L1 L2 LogSum LogSumExp SumSquare".split():
        for dtype in FLOATS + (np.int32, np.int64, np.int8, np.uint8):
            if op.startswith("Log") and dtype in INTS:
                continue
            for _ in range(6):
                dims = shape((1, 2, 3, 7, 20, 130), 3)
                axes = RANDOM.permutation(len(dims))[:RANDOM.integers(0, len(dims) + 1)]
                axes = np.array([a - len(dims) if chance(0.5) else a for a in axes], np.int64)
                x = numbers(dtype, dims, 0.5, 1.5) if dtype in FLOATS else RANDOM.integers(0, 4, dims).astype(dtype)
                case("Reduce" + op, x, axes if chance(0.8) else None, opset=20, keepdims=int(chance(0.5)),
                     noop_with_empty_axes=int(chance(0.5)))
    for dtype in NUMBERS:
        for _ in range(4):
            dims = shape((1, 2, 5, 9, 70), 4, 1)
            axis = int(RANDOM.integers(-len(dims), len(dims)))
            for op in ("ArgMax", "ArgMin"):
                case(op, numbers(dtype, dims), axis=axis, keepdims=int(chance(0.5)), select_last_index=int(chance(0.5)))
            for op in ("Softmax", "LogSoftmax", "Hardmax"):
                case(op, numbers(dtype, dims, -8, 8), axis=axis)
            # Whole numbers: the order and width of sums make no difference.
            x = RANDOM.integers(0 if np.issubdtype(dtype, np.unsignedinteger) else -9, 10, dims).astype(dtype)
            case("CumSum", x, np.array(axis, RANDOM.choice([np.int32, np.int64])), exclusive=int(chance(0.5)),
                 reverse=int(chance(0.5)))


def quantized(dtype, dims=()):
    # ONNX Runtime saturates sums of 8-bit products on CPUs that have AVX2 and no VNNI: 7 bits are exact everywhere.
    low, high = (-64, 63) if dtype is np.int8 else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return RANDOM.integers(low, high, dims, dtype, endpoint=True)


def scales(dims=(), factor=1):
    return np.asarray(RANDOM.uniform(0.01, 0.1, dims) * factor, np.float32)


def linear():
    for dtype in (np.int8, np.uint8, np.int16, np.uint16):
        for granularity in ("tensor", "axis", "block") * 6:
            dims = shape((2, 3, 6, 40), 4, 1)
            axis = int(RANDOM.integers(0, len(dims)))
            attributes = {"axis": axis if chance(0.5) else axis - len(dims)}
            parameters = {"tensor": (), "axis": (dims[axis],)}.get(granularity)
            if granularity == "block":
                block = attributes["block_size"] = int(RANDOM.integers(1, dims[axis]))
                parameters = dims[:axis] + (-(-dims[axis] // block),) + dims[axis + 1:]
            scale, zero = scales(parameters), quantized(dtype, parameters) if chance(0.7) else None
            case("DequantizeLinear", quantized(dtype, dims), scale, zero, **attributes)
            if zero is None:
                attributes["output_dtype"] = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
            case("QuantizeLinear", numbers(np.float32, dims, -6, 6), scale, zero, **attributes)
    for _ in range(8):
        low, high = -RANDOM.uniform(0, 9), RANDOM.uniform(0, 9)
        case("DynamicQuantizeLinear", numbers(np.float32, (int(RANDOM.integers(1, 900)),), low, high), outputs=3)


def integer_products():
    for left, right in ((np.uint8, np.uint8), (np.uint8, np.int8), (np.int8, np.int8)) * 8:
        m, k, n = (int(d) for d in RANDOM.integers(1, 40, 3))
        batch = tuple(int(d) for d in RANDOM.integers(1, 4, RANDOM.integers(0, 3)))
        a, b = quantized(left, batch + (m, k)), quantized(right, (batch if chance(0.5) else ()) + (k, n))
        columns = (n,) if b.ndim == 2 and chance(0.5) else ()
        case("MatMulInteger", a, b, quantized(left), quantized(right, columns))
        case("QLinearMatMul", a, scales(), quantized(left), b, scales(columns), quantized(right, columns), scales((), 40),
             quantized(left))
        group, rank = int(RANDOM.integers(1, 4)), int(RANDOM.integers(1, 4))
        channels, filters = (group * int(RANDOM.integers(1, 4)) for _ in range(2))
        x = quantized(left, (2, channels, *RANDOM.integers(5, 12, rank)))
        w = quantized(right, (filters, channels // group, *RANDOM.integers(1, 4, rank)))
        window = {"group": group, "strides": RANDOM.integers(1, 3, rank).tolist(),
                  "pads": RANDOM.integers(0, 2, 2 * rank).tolist(), "dilations": RANDOM.integers(1, 3, rank).tolist()}
        case("ConvInteger", x, w, quantized(left), quantized(right), **window)
        each = (filters,) if right is np.int8 and chance(0.5) else ()
        case("QLinearConv", x, scales(), quantized(left), w, scales(each), np.zeros(each, right), scales((), 20),
             quantized(left), RANDOM.integers(-500, 500, filters).astype(np.int32), **window)


def main():
    onnxruntime.set_default_logger_severity(4)
    with np.errstate(all="ignore"):
        unary()
        binary()
        selection()
        reductions()
        linear()
        integer_products()
    print(f"{sum(COUNTS.values())} cases")


if __name__ == "__main__":
    main()
