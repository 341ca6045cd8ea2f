#!/usr/bin/env python3
"""Writes cases for what no published suite covers, in the suites' layout: op versions before opset 7, gradients. What they
should give is computed with numpy from the operators' documentation.

    python tests/conformance/old_ops.py FOLDER
"""
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FOLDER = Path(sys.argv[1])
RANDOM = np.random.default_rng(7)


def floats(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


def kind(array):
    return helper.np_dtype_to_tensor_dtype(array.dtype)


def write(name, opset, nodes, inputs, outputs, initializers=(), domain="", ranked=True):
    """inputs, outputs: name -> array. Not ranked: input shapes are left out of the model, so that nothing is known."""
    def infos(arrays, shapes):
        return [helper.make_tensor_value_info(n, kind(a), a.shape if shapes else None) for n, a in arrays.items()]
    graph = helper.make_graph(nodes, name, infos(inputs, ranked), infos(outputs, True),
                              [numpy_helper.from_array(a, n) for n, a in dict(initializers).items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid(domain, opset)], ir_version=3)
    if domain:
        model.opset_import.append(helper.make_opsetid("", 9))
    folder = FOLDER / f"test_{name}"
    (folder / "test_data_set_0").mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    for role, arrays in (("input", inputs), ("output", outputs)):
        for i, array in enumerate(arrays.values()):
            tensor = numpy_helper.from_array(array)
            (folder / "test_data_set_0" / f"{role}_{i}.pb").write_bytes(tensor.SerializeToString())


def single(name, opset, op, inputs, output, outputs=None, **more):
    """A model of one node whose inputs and outputs are those of the model."""
    options = {k: more.pop(k) for k in ("domain", "ranked") if k in more}
    outputs = outputs or {"y": output}
    node = helper.make_node(op, list(inputs), list(outputs), domain=options.get("domain", ""), **more)
    write(name, opset, [node], inputs, outputs, **options)


def broadcasting():
    a = floats(2, 3, 4, 5)
    for op, f in (("Add", np.add), ("Sub", np.subtract), ("Mul", np.multiply), ("Div", np.divide)):
        b = floats(3, 4)
        for ranked in (True, False):
            suffix = "" if ranked else "_unranked"
            single(f"{op.lower()}_axis1{suffix}", 6, op, {"a": a, "b": b}, f(a, b[:, :, None]), axis=1, broadcast=1,
                   ranked=ranked)
        c = floats(4, 5)
        single(f"{op.lower()}_suffix", 6, op, {"a": a, "b": c}, f(a, c), broadcast=1)
        single(f"{op.lower()}_same", 1, op, {"a": a, "b": a}, f(a, a), consumed_inputs=[0, 0])
    one = floats(1)
    single("add_one_element", 6, "Add", {"a": a, "b": one}, a + one, broadcast=1, axis=2)
    scalar = floats()
    single("mul_scalar_axis0", 6, "Mul", {"a": a, "b": scalar}, a * scalar, broadcast=1, axis=0)
    positive = np.abs(a) + 0.1
    exponent = floats(2)
    single("pow_axis0", 1, "Pow", {"a": positive, "b": exponent}, positive ** exponent[:, None, None, None], axis=0,
           broadcast=1)
    p, q = a > 0, floats(3) > 0
    for op, f in (("And", np.logical_and), ("Or", np.logical_or), ("Xor", np.logical_xor)):
        single(f"{op.lower()}_axis1", 1, op, {"a": p, "b": q}, f(p, q[:, None, None]), axis=1, broadcast=1)
    bound = floats(3)
    single("greater_axis1", 1, "Greater", {"a": a, "b": bound}, a > bound[:, None, None], axis=1, broadcast=1)
    single("less_axis1", 1, "Less", {"a": a, "b": bound}, a < bound[:, None, None], axis=1, broadcast=1)
    i, j = RANDOM.integers(0, 3, (2, 3)).astype(np.int32), RANDOM.integers(0, 3, 2).astype(np.int32)
    single("equal_axis0", 1, "Equal", {"a": i, "b": j}, i == j[:, None], axis=0, broadcast=1)


def elementwise():
    x = floats(2, 3, 4)
    single("clip_6", 6, "Clip", {"x": x}, np.clip(x, -0.5, 0.5), min=-0.5, max=0.5)
    single("clip_1_min", 1, "Clip", {"x": x}, np.maximum(x, 0.1), min=0.1, consumed_inputs=[0])
    single("clip_6_none", 6, "Clip", {"x": x}, x)
    double = x.astype(np.float64)
    single("clip_6_double", 6, "Clip", {"x": double}, np.clip(double, np.float32(-0.2), np.float32(0.7)), min=-0.2, max=0.7)
    half = x.astype(np.float16)
    single("clip_6_half_unranked", 6, "Clip", {"x": half}, np.clip(half, np.float16(-0.5), np.float16(0.25)), min=-0.5,
           max=0.25, ranked=False)
    slope = floats(3)
    for ranked in (True, False):
        single(f"prelu_channels{'' if ranked else '_unranked'}", 6, "PRelu", {"x": x, "slope": slope},
               np.where(x < 0, slope[:, None] * x, x), ranked=ranked)
    one = floats(1)
    single("prelu_shared", 1, "PRelu", {"x": x, "slope": one}, np.where(x < 0, one * x, x), consumed_inputs=[0, 0])
    single("selu_1", 1, "Selu", {"x": x}, np.where(x > 0, 1.0507 * x, 1.0507 * 1.6732 * (np.exp(x) - 1)).astype(np.float32))
    single("relu_1", 1, "Relu", {"x": x}, np.maximum(x, 0), consumed_inputs=[0])
    single("cast_1", 1, "Cast", {"x": x}, x.astype(np.int32), to="INT32")
    single("cast_1_double", 1, "Cast", {"x": x}, x.astype(np.float64), to="DOUBLE")


def softmaxes():
    def coerced(x, axis):
        flat = x.reshape(int(np.prod(x.shape[:axis])), -1)
        e = np.exp(flat - flat.max(1, keepdims=True))
        return (e / e.sum(1, keepdims=True)).reshape(x.shape)
    x = floats(2, 3, 4)
    for opset in (1, 11):
        for ranked in (True, False):
            suffix = f"{opset}{'' if ranked else '_unranked'}"
            single(f"softmax_{suffix}", opset, "Softmax", {"x": x}, coerced(x, 1), ranked=ranked)
            single(f"logsoftmax_axis0_{suffix}", opset, "LogSoftmax", {"x": x}, np.log(coerced(x, 0)), axis=0, ranked=ranked)
        hard = np.zeros((2, 12), np.float32)
        hard[np.arange(2), x.reshape(2, -1).argmax(1)] = 1
        single(f"hardmax_{opset}", opset, "Hardmax", {"x": x}, hard.reshape(x.shape))
    single("softmax_negative", 11, "Softmax", {"x": x}, coerced(x, 1), axis=-2)


def movement():
    x = floats(2, 3, 4)
    single("concat_1", 1, "Concat", {"a": x, "b": x}, np.concatenate([x, x], 1))
    single("reshape_1", 1, "Reshape", {"x": x}, x.reshape(6, 4), shape=[-1, 4])
    single("reshape_1_zero", 1, "Reshape", {"x": x}, x.reshape(2, 12), shape=[0, -1], consumed_inputs=[0])
    tiles, axis = np.array(3, np.float32), np.array(1, np.float32)
    single("tile_1", 1, "Tile", {"x": x, "tiles": tiles, "axis": axis}, np.tile(x, (1, 3, 1)))
    single("slice_1", 1, "Slice", {"x": x}, x[:, 1:3, :-1], starts=[1, 0], ends=[3, -1], axes=[1, 2])
    single("slice_1_no_axes", 1, "Slice", {"x": x}, x[0:1, 1:1000], starts=[0, 1], ends=[1, 1000])
    single("pad_1", 1, "Pad", {"x": x}, np.pad(x, ((0, 0), (1, 0), (0, 2)), constant_values=1.5),
           paddings=[0, 1, 0, 0, 0, 2], value=1.5)
    single("pad_2_reflect", 2, "Pad", {"x": x}, np.pad(x, ((0, 0), (1, 0), (0, 2)), "reflect"), pads=[0, 1, 0, 0, 0, 2],
           mode="reflect")
    half = x.astype(np.float16)
    single("pad_2_half", 2, "Pad", {"x": half}, np.pad(half, ((1, 0), (0, 0), (0, 0)), constant_values=2.0),
           pads=[1, 0, 0, 0, 0, 0], value=2.0, ranked=False)
    single("split_1", 1, "Split", {"x": x}, None, {"a": x[:, :1], "b": x[:, 1:]}, axis=1, split=[1, 2])
    lengths = np.array([1, 3], np.float32)
    single("split_1_input", 1, "Split", {"x": x, "n": lengths}, None, {"a": x[..., :1], "b": x[..., 1:]}, axis=2)
    single("split_2_even", 2, "Split", {"x": x}, None, {"a": x[:1], "b": x[1:]})
    single("squeeze_1", 1, "Squeeze", {"x": x[:, None]}, x, axes=[1])
    single("unsqueeze_1", 1, "Unsqueeze", {"x": x}, x[:, None, :, None], axes=[1, 3])
    order = np.argsort(-x, axis=-1, kind="stable")[..., :2]
    single("topk_1", 1, "TopK", {"x": x}, None, {"v": np.take_along_axis(x, order, -1), "i": order.astype(np.int64)}, k=2)
    for op, f in (("ReduceSum", np.sum), ("ReduceMean", np.mean), ("ReduceMax", np.max), ("ReduceProd", np.prod)):
        single(f"{op.lower()}_1", 1, op, {"x": x}, f(x, axis=(0, 2), keepdims=True).astype(np.float32), axes=[0, 2])
        single(f"{op.lower()}_1_all", 1, op, {"x": x}, np.asarray(f(x), np.float32), keepdims=0)


def networks():
    x = floats(2, 3, 4, 5)
    scale, bias, mean, var = floats(3), floats(3), floats(3), np.abs(floats(3)) + 0.1
    def norm(x, s, b, m, v):
        return ((x - m) / np.sqrt(v + 1e-5) * s + b).astype(np.float32)
    columns = [v[:, None, None] for v in (scale, bias, mean, var)]
    given = {"x": x, "s": scale, "b": bias, "m": mean, "v": var}
    single("batchnorm_1", 1, "BatchNormalization", given, norm(x, *columns), consumed_inputs=[0, 0, 0, 1, 1], is_test=1)
    single("batchnorm_6", 6, "BatchNormalization", given, norm(x, *columns), is_test=1)
    full = [floats(3, 4, 5), floats(3, 4, 5), floats(3, 4, 5), np.abs(floats(3, 4, 5)) + 0.1]
    single("batchnorm_7_not_spatial", 7, "BatchNormalization", dict(zip("xsbmv", [x, *full])), norm(x, *full), spatial=0)
    single("dropout_1", 1, "Dropout", {"x": x}, x, is_test=1, consumed_inputs=[0])
    single("dropout_7_mask", 7, "Dropout", {"x": x}, None, {"y": x, "mask": np.ones_like(x)})
    a, b, c = floats(3, 4), floats(4, 5), floats(5)
    single("gemm_6", 6, "Gemm", {"a": a, "b": b, "c": c}, a @ b + c, broadcast=1)
    single("lppool_1", 1, "LpPool", {"x": np.abs(x)}, None, {"y": np.sqrt(sum(
        np.abs(x)[:, :, i:i + 3, j:j + 4] ** 2 for i in range(2) for j in range(2)))}, kernel_shape=[2, 2], p=2.0)
    single("globallppool_1", 1, "GlobalLpPool", {"x": x},
           (np.abs(x) ** 3).sum((2, 3), keepdims=True) ** np.float32(1 / 3), p=3.0)
    upsampled = x.repeat(2, 2).repeat(3, 3)
    single("upsample_1", 1, "Upsample", {"x": x}, upsampled, height_scale=2.0, width_scale=3.0, mode="nearest")
    single("upsample_7", 7, "Upsample", {"x": x}, upsampled, scales=[1.0, 1.0, 2.0, 3.0], mode="nearest")
    single("upsample_7_fraction", 7, "Upsample", {"x": x}, x[:, :, [0, 0, 1, 2, 2, 3]], scales=[1.0, 1.0, 1.5, 1.0])
    linear = np.stack([x[..., 0], (x[..., 0] + x[..., 1]) / 2, x[..., 1], x[..., 1]], -1)
    single("upsample_7_linear", 7, "Upsample", {"x": np.ascontiguousarray(x[..., :2])}, linear,
           scales=[1.0, 1.0, 1.0, 2.0], mode="linear")
    single("gru_1", 1, "GRU", {"x": floats(1, 2, 3), "w": np.zeros((1, 12, 3), np.float32),
                               "r": np.zeros((1, 12, 4), np.float32)}, None,
           {"y": np.zeros((1, 1, 2, 4), np.float32), "h": np.zeros((1, 2, 4), np.float32)}, hidden_size=4,
           output_sequence=1)
    groups = floats(2)
    x4 = floats(2, 4, 3)
    grouped = x4.reshape(2, 2, -1)
    normal = ((grouped - grouped.mean(-1, keepdims=True)) / np.sqrt(grouped.var(-1, keepdims=True) + 1e-5)).reshape(x4.shape)
    shift = floats(2)
    single("groupnorm_18", 18, "GroupNormalization", {"x": x4, "s": groups, "b": shift},
           (normal * groups.repeat(2)[:, None] + shift.repeat(2)[:, None]).astype(np.float32), num_groups=2)


def experimental():
    """Ops that are gone."""
    x = floats(2, 3, 4, 5)
    single("affine", 1, "Affine", {"x": x}, np.float32(1.5) * x + np.float32(0.25), alpha=1.5, beta=0.25)
    single("scale", 1, "Scale", {"x": x}, np.float32(3) * x, scale=3.0)
    single("scaled_tanh", 1, "ScaledTanh", {"x": x}, np.float32(2) * np.tanh(np.float32(0.5) * x), alpha=2.0, beta=0.5)
    single("parametric_softplus", 1, "ParametricSoftplus", {"x": x}, np.float32(2) * np.log1p(np.exp(np.float32(0.5) * x)),
           alpha=2.0, beta=0.5)
    bias = np.array([0.5, -1, 2], np.float32)
    single("image_scaler", 1, "ImageScaler", {"x": x}, np.float32(2) * x + bias[:, None, None], scale=2.0,
           bias=bias.tolist())
    single("crop", 1, "Crop", {"x": x}, x[:, :, 1:, 2:-1], border=[2, 1, 1, 0])
    single("crop_size", 1, "Crop", {"x": x}, x[:, :, 1:3, 2:5], border=[2, 1, 0, 0], scale=[2, 3])
    axes = (0, 2, 3)
    normal = (x - x.mean(axes, keepdims=True)) / x.std(axes, keepdims=True)
    single("mean_variance_1", 1, "MeanVarianceNormalization", {"x": x}, normal, across_channels=0, normalize_variance=1)


def scans():
    """Scan-8: a batch dimension in front of everything; the running sum over a sequence."""
    state = helper.make_tensor_value_info("state", TensorProto.FLOAT, [2])
    item = helper.make_tensor_value_info("item", TensorProto.FLOAT, [2])
    total = helper.make_tensor_value_info("total", TensorProto.FLOAT, [2])
    copy = helper.make_tensor_value_info("copy", TensorProto.FLOAT, [2])
    body = helper.make_graph([helper.make_node("Add", ["state", "item"], ["total"]),
                              helper.make_node("Mul", ["total", "factor"], ["copy"])], "body", [state, item], [total, copy])
    first, x, factor = floats(3, 2), floats(3, 5, 2), floats(2)
    for reverse in (0, 1):
        order = x[:, ::-1] if reverse else x
        sums = first[:, None] + np.cumsum(order, 1)
        outputs = {"last": sums[:, -1], "all": (sums * factor).astype(np.float32)}
        node = helper.make_node("Scan", ["", "first", "x"], list(outputs), body=body, num_scan_inputs=1,
                                **({"directions": [1]} if reverse else {}))
        write(f"scan_8{'_reverse' if reverse else ''}", 8, [node], {"first": first, "x": x, "factor": factor}, outputs)


def labels():
    names = ["one", "two", "three"]
    text = np.array(["two", "none", "three"], object)
    single("label_encoder_1_text", 1, "LabelEncoder", {"x": text}, np.array([1, -1, 2]), classes_strings=names,
           domain="ai.onnx.ml")
    single("label_encoder_1_number", 1, "LabelEncoder", {"x": np.array([2, 0, 7])},
           np.array(["three", "one", "nothing"], object), classes_strings=names, default_string="nothing",
           domain="ai.onnx.ml")


def gradients():
    """y = tanh(x w + b)^2, and the derivatives of its sum: in place, and at other values than y was computed with."""
    x, w, b, other = floats(4, 3), floats(3, 2), floats(2), floats(3, 2)
    def derive(w):
        t = np.tanh(x @ w + b)
        inner = 2 * t * (1 - t * t)
        return {"dw": x.T @ inner, "db": inner.sum(0)}
    forward = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Add", ["h", "b"], ["s"]),
               helper.make_node("Tanh", ["s"], ["t"]), helper.make_node("Mul", ["t", "t"], ["y"])]
    training = "ai.onnx.preview.training"
    for name, at in (("w", w), ("other", other)):
        node = helper.make_node("Gradient", [name, "b", "x"], ["dw", "db"], domain=training, xs=["w", "b"], zs=["x"], y="y")
        inputs = {"x": x, "w": w, "b": b} | ({"other": other} if name == "other" else {})
        write(f"gradient_at_{name}", 1, [*forward, node], inputs, {"y": np.tanh(x @ w + b) ** 2} | derive(at),
              domain=training)


for make in (gradients, broadcasting, elementwise, softmaxes, movement, networks, experimental, scans, labels):
    make()
print(f"old_ops: {len(list(FOLDER.glob('test_*')))} cases")
