#!/usr/bin/env python3
"""Makes small TensorFlow Lite files, an operator each, with random inputs and LiteRT's outputs.

    python tests/op_cases/tflite_cases.py FOLDER [--applications]

Needs tensorflow==2.21.0 and ai-edge-litert==2.3.0 (a virtual environment of its own; the tests do not: they run the
cases that are committed as tflite_cases.zip). Writes FOLDER/index.json, which tests/model_pack reads, and the files.
A case runs on LiteRT's default kernels; what its reference kernels answer differently becomes an alternative. Converters
and runtimes can crash: every family is made in a process of its own.
"""
import argparse
import json
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter, OpResolverType

RNG = np.random.default_rng(20)
F = tf.float32


def spec(*shape, dtype=F):
    return tf.TensorSpec(shape, dtype)


def const(*shape, low=-1.0, high=1.0):
    return tf.constant(RNG.uniform(low, high, shape).astype(np.float32))


X4 = [spec(1, 7, 6, 4)]
X2 = [spec(3, 8)]
TWO = [spec(2, 3, 4), spec(2, 3, 4)]

# name -> (function, specs, range of inputs)
FLOAT = {
    "add": (lambda a, b: a + b, TWO),
    "add_broadcast": (lambda a, b: a + b, [spec(2, 3, 4), spec(4)]),
    "add_relu": (lambda a, b: tf.nn.relu(a + b), TWO),
    "sub": (lambda a, b: a - b, TWO),
    "mul": (lambda a, b: a * b, TWO),
    "mul_relu6": (lambda a, b: tf.nn.relu6(a * b), TWO),
    "div": (lambda a, b: a / (b + 2.5), TWO),
    "maximum": (tf.maximum, TWO),
    "minimum": (tf.minimum, TWO),
    "squared_difference": (tf.math.squared_difference, TWO),
    "conv_same": (lambda x: tf.nn.conv2d(x, const(3, 3, 4, 5), 1, "SAME"), X4),
    "conv_valid_stride": (lambda x: tf.nn.conv2d(x, const(3, 2, 4, 5), 2, "VALID"), X4),
    "conv_same_stride": (lambda x: tf.nn.conv2d(x, const(3, 3, 4, 5), 2, "SAME"), X4),
    "conv_dilated": (lambda x: tf.nn.conv2d(x, const(2, 2, 4, 3), 1, "SAME", dilations=2), X4),
    "conv_bias_relu": (lambda x: tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, const(1, 1, 4, 8), 1, "SAME"), const(8))), X4),
    "depthwise": (lambda x: tf.nn.depthwise_conv2d(x, const(3, 3, 4, 1), [1, 1, 1, 1], "SAME"), X4),
    "depthwise_multiplier": (lambda x: tf.nn.relu6(tf.nn.depthwise_conv2d(x, const(3, 3, 4, 2), [1, 2, 2, 1], "VALID")), X4),
    "grouped_conv": (lambda x: tf.nn.conv2d(x, const(3, 3, 2, 6), 1, "SAME"), X4),
    "transpose_conv_same": (lambda x: tf.nn.conv2d_transpose(x, const(3, 3, 5, 4), [1, 14, 12, 5], 2, "SAME"), X4),
    "transpose_conv_valid": (lambda x: tf.nn.conv2d_transpose(x, const(3, 2, 5, 4), [1, 15, 12, 5], 2, "VALID"), X4),
    "conv_3d": (lambda x: tf.nn.conv3d(x, const(2, 2, 2, 3, 4), [1, 1, 1, 1, 1], "SAME"), [spec(1, 4, 5, 4, 3)]),
    "conv_3d_transpose": (lambda x: tf.nn.conv3d_transpose(x, const(2, 2, 2, 4, 3), [1, 8, 10, 8, 4], 2, "SAME"), [spec(1, 4, 5, 4, 3)]),
    "fully_connected": (lambda x: tf.nn.bias_add(tf.matmul(x, const(8, 5)), const(5)), X2),
    "fully_connected_rank3": (lambda x: tf.tensordot(x, const(4, 5), 1), [spec(2, 3, 4)]),
    "batch_matmul": (lambda a, b: tf.matmul(a, b), [spec(2, 3, 4), spec(2, 4, 5)]),
    "batch_matmul_adjoint": (lambda a, b: tf.matmul(a, b, transpose_b=True), [spec(2, 3, 4), spec(2, 5, 4)]),
    "average_pool": (lambda x: tf.nn.avg_pool2d(x, 3, 2, "SAME"), X4),
    "average_pool_valid": (lambda x: tf.nn.avg_pool2d(x, [2, 3], 1, "VALID"), X4),
    "max_pool": (lambda x: tf.nn.max_pool2d(x, 3, 2, "SAME"), X4),
    "max_pool_valid": (lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"), X4),
    "l2_normalize": (lambda x: tf.math.l2_normalize(x, -1), X2),
    "lrn": (lambda x: tf.nn.local_response_normalization(x, 2, 1.0, 0.5, 0.75), X4),
    "resize_bilinear": (lambda x: tf.compat.v1.image.resize_bilinear(x, [9, 11]), X4),
    "resize_bilinear_align": (lambda x: tf.compat.v1.image.resize_bilinear(x, [9, 11], align_corners=True), X4),
    "resize_bilinear_half": (lambda x: tf.compat.v1.image.resize_bilinear(x, [14, 12], half_pixel_centers=True), X4),
    "resize_nearest": (lambda x: tf.compat.v1.image.resize_nearest_neighbor(x, [9, 11]), X4),
    "resize_nearest_align": (lambda x: tf.compat.v1.image.resize_nearest_neighbor(x, [9, 11], align_corners=True), X4),
    "resize_nearest_half": (lambda x: tf.compat.v1.image.resize_nearest_neighbor(x, [5, 13], half_pixel_centers=True), X4),
    "softmax": (tf.nn.softmax, X2),
    "softmax_rank4": (tf.nn.softmax, X4),
    "log_softmax": (tf.nn.log_softmax, X2),
    "logistic": (tf.nn.sigmoid, X2),
    "tanh": (tf.nn.tanh, X2),
    "relu": (tf.nn.relu, X2),
    "relu6": (tf.nn.relu6, X2),
    "relu_n1_to_1": (lambda x: tf.maximum(-1.0, tf.minimum(x, 1.0)), X2),
    "leaky_relu": (lambda x: tf.nn.leaky_relu(x, 0.3), X2),
    "elu": (tf.nn.elu, X2),
    "gelu": (lambda x: tf.nn.gelu(x), X2),
    "gelu_approximate": (lambda x: tf.nn.gelu(x, True), X2),
    "hard_swish": (lambda x: x * tf.nn.relu6(x + 3.0) * (1.0 / 6.0), X2),
    "prelu": (lambda x: tf.maximum(x, 0.0) + const(4) * tf.minimum(x, 0.0), X4),
    "exp": (tf.exp, X2),
    "log": (lambda x: tf.math.log(x + 2.5), X2),
    "sqrt": (lambda x: tf.sqrt(x + 2.5), X2),
    "rsqrt": (lambda x: tf.math.rsqrt(x + 2.5), X2),
    "square": (tf.square, X2),
    "abs": (tf.abs, X2),
    "neg": (tf.negative, X2),
    "sin": (tf.sin, X2),
    "cos": (tf.cos, X2),
    "floor": (lambda x: tf.floor(3 * x), X2),
    "ceil": (lambda x: tf.math.ceil(3 * x), X2),
    "round": (lambda x: tf.round(3 * x), X2),
    "sign": (tf.sign, X2),
    "pow": (lambda a, b: tf.pow(tf.abs(a) + 0.1, b), TWO),
    "atan2": (tf.math.atan2, TWO),
    "floor_div": (lambda a, b: tf.math.floordiv(4 * a, tf.abs(b) + 0.5), TWO),
    "floor_mod": (lambda a, b: tf.math.floormod(4 * a, tf.abs(b) + 0.5), TWO),
    "add_n": (lambda a, b: tf.add_n([a, b, a * 2]), TWO),
    "less": (lambda a, b: a < b, TWO),
    "greater": (lambda a, b: a > b, TWO),
    "less_equal": (lambda a, b: a <= b, TWO),
    "greater_equal": (lambda a, b: a >= b, TWO),
    "equal": (lambda a, b: tf.equal(tf.round(a), tf.round(b)), TWO),
    "not_equal": (lambda a, b: tf.not_equal(tf.round(a), tf.round(b)), TWO),
    "logical": (lambda a, b: tf.logical_or(tf.logical_and(a > 0, b > 0), tf.logical_not(a > b)), TWO),
    "select": (lambda a, b: tf.where(a > b, a, b), TWO),
    "select_broadcast": (lambda a, b: tf.where(a[:1] > 0, a, b[..., :1]), TWO),
    "where": (lambda a: tf.where(a > 0), [spec(3, 4)]),
    "mean": (lambda x: tf.reduce_mean(x, [1, 2], keepdims=True), X4),
    "mean_last": (lambda x: tf.reduce_mean(x, -1), X4),
    "sum": (lambda x: tf.reduce_sum(x, [1]), X4),
    "reduce_max": (lambda x: tf.reduce_max(x, [1, 2]), X4),
    "reduce_min": (lambda x: tf.reduce_min(x, -1, keepdims=True), X4),
    "reduce_prod": (lambda x: tf.reduce_prod(x, 1), [spec(2, 3, 4)]),
    "reduce_any": (lambda x: tf.reduce_any(x > 0.9, 1), X2),
    "reduce_all": (lambda x: tf.reduce_all(x > -0.9, 1), X2),
    "arg_max": (lambda x: tf.argmax(x, -1), X2),
    "arg_min": (lambda x: tf.argmin(x, 0, output_type=tf.int32), X2),
    "cumsum": (lambda x: tf.cumsum(x, 1), X2),
    "cumsum_reverse": (lambda x: tf.cumsum(x, 0, exclusive=True, reverse=True), X2),
    "topk": (lambda x: tf.math.top_k(x, 3), X2),
    "concat": (lambda a, b: tf.concat([a, b, a], 1), TWO),
    "concat_negative": (lambda a, b: tf.concat([a, b], -1), TWO),
    "pack": (lambda a, b: tf.stack([a, b], 1), TWO),
    "unpack": (lambda a: tf.unstack(a, axis=1), [spec(2, 3, 4)]),
    "split": (lambda a: tf.split(a, 2, axis=2), [spec(2, 3, 4)]),
    "split_v": (lambda a: tf.split(a, [1, 3], axis=2), [spec(2, 3, 4)]),
    "slice": (lambda a: tf.slice(a, [0, 1, 1], [2, 2, -1]), [spec(2, 3, 4)]),
    "strided_slice": (lambda a: a[:, ::-1, 1:3], [spec(2, 3, 4)]),
    "strided_slice_masks": (lambda a: a[1, ..., tf.newaxis, -1], [spec(2, 3, 4)]),
    "transpose": (lambda a: tf.transpose(a, [2, 0, 1]), [spec(2, 3, 4)]),
    "reshape": (lambda a: tf.reshape(a, [4, -1]), [spec(2, 3, 4)]),
    "squeeze": (lambda a: tf.squeeze(a, [1]), [spec(2, 1, 4)]),
    "expand_dims": (lambda a: tf.expand_dims(a, 1), [spec(2, 4)]),
    "tile": (lambda a: tf.tile(a, [2, 1, 3]), [spec(2, 3, 4)]),
    "pad": (lambda a: tf.pad(a, [[0, 0], [1, 2], [2, 0]]), [spec(2, 3, 4)]),
    "pad_v2": (lambda a: tf.pad(a, [[0, 0], [1, 2], [2, 0]], constant_values=1.5), [spec(2, 3, 4)]),
    "mirror_pad": (lambda a: tf.pad(a, [[0, 0], [1, 2], [2, 0]], "REFLECT"), [spec(2, 3, 4)]),
    "mirror_pad_symmetric": (lambda a: tf.pad(a, [[0, 0], [1, 2], [2, 0]], "SYMMETRIC"), [spec(2, 3, 4)]),
    "depth_to_space": (lambda x: tf.nn.depth_to_space(x, 2), X4),
    "space_to_depth": (lambda x: tf.nn.space_to_depth(x, 2), [spec(1, 6, 4, 3)]),
    "space_to_batch": (lambda x: tf.space_to_batch(x, [2, 3], [[0, 1], [0, 0]]), X4),
    "batch_to_space": (lambda x: tf.batch_to_space(x, [2, 2], [[0, 1], [1, 0]]), [spec(8, 3, 2, 3)]),
    "broadcast_to": (lambda a: tf.broadcast_to(a, [2, 3, 4]), [spec(3, 1)]),
    "reverse": (lambda a: tf.reverse(a, [1]), [spec(2, 3, 4)]),
    "reverse_sequence": (lambda a: tf.reverse_sequence(a, [2, 3], seq_axis=1, batch_axis=0), [spec(2, 3, 4)]),
    "gather": (lambda a: tf.gather(a, [2, 0, 1, 1], axis=1), [spec(2, 3, 4)]),
    "gather_batch": (lambda a: tf.gather(a, [[2, 0], [1, 1]], axis=1, batch_dims=1), [spec(2, 3, 4)]),
    "gather_batch_axis": (lambda a: tf.gather(a, [[3, 0], [1, 1]], axis=2, batch_dims=1), [spec(2, 3, 4)]),
    "gather_nd": (lambda a: tf.gather_nd(a, [[0, 2], [1, 1]]), [spec(2, 3, 4)]),
    "scatter_nd": (lambda a: tf.scatter_nd([[1], [4], [1]], a, [6, 4]), [spec(3, 4)]),
    "one_hot": (lambda a: tf.one_hot(tf.cast(3 * tf.abs(a), tf.int32), 4, 2.0, -1.0), [spec(3, 4)]),
    "matrix_diag": (tf.linalg.diag, [spec(3, 4)]),
    "matrix_set_diag": (tf.linalg.set_diag, [spec(2, 3, 4), spec(2, 3)]),
    "segment_sum": (lambda a: tf.math.segment_sum(a, [0, 0, 2]), [spec(3, 4)]),
    "unsorted_segment_sum": (lambda a: tf.math.unsorted_segment_sum(a, [2, 0, 2], 4), [spec(3, 4)]),
    "unsorted_segment_max": (lambda a: tf.math.unsorted_segment_max(a, [2, 0, 2], 3), [spec(3, 4)]),
    "unsorted_segment_prod": (lambda a: tf.math.unsorted_segment_prod(a, [2, 0, 2], 4), [spec(3, 4)]),
    "unsorted_segment_min": (lambda a: tf.math.unsorted_segment_min(a, [2, 0, 2], 3), [spec(3, 4)]),
    "fill": (lambda a: tf.fill(tf.shape(a), 2.5) + a, [spec(2, 3)]),
    "range": (lambda a: tf.range(0.0, 5.0, tf.abs(a[0]) + 0.5), [spec(2)]),
    "shape": (lambda a: tf.shape(tf.where(a > 0)), [spec(3, 4)]),
    "zeros_like": (lambda a: tf.zeros_like(tf.where(a > 0)), [spec(3, 4)]),
    "cast_int": (lambda a: tf.cast(9 * a, tf.int32), X2),
    "cast_bool": (lambda a: tf.cast(tf.cast(a, tf.int32), tf.bool), X2),
    "fake_quant": (lambda a: tf.quantization.fake_quant_with_min_max_args(a, -1.3, 2.1, 8), X2),
    "bucketize": (lambda a: tf.raw_ops.Bucketize(input=a, boundaries=[-0.5, 0.0, 0.7]), X2),
    "dynamic_update_slice": (lambda a, b: tf.raw_ops.XlaDynamicUpdateSlice(input=a, update=b, indices=tf.constant([1, 1])), [spec(4, 5), spec(2, 3)]),
    "non_max_suppression": (lambda b, s: tf.image.non_max_suppression_padded(tf.abs(b), s, 5, 0.4, -1.0, pad_to_max_output_size=True), [spec(9, 4), spec(9)]),
    "rfft2d_abs": (lambda a: tf.abs(tf.signal.rfft2d(a)), [spec(4, 8)]),
    "complex_parts": (lambda a: (tf.math.real(tf.signal.rfft2d(a)), tf.math.imag(tf.signal.rfft2d(a))), [spec(4, 8)]),
    "cond": (lambda a: tf.cond(tf.reduce_sum(a) > 0, lambda: a * 2, lambda: a - 1), [spec(2, 3)]),
    "while": (lambda a: tf.while_loop(lambda i, x: i < 4, lambda i, x: (i + 1, x * 1.5 + 0.1), [0, a])[1], [spec(2, 3)]),
    "while_grows": (lambda a: tf.while_loop(lambda x: tf.shape(x)[0] < 12, lambda x: (tf.concat([x, x], 0),), [a],
                                            shape_invariants=[tf.TensorShape([None, 3])])[0], [spec(2, 3)]),
    "bitwise_xor": (lambda a, b: tf.bitwise.bitwise_xor(tf.cast(9 * a, tf.int32), tf.cast(9 * b, tf.int32)), TWO),
    "right_shift": (lambda a, b: tf.bitwise.right_shift(tf.cast(99 * a, tf.int32), tf.cast(2 * tf.abs(b), tf.int32)), TWO),
    "unique": (lambda a: tf.unique(tf.cast(3 * a, tf.int32))[0], [spec(12)]),
    "unique_index": (lambda a: tf.unique(tf.cast(3 * a, tf.int32)), [spec(12)]),
    "sparse_to_dense": (lambda a: tf.raw_ops.SparseToDense(sparse_indices=tf.constant([[0, 1], [2, 3]]), output_shape=[3, 4], sparse_values=a, default_value=-1.0), [spec(2)]),
}


def keras(*layers, shape, stateful=False):
    inputs = tf.keras.Input(shape, batch_size=1)
    x = inputs
    for layer in layers:
        x = layer(x)
    return tf.keras.Model(inputs, x)


L = tf.keras.layers
NETWORKS = {
    "lstm": lambda: keras(L.LSTM(6, return_sequences=True), shape=(5, 4)),
    "lstm_unrolled": lambda: keras(L.LSTM(6, unroll=True), shape=(4, 4)),
    "gru": lambda: keras(L.GRU(6, return_sequences=True), shape=(5, 4)),
    "rnn": lambda: keras(L.SimpleRNN(6), shape=(5, 4)),
    "bidirectional": lambda: keras(L.Bidirectional(L.LSTM(5, return_sequences=True)), shape=(5, 4)),
    "small_cnn": lambda: keras(L.Conv2D(8, 3, strides=2, padding="same"), L.BatchNormalization(), L.ReLU(6.0), L.DepthwiseConv2D(3, padding="same"),
                               L.Conv2D(12, 1), L.ReLU(), L.GlobalAveragePooling2D(), L.Dense(7), L.Softmax(), shape=(16, 16, 3)),
    "residual": lambda: residual(),
    "attention": lambda: attention(),
    "swish": lambda: keras(L.Conv2D(6, 3, padding="same", activation="swish"), L.MaxPool2D(), L.Flatten(), L.Dense(5, activation="sigmoid"), shape=(8, 8, 3)),
    "hard_swish": lambda: keras(L.Conv2D(6, 3, padding="same"), L.Activation("hard_silu"), L.AveragePooling2D(), L.Flatten(), L.Dense(5), shape=(8, 8, 3)),
    "upsampling": lambda: keras(L.Conv2DTranspose(5, 3, strides=2, padding="same"), L.UpSampling2D(2, interpolation="bilinear"), L.Conv2D(2, 1), shape=(6, 6, 3)),
}


A = tf.keras.applications
# With random weights and small pictures; too large to commit: --applications makes and keeps them apart.
APPLICATIONS = {
    "mobilenet": lambda: A.MobileNet((96, 96, 3), alpha=0.25, weights=None, classes=20),
    "mobilenet_v2": lambda: A.MobileNetV2((96, 96, 3), alpha=0.35, weights=None, classes=20),
    "mobilenet_v3_small": lambda: A.MobileNetV3Small((96, 96, 3), alpha=0.75, weights=None, classes=20),
    "mobilenet_v3_large": lambda: A.MobileNetV3Large((96, 96, 3), alpha=0.75, weights=None, classes=20),
    "efficientnet_b0": lambda: A.EfficientNetB0(input_shape=(64, 64, 3), weights=None, classes=20),
    "efficientnet_v2_b0": lambda: A.EfficientNetV2B0(input_shape=(64, 64, 3), weights=None, classes=20),
    "resnet50": lambda: A.ResNet50(input_shape=(64, 64, 3), weights=None, classes=20),
    "resnet50_v2": lambda: A.ResNet50V2(input_shape=(64, 64, 3), weights=None, classes=20),
    "densenet121": lambda: A.DenseNet121(input_shape=(64, 64, 3), weights=None, classes=20),
    "inception_v3": lambda: A.InceptionV3(input_shape=(96, 96, 3), weights=None, classes=20),
    "xception": lambda: A.Xception(input_shape=(96, 96, 3), weights=None, classes=20),
    "nasnet_mobile": lambda: A.NASNetMobile(input_shape=(96, 96, 3), weights=None, classes=20),
}


def residual():
    inputs = tf.keras.Input((12, 12, 4), batch_size=1)
    x = L.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    x = L.Add()([x, inputs])
    y = L.Concatenate()([x, L.Multiply()([x, inputs])])
    return tf.keras.Model(inputs, L.Conv2D(3, 1)(L.LeakyReLU(0.1)(y)))


def attention():
    inputs = tf.keras.Input((6, 8), batch_size=1)
    x = L.LayerNormalization()(inputs)
    x = L.MultiHeadAttention(2, 4)(x, x)
    x = L.Add()([x, inputs])
    return tf.keras.Model(inputs, L.Dense(8, activation="gelu")(x))


def quantized(converter, mode, samples):
    if mode == "float":
        return
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if mode == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if mode in ("int8", "uint8", "int16"):
        converter.representative_dataset = samples
        kind = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8 if mode == "int16" else tf.lite.OpsSet.TFLITE_BUILTINS_INT8
        converter.target_spec.supported_ops = [kind]
        dtype = {"int8": tf.int8, "uint8": tf.uint8, "int16": tf.int16}[mode]
        converter.inference_input_type = converter.inference_output_type = dtype


# Bytes are compared bit for bit, but for functions that LiteRT evaluates in float for each element.
NOT_EXACT = {"floor_div_int8", "sqrt_int8"}


def random_input(detail):
    dtype, shape = detail["dtype"], detail["shape"]
    if np.issubdtype(dtype, np.integer):
        info = np.iinfo(dtype)
        return RNG.integers(info.min, info.max + 1, shape).astype(dtype)
    return RNG.uniform(-1, 1, shape).astype(dtype)


def run(model, inputs, resolver):
    interpreter = Interpreter(model_content=model, num_threads=1, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    for detail in interpreter.get_input_details():
        interpreter.set_tensor(detail["index"], inputs[detail["name"]])
    interpreter.invoke()
    return {d["name"]: interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()}, interpreter


def apart(make):
    """What make() gives, or None: made in a process of its own, as LiteRT's reference kernels crash on some networks."""
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        try:
            with os.fdopen(write, "wb") as file:
                pickle.dump(make(), file)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        data = file.read()
    os.waitpid(child, 0)
    try:
        return pickle.loads(data)
    except (EOFError, pickle.UnpicklingError):
        return None


class Pack:
    def __init__(self, folder):
        self.folder, self.entries = folder, []
        folder.mkdir(parents=True, exist_ok=True)

    def array(self, name, value):
        np.save(self.folder / name, value)
        return {"file": name, "dtype": str(value.dtype), "shape": list(value.shape)}

    def add(self, name, model):
        (self.folder / f"{name}.tflite").write_bytes(model)
        probe = Interpreter(model_content=model)
        probe.allocate_tensors()
        inputs = {d["name"]: random_input(d) for d in probe.get_input_details()}
        default, interpreter = run(model, inputs, OpResolverType.AUTO)
        reference = apart(lambda: run(model, inputs, OpResolverType.BUILTIN_REF)[0]) or default
        signatures = interpreter.get_signature_list()
        key = next(iter(signatures), None)
        runner = interpreter.get_signature_runner(key) if key else None
        renamed = {}
        if runner:
            for part in (runner.get_input_details(), runner.get_output_details()):
                renamed.update({d["name"]: k for k, d in part.items()})
        entry = {"path": f"{name}.tflite", "format": "tflite", "inputs": [], "outputs": []}
        for i, (tensor, value) in enumerate(inputs.items()):
            entry["inputs"].append({"name": renamed.get(tensor, tensor), **self.array(f"{name}.in{i}.npy", value)})
        integers, exact = True, name not in NOT_EXACT
        for i, (tensor, value) in enumerate(default.items()):
            item = {"name": renamed.get(tensor, tensor), **self.array(f"{name}.out{i}.npy", value)}
            integers &= value.dtype in (np.int8, np.uint8, np.int16)
            exact &= value.dtype in (np.int8, np.uint8)
            if not np.array_equal(value, reference[tensor], equal_nan=value.dtype.kind == "f"):
                item["alternatives"] = [self.array(f"{name}.ref{i}.npy", reference[tensor])]
            entry["outputs"].append(item)
        hybrid = name.endswith("_dynamic")
        entry["tolerance"] = {"rtol": 1e-3, "atol": 2e-3 if hybrid else 1e-5, "steps": 1 if integers and not exact else 0}
        self.entries.append(entry)

    def close(self, part):
        (self.folder / f"index.{part}.json").write_text(json.dumps(self.entries, indent=1))


def join(folder):
    entries = [entry for part in sorted(folder.glob("index.*.json")) for entry in json.loads(part.read_text())]
    for part in folder.glob("index.*.json"):
        part.unlink()
    kept = {item["file"] for entry in entries for item in entry["inputs"] + entry["outputs"]}
    kept |= {other["file"] for entry in entries for item in entry["outputs"] for other in item.get("alternatives", [])}
    kept |= {entry["path"] for entry in entries}
    for path in folder.iterdir():
        if path.name not in kept:
            path.unlink()
    (folder / "index.json").write_text(json.dumps(entries, indent=1))
    print(f"{len(entries)} cases in {folder}")


def samples_for(shapes):
    def samples():
        for _ in range(8):
            yield [RNG.uniform(-1, 1, shape).astype(np.float32) for shape in shapes]
    return samples


def attempt(pack, name, make):
    try:
        pack.add(name, make())
    except Exception as error:  # what this converter or runtime refuses is no case
        print(f"left out {name}: {str(error).splitlines()[0][:120] if str(error) else type(error).__name__}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--applications", action="store_true", help="the networks of tf.keras.applications instead")
    parser.add_argument("--part", help="one family, in this process")
    options = parser.parse_args()
    networks = APPLICATIONS if options.applications else NETWORKS
    if not options.part:
        names = sorted(FLOAT)
        groups = [] if options.applications else [names[i:i + 12] for i in range(0, len(names), 12)]
        for part in ["|".join(f"^{name}$" for name in group) for group in groups] + [f"^network_{name}$" for name in networks]:
            command = [sys.executable, __file__, str(options.folder), "--part", part]
            subprocess.run(command + ["--applications"] * options.applications, check=False)
        return join(options.folder)
    pack = Pack(options.folder)
    for name, (function, specs) in FLOAT.items():
        if not re.search(options.part, name):
            continue
        for mode in ("float", "int8", "int16", "dynamic"):
            def make():
                concrete = tf.function(function, input_signature=specs).get_concrete_function()
                converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
                quantized(converter, mode, samples_for([s.shape for s in specs]))
                model = converter.convert()
                if mode != "float" and not quantizes(model, mode):
                    raise ValueError("the same as in float")
                return model
            attempt(pack, f"{name}_{mode}", make)
            pack.close(name)
        pack.entries = []
    for name, build in networks.items():
        if not re.search(options.part, f"network_{name}"):
            continue
        tf.keras.utils.set_random_seed(7)
        network = build()
        for mode in ("float", "float16", "dynamic", "int8", "uint8", "int16"):
            def make():
                converter = tf.lite.TFLiteConverter.from_keras_model(network)
                quantized(converter, mode, samples_for([(1, *network.input_shape[1:])]))
                return converter.convert()
            attempt(pack, f"network_{name}_{mode}", make)
            pack.close(f"network_{name}")


def quantizes(model, mode):
    interpreter = Interpreter(model_content=model)
    dtypes = {d["dtype"] for d in interpreter.get_tensor_details()}
    return {"int8": np.int8, "int16": np.int16, "dynamic": np.int8}[mode] in dtypes


main()
