#!/usr/bin/env python3
"""Writes cases of convolutions, poolings, resampling and recurrent layers with random shapes and attributes, in the suites'
layout. What they should give is computed by ONNX Runtime (or ONNX's own reference, where that one is wrong); draws it
refuses are left out.

    python tests/conformance/random_spatial.py FOLDER [CASES_PER_OP]
"""
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

FOLDER = Path(sys.argv[1])
CASES = int(sys.argv[2]) if len(sys.argv) > 2 else 40
RANDOM = np.random.default_rng(11)
onnxruntime.set_default_logger_severity(4)


def pick(*choices):
    return choices[RANDOM.integers(len(choices))]


def number(low, high):
    """Both ends included."""
    return int(RANDOM.integers(low, high + 1))


def numbers(count, low, high):
    return [number(low, high) for _ in range(count)]


def chance(p=0.5):
    return RANDOM.random() < p


def floats(*shape, scale=1.0):
    return (RANDOM.normal(size=shape) * scale).astype(np.float32)


def reference(model, given):
    return ReferenceEvaluator(model).run(None, given)


def onnx_runtime(model, given):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    # As written: its optimizer fuses and folds.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, given)


def infer(op, opset, inputs, outputs, attrs, judge=onnx_runtime):
    """Model, inputs and outputs, or None where the judge refuses. `outputs` are dtypes; what is None is absent."""
    names = [f"i{i}" if a is not None else "" for i, a in enumerate(inputs)]
    given = {n: a for n, a in zip(names, inputs) if n}
    node = helper.make_node(op, names, [f"o{i}" if dtype else "" for i, dtype in enumerate(outputs)], **attrs)
    graph = helper.make_graph(
        [node], op, [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
                     for n, a in given.items()],
        [helper.make_tensor_value_info(f"o{i}", dtype, None) for i, dtype in enumerate(outputs) if dtype])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    try:
        return model, given, judge(model, given)
    except Exception:
        return None


def write(name, made, rtol=1e-4, atol=2e-5):
    model, inputs, outputs = made
    folder = FOLDER / f"test_{name}"
    (folder / "test_data_set_0").mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    (folder / "data.json").write_text(json.dumps({"rtol": rtol, "atol": atol}))
    for role, arrays in (("input", inputs.values()), ("output", outputs)):
        for i, array in enumerate(arrays):
            tensor = numpy_helper.from_array(np.asarray(array))
            (folder / "test_data_set_0" / f"{role}_{i}.pb").write_bytes(tensor.SerializeToString())


def window(rank, attrs, dilated=True):
    """Strides, dilations and padding."""
    if chance(0.7):
        attrs["strides"] = numbers(rank, 1, 3)
    if dilated and chance():
        attrs["dilations"] = numbers(rank, 1, 2)
    padding = pick("none", "pads", "pads", "SAME_UPPER", "SAME_LOWER", "VALID")
    if padding.startswith("SAME"):
        # Otherwise the poolings of ONNX Runtime disagree with the definition about sizes and padding.
        attrs.pop("dilations", None)
        attrs["strides"] = [1] * rank
    if padding == "pads":
        attrs["pads"] = numbers(2 * rank, 0, 2)
    elif padding != "none":
        attrs["auto_pad"] = padding


def conv():
    rank, group = number(1, 3), number(1, 3)
    channels, out = group * number(1, 3), group * number(1, 9)
    if chance(0.2):
        group = out = channels
    kernel, attrs = numbers(rank, 1, 3), {"group": group}
    window(rank, attrs)
    x = floats(number(1, 2), channels, *numbers(rank, 6, 13))
    bias = floats(out) if chance() else None
    return infer("Conv", 22, [x, floats(out, channels // group, *kernel), bias], [TensorProto.FLOAT], attrs)


def conv_transpose():
    rank, group = number(1, 3), number(1, 3)
    channels, out = group * number(1, 3), number(1, 5)
    attrs = {"group": group}
    window(rank, attrs)
    attrs.pop("auto_pad", None)
    if chance(0.3):
        attrs["output_padding"] = [number(0, s - 1) for s in attrs.get("strides", [1] * rank)]
    x = floats(number(1, 2), channels, *numbers(rank, 3, 6))
    bias = floats(out * group) if chance() else None
    return infer("ConvTranspose", 22, [x, floats(channels, out, *numbers(rank, 1, 4)), bias], [TensorProto.FLOAT], attrs)


def deform_conv():
    group, offset_group = number(1, 2), number(1, 2)
    channels, out = 4, group * number(1, 4)
    kernel, attrs = numbers(2, 1, 3), {"group": group, "offset_group": offset_group}
    window(2, attrs)
    attrs.pop("auto_pad", None)
    batch, size = number(1, 2), numbers(2, 6, 9)
    pads, strides, dilations = (attrs.get("pads", [0] * 4), attrs.get("strides", [1] * 2), attrs.get("dilations", [1] * 2))
    result = [(size[i] + pads[i] + pads[i + 2] - dilations[i] * (kernel[i] - 1) - 1) // strides[i] + 1 for i in range(2)]
    taps = kernel[0] * kernel[1] * offset_group
    mask = RANDOM.random((batch, taps, *result)).astype(np.float32) if chance() else None
    bias = floats(out) if chance() else None
    return infer("DeformConv", 22, [floats(batch, channels, *size), floats(out, channels // group, *kernel),
                                    floats(batch, 2 * taps, *result, scale=2), bias, mask], [TensorProto.FLOAT], attrs)


def col2im():
    rank = number(1, 3)
    image, block, attrs = numbers(rank, 5, 7), numbers(rank, 1, 3), {}
    window(rank, attrs)
    attrs.pop("auto_pad", None)
    pads = attrs.get("pads", [0] * 2 * rank)
    strides, dilations = attrs.get("strides", [1] * rank), attrs.get("dilations", [1] * rank)
    blocks = [(image[i] + pads[i] + pads[i + rank] - dilations[i] * (block[i] - 1) - 1) // strides[i] + 1
              for i in range(rank)]
    x = floats(2, 3 * int(np.prod(block)), int(np.prod(blocks)))
    # ONNX Runtime takes no notice of dilations here unless there are two axes.
    return infer("Col2Im", 18, [x, np.array(image), np.array(block)], [TensorProto.FLOAT], attrs, reference)


def pool(op, dilated=True):
    rank = number(1, 3)
    attrs = {"kernel_shape": numbers(rank, 1, 4)}
    window(rank, attrs, dilated)
    if "auto_pad" not in attrs and chance(0.4):
        attrs["ceil_mode"] = 1
    outputs = [TensorProto.FLOAT]
    x = floats(number(1, 2), number(1, 3), *numbers(rank, 7, 12))  # wider than any window
    if op == "AveragePool" and chance():
        attrs["count_include_pad"] = 1
    if op == "LpPool":
        attrs["p"] = number(1, 3)
        # ONNX Runtime ignores ceil_mode and the dilations here.
        attrs.pop("ceil_mode", None)
        attrs.pop("dilations", None)
    if op == "MaxPool" and chance():
        outputs.append(TensorProto.INT64)
        if rank > 1 and chance():
            attrs["storage_order"] = 1
    return infer(op, 22, [x], outputs, attrs)


def global_pool():
    op = pick("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
    attrs = {"p": number(1, 3)} if op == "GlobalLpPool" else {}
    return infer(op, 22, [floats(2, 3, *numbers(number(1, 3), 2, 7))], [TensorProto.FLOAT], attrs)


def regions(count, columns, size):
    corners = RANDOM.random((count, 2, 2)) * size
    boxes = np.concatenate([corners.min(1), corners.max(1)], 1)
    return np.concatenate([np.zeros((count, columns - 4)), boxes], 1).astype(np.float32)


def max_roi_pool():
    rois = regions(4, 5, 20)
    rois[:, 0] = RANDOM.integers(0, 2, 4)
    return infer("MaxRoiPool", 13, [floats(2, 3, 11, 13), rois], [TensorProto.FLOAT],
                 {"pooled_shape": numbers(2, 1, 4), "spatial_scale": 0.5})


def roi_align():
    attrs = {"mode": pick("avg", "max"), "coordinate_transformation_mode": pick("half_pixel", "output_half_pixel"),
             "output_height": number(1, 4), "output_width": number(1, 4), "sampling_ratio": number(0, 3),
             "spatial_scale": 0.5}
    return infer("RoiAlign", 16, [floats(2, 3, 11, 13), regions(4, 4, 26), RANDOM.integers(0, 2, 4)],
                 [TensorProto.FLOAT], attrs)


def resize():
    mode = pick("nearest", "linear", "cubic")
    attrs = {"mode": mode, "coordinate_transformation_mode": pick(
        "half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric")}
    if mode == "nearest":
        attrs["nearest_mode"] = pick("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
        if attrs["coordinate_transformation_mode"] == "half_pixel_symmetric":
            attrs["nearest_mode"] = "round_prefer_floor"  # else the last bit of a coordinate decides
    if mode == "cubic":
        attrs["cubic_coeff_a"] = pick(-0.5, -0.75)
        attrs["exclude_outside"] = number(0, 1)
    x = floats(number(1, 2), number(1, 3), *numbers(2, 3, 12))
    # By sizes: where a scaled length is no whole number, the definition and ONNX Runtime differ.
    sizes = np.array([*x.shape[:2], *numbers(2, 1, 20)])
    if chance(0.3):
        attrs["axes"], sizes = [2, 3], sizes[2:]
    return infer("Resize", 19, [x, None, None, sizes], [TensorProto.FLOAT], attrs)


def resize_crop():
    x = floats(1, 2, *numbers(2, 4, 9))
    # ONNX Runtime ignores the region along axes whose size stays.
    size = [pick(*(n for n in range(1, 13) if n != side)) for side in x.shape[2:]]
    attrs = {"mode": pick("nearest", "linear"), "coordinate_transformation_mode": "tf_crop_and_resize",
             "extrapolation_value": 7.5}
    roi = np.array([0, 0, *RANDOM.uniform(-0.3, 0.5, 2), 1, 1, *RANDOM.uniform(0.5, 1.3, 2)], np.float32)
    return infer("Resize", 19, [x, roi, None, np.array([1, 2, *size])], [TensorProto.FLOAT], attrs)


def grid_sample():
    volume = chance(0.3)
    rank = 3 if volume else 2
    attrs = {"mode": pick("linear", "nearest", *([] if volume else ["cubic"])), "align_corners": number(0, 1),
             "padding_mode": pick("zeros", "border", "reflection")}
    return infer("GridSample", 22, [floats(2, 3, *numbers(rank, 2, 7)), floats(2, *numbers(rank, 1, 6), rank)],
                 [TensorProto.FLOAT], attrs)


def affine_grid():
    rank = number(2, 3)
    return infer("AffineGrid", 20, [floats(2, rank, rank + 1), np.array([2, 3, *numbers(rank, 2, 6)])],
                 [TensorProto.FLOAT], {"align_corners": number(0, 1)})


def lrn():
    attrs = {"size": 2 * number(0, 3) + 1, "alpha": 0.3, "beta": 0.6, "bias": 1.5}
    return infer("LRN", 13, [floats(2, number(1, 9), *numbers(2, 1, 5))], [TensorProto.FLOAT], attrs)


GATES = ("Relu", "Tanh", "Sigmoid", "Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid", "Elu",
         "Softsign", "Softplus")
WITH_ALPHA = ("Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid", "Elu")
WITH_BETA = ("Affine", "ScaledTanh", "HardSigmoid")


def recurrent(op):
    gates, functions = {"RNN": (1, 1), "GRU": (3, 2), "LSTM": (4, 3)}[op]
    direction = pick("forward", "reverse", "bidirectional")
    ways = 2 if direction == "bidirectional" else 1
    steps, batch, features, hidden = number(1, 5), number(1, 4), number(1, 5), number(1, 7)
    attrs = {"direction": direction, "hidden_size": hidden}
    if chance(0.4):
        names = [pick(*GATES) for _ in range(functions * ways)]
        attrs["activations"] = names
        alphas = [float(RANDOM.uniform(0.1, 0.9)) for n in names if n in WITH_ALPHA]
        betas = [float(RANDOM.uniform(0.1, 0.9)) for n in names if n in WITH_BETA]
        if alphas:
            attrs["activation_alpha"] = alphas
        if betas:
            attrs["activation_beta"] = betas
    # ONNX Runtime clips some places the definition does not name; a wide bound would test nothing.
    if op == "RNN" and chance(0.3):
        attrs["clip"] = 0.5
    if op == "GRU" and chance():
        attrs["linear_before_reset"] = 1
    if op == "LSTM" and chance(0.3):
        attrs["input_forget"] = 1
    some = lambda *shape: floats(*shape, scale=0.5) if chance() else None
    inputs = [floats(steps, batch, features), floats(ways, gates * hidden, features, scale=0.5),
              floats(ways, gates * hidden, hidden, scale=0.5), some(ways, 2 * gates * hidden),
              RANDOM.integers(1, steps + 1, batch).astype(np.int32) if chance() else None, some(ways, batch, hidden)]
    if op == "LSTM":
        inputs += [some(ways, batch, hidden), some(ways, 3 * hidden)]
    outputs = [TensorProto.FLOAT if chance(0.8) else None for _ in range(3 if op == "LSTM" else 2)]
    return infer(op, 14, inputs, outputs, attrs) if any(outputs) else None


MAKERS = {
    "conv": conv, "conv_transpose": conv_transpose, "deform_conv": deform_conv, "col2im": col2im,
    "max_pool": lambda: pool("MaxPool"), "average_pool": lambda: pool("AveragePool"), "lp_pool": lambda: pool("LpPool"),
    "global_pool": global_pool, "max_roi_pool": max_roi_pool, "roi_align": roi_align, "resize": resize,
    "resize_crop": resize_crop, "grid_sample": grid_sample, "affine_grid": affine_grid, "lrn": lrn,
    "rnn": lambda: recurrent("RNN"), "gru": lambda: recurrent("GRU"), "lstm": lambda: recurrent("LSTM"),
}

for name, make in MAKERS.items():
    made = 0
    for _ in range(20 * CASES):
        case = make()
        if case and all(np.isfinite(o).all() for o in case[2]):
            write(f"{name}_{made}", case)
            made += 1
            if made == CASES:
                break
    if made < CASES:
        sys.exit(f"{name}: only {made} of {CASES} cases could be made")
print(f"{len(MAKERS) * CASES} cases")
