#!/usr/bin/env python3
"""Exports Keras models with random weights as SavedModels, with inputs and Keras' outputs, in the form that
tests/model_pack judges.

    python tests/tensorflow/keras_models.py FOLDER [--only NAME] [--applications]
    build/dev/tests/model_pack/model_pack --index FOLDER/index.json --format saved_model

Needs tensorflow==2.21.0. Not part of the test set-up: these take minutes and hundreds of megabytes.
"""
import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
import numpy as np
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).resolve().parent))
from generate import dtype_name, npy

K = tf.keras
L = K.layers
rng = np.random.default_rng(11)


def f32(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def applications():
    A = K.applications
    for name, size, options in [("MobileNet", 64, {}), ("MobileNetV2", 64, {}), ("MobileNetV3Small", 64, {}), ("MobileNetV3Large", 64, {}),
                                ("EfficientNetB0", 64, {}), ("EfficientNetV2B0", 64, {}), ("ResNet50", 64, {}), ("ResNet50V2", 64, {}),
                                ("DenseNet121", 64, {}), ("InceptionV3", 96, {}), ("Xception", 96, {}), ("NASNetMobile", 64, {}),
                                ("ConvNeXtTiny", 64, {}), ("VGG16", 32, {"include_top": False})]:
        yield name, lambda name=name, size=size, options=options: getattr(A, name)(weights=None, input_shape=(size, size, 3), **({"classes": 7} | options if "include_top" not in options else options)), [f32(1, size, size, 3)]


def functional(inputs, build):
    tensors = [K.Input(shape, dtype=dtype) for shape, dtype in inputs]
    return K.Model(tensors, build(*tensors))


def layers():
    yield "lstm", lambda: functional([((7, 5), "float32")], lambda x: L.LSTM(6)(x)), [f32(2, 7, 5)]
    yield "lstm_sequences", lambda: functional([((7, 5), "float32")], lambda x: L.LSTM(6, return_sequences=True)(x)), [f32(2, 7, 5)]
    yield "lstm_any_length", lambda: functional([((None, 5), "float32")], lambda x: L.LSTM(6)(x)), [f32(2, 7, 5)]
    yield "gru", lambda: functional([((7, 5), "float32")], lambda x: L.GRU(6)(x)), [f32(2, 7, 5)]
    yield "gru_before", lambda: functional([((7, 5), "float32")], lambda x: L.GRU(6, reset_after=False, return_sequences=True)(x)), [f32(2, 7, 5)]
    yield "rnn", lambda: functional([((7, 5), "float32")], lambda x: L.SimpleRNN(6)(x)), [f32(2, 7, 5)]
    yield "bidirectional", lambda: functional([((7, 5), "float32")], lambda x: L.Bidirectional(L.LSTM(4, return_sequences=True))(x)), [f32(2, 7, 5)]
    yield "masked_lstm", lambda: functional([((7,), "int32")], lambda x: L.LSTM(4)(L.Embedding(10, 3, mask_zero=True)(x))), [np.array([[1, 2, 3, 0, 0, 0, 0], [4, 5, 6, 7, 8, 9, 1]], np.int32)]
    yield "unrolled_lstm", lambda: functional([((4, 5), "float32")], lambda x: L.LSTM(3, unroll=True)(x)), [f32(2, 4, 5)]
    yield "conv_lstm", lambda: functional([((3, 6, 6, 2), "float32")], lambda x: L.ConvLSTM2D(3, 3, padding="same")(x)), [f32(1, 3, 6, 6, 2)]
    yield "time_distributed", lambda: functional([((4, 8, 8, 3), "float32")], lambda x: L.TimeDistributed(L.Conv2D(2, 3))(x)), [f32(1, 4, 8, 8, 3)]
    yield "attention", lambda: functional([((5, 8), "float32")], lambda x: L.MultiHeadAttention(2, 4)(x, x)), [f32(2, 5, 8)]
    yield "transformer", lambda: functional([((6,), "int32")], lambda x: transformer(x)), [rng.integers(0, 20, (2, 6)).astype(np.int32)]
    yield "group_attention", lambda: functional([((5, 8), "float32")], lambda x: L.GroupQueryAttention(4, 4, 2)(x, x)), [f32(2, 5, 8)]
    yield "normalizations", lambda: functional([((6, 6, 4), "float32")], lambda x: L.UnitNormalization()(L.GroupNormalization(2)(L.LayerNormalization()(L.BatchNormalization()(x))))), [f32(2, 6, 6, 4)]
    yield "unet", lambda: functional([((16, 16, 3), "float32")], unet), [f32(1, 16, 16, 3)]
    yield "separable", lambda: functional([((9, 9, 3), "float32")], lambda x: L.SeparableConv2D(4, 3, strides=2)(L.DepthwiseConv2D(3, padding="same")(x))), [f32(1, 9, 9, 3)]
    yield "conv1d", lambda: functional([((12, 3), "float32")], lambda x: L.GlobalMaxPooling1D()(L.Conv1D(4, 3, padding="causal", dilation_rate=2)(x))), [f32(2, 12, 3)]
    yield "conv1d_transpose", lambda: functional([((8, 3), "float32")], lambda x: L.Conv1DTranspose(4, 3, strides=2, padding="same")(x)), [f32(2, 8, 3)]
    yield "conv3d", lambda: functional([((6, 6, 6, 2), "float32")], lambda x: L.GlobalAveragePooling3D()(L.MaxPooling3D()(L.Conv3D(3, 3)(x)))), [f32(1, 6, 6, 6, 2)]
    yield "conv3d_transpose", lambda: functional([((3, 3, 3, 2), "float32")], lambda x: L.Conv3DTranspose(3, 3, strides=2)(x)), [f32(1, 3, 3, 3, 2)]
    yield "resizing", lambda: functional([((8, 9, 3), "float32")], lambda x: L.Resizing(5, 12)(L.Rescaling(1 / 127.5, -1)(x))), [f32(1, 8, 9, 3)]
    yield "crop", lambda: functional([((8, 9, 3), "float32")], lambda x: L.CenterCrop(5, 6)(L.ZeroPadding2D(2)(L.Cropping2D(1)(x)))), [f32(1, 8, 9, 3)]
    yield "activations", lambda: functional([((6,), "float32")], lambda x: L.Concatenate()([L.Activation(a)(x) for a in ["relu", "gelu", "selu", "elu", "silu", "softplus", "softsign", "tanh", "sigmoid", "hard_sigmoid", "mish", "exponential", "relu6", "leaky_relu", "log_softmax"]] + [L.PReLU()(x), L.LeakyReLU()(x), L.ELU()(x), L.Softmax()(x)])), [f32(3, 6)]
    yield "merge", lambda: functional([((4,), "float32"), ((4,), "float32")], lambda x, y: [L.Add()([x, y]), L.Multiply()([x, y]), L.Maximum()([x, y]), L.Average()([x, y]), L.Dot(1)([x, y]), L.Subtract()([x, y])]), [f32(3, 4), f32(3, 4)]
    yield "einsum_dense", lambda: functional([((5, 6), "float32")], lambda x: L.EinsumDense("abc,cd->abd", (None, 4), bias_axes="d")(x)), [f32(2, 5, 6)]
    yield "reshape", lambda: functional([((6, 4), "float32")], lambda x: L.RepeatVector(3)(L.Flatten()(L.Permute((2, 1))(L.Reshape((3, 8))(x))))), [f32(2, 6, 4)]
    yield "upsampling", lambda: functional([((4, 5, 2), "float32")], lambda x: [L.UpSampling2D(2)(x), L.UpSampling2D(3, interpolation="bilinear")(x)]), [f32(1, 4, 5, 2)]
    yield "pooling", lambda: functional([((7, 7, 2), "float32")], lambda x: [L.AveragePooling2D(3, 2, "same")(x), L.MaxPooling2D(2, 2)(x), L.GlobalMaxPooling2D(keepdims=True)(x)]), [f32(1, 7, 7, 2)]
    yield "dropout", lambda: functional([((5,), "float32")], lambda x: L.GaussianNoise(0.1)(L.SpatialDropout1D(0.3)(L.Reshape((5, 1))(L.Dropout(0.4)(x))))), [f32(2, 5)]
    yield "half_precision", lambda: functional([((5,), "float32")], lambda x: L.Dense(4, dtype="mixed_float16")(L.Dense(6, "relu", dtype="mixed_float16")(x))), [f32(2, 5)]
    yield "spectrogram", lambda: functional([((256,), "float32")], lambda x: L.STFTSpectrogram(frame_length=64, frame_step=32, fft_length=64)(x)), [f32(1, 256)]
    yield "mel_spectrogram", lambda: functional([((512,), "float32")], lambda x: L.MelSpectrogram(fft_length=64, sequence_stride=32, num_mel_bins=8, sampling_rate=8000, max_freq=4000)(x)), [f32(1, 512)]


def transformer(x):
    h = L.Embedding(20, 8)(x)
    for _ in range(2):
        h = L.LayerNormalization()(h + L.MultiHeadAttention(2, 4)(h, h, use_causal_mask=True))
        h = L.LayerNormalization()(h + L.Dense(8)(L.Dense(16, "gelu")(h)))
    return L.Dense(20, "softmax")(h)


def unet(x):
    a = L.Conv2D(4, 3, padding="same", activation="relu")(x)
    b = L.Conv2D(8, 3, padding="same", activation="relu")(L.MaxPooling2D()(a))
    c = L.Conv2DTranspose(4, 3, strides=2, padding="same")(b)
    return L.Conv2D(2, 1, activation="softmax")(L.Concatenate()([a, c]))


def adapted(layer, data):
    layer.adapt(data)
    return layer


def preprocessing():
    words = np.array(["the cat sat", "on the mat", "a cat, a mat!"], dtype=object)
    strings = np.array([["cat"], ["dog"], ["mat"]], dtype=object)
    yield "text_vectorization", lambda: functional([((1,), "string")], lambda x: adapted(L.TextVectorization(output_sequence_length=5), words)(x)), [words.reshape(3, 1)]
    yield "text_multi_hot", lambda: functional([((1,), "string")], lambda x: adapted(L.TextVectorization(output_mode="multi_hot"), words)(x)), [words.reshape(3, 1)]
    yield "text_tf_idf", lambda: functional([((1,), "string")], lambda x: adapted(L.TextVectorization(output_mode="tf_idf"), words)(x)), [words.reshape(3, 1)]
    yield "text_bigrams", lambda: functional([((1,), "string")], lambda x: adapted(L.TextVectorization(ngrams=2, output_sequence_length=6), words)(x)), [words.reshape(3, 1)]
    yield "string_lookup", lambda: functional([((1,), "string")], lambda x: L.StringLookup(vocabulary=["cat", "mat"])(x)), [strings]
    yield "string_lookup_one_hot", lambda: functional([((1,), "string")], lambda x: L.StringLookup(vocabulary=["cat", "mat"], output_mode="one_hot")(x)), [strings]
    yield "string_lookup_hashed", lambda: functional([((1,), "string")], lambda x: L.StringLookup(vocabulary=["cat"], num_oov_indices=3)(x)), [strings]
    yield "integer_lookup", lambda: functional([((2,), "int64")], lambda x: L.IntegerLookup(vocabulary=[3, 5, 9])(x)), [np.array([[3, 4], [9, 5]], np.int64)]
    yield "inverse_lookup", lambda: functional([((2,), "int64")], lambda x: L.StringLookup(vocabulary=["cat", "mat"], invert=True)(x)), [np.array([[0, 1], [2, 1]], np.int64)]
    yield "normalization", lambda: functional([((3,), "float32")], lambda x: adapted(L.Normalization(), f32(50, 3) * 3 + 1)(x)), [f32(2, 3)]
    yield "discretization", lambda: functional([((3,), "float32")], lambda x: L.Discretization(bin_boundaries=[-0.5, 0.0, 0.7])(x)), [f32(2, 3)]
    yield "hashing", lambda: functional([((1,), "string")], lambda x: L.Hashing(16)(x)), [strings]
    yield "hashing_salted", lambda: functional([((1,), "string")], lambda x: L.Hashing(16, salt=[3, 4])(x)), [strings]
    yield "category_encoding", lambda: functional([((2,), "int64")], lambda x: L.CategoryEncoding(5, output_mode="multi_hot")(x)), [np.array([[3, 4], [0, 1]], np.int64)]
    yield "category_count", lambda: functional([((2,), "int64")], lambda x: L.CategoryEncoding(5, output_mode="count")(x)), [np.array([[3, 3], [0, 1]], np.int64)]
    yield "category_crossing", lambda: functional([((1,), "string"), ((1,), "string")], lambda x, y: L.HashedCrossing(20)([x, y])), [strings, strings[::-1].copy()]


class Recurrence(tf.Module):
    def __init__(self):
        self.weight = tf.Variable(f32(4, 4) * 0.3, name="weight")
        self.count = tf.Variable(0, name="count")

    @tf.function(input_signature=[tf.TensorSpec([None, 4])])
    def __call__(self, x):
        steps = tf.constant(0)
        while steps < 5 and tf.reduce_sum(tf.abs(x)) < 1000.0:
            if tf.reduce_mean(x) > 0:
                x = tf.nn.relu(tf.matmul(x, self.weight)) + 0.1
            else:
                x = x - tf.reduce_min(x)
            steps += 1
        return {"x": x, "steps": steps}


def modules():
    yield "module_while", Recurrence, [f32(3, 4)]


GROUPS = {"layers": layers, "preprocessing": preprocessing, "modules": modules, "applications": applications}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--groups", default="layers,preprocessing,modules")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    index = []
    for group in arguments.groups.split(","):
        for name, make, inputs in GROUPS[group]():
            if arguments.only not in name:
                continue
            for way in ["export", "save"]:
                try:
                    K.backend.clear_session()
                    tf.random.set_seed(5)
                    model = make()
                    path = arguments.folder / f"{name}_{way}"
                    if way == "export" and isinstance(model, K.Model):
                        model.export(str(path), verbose=False)
                    else:
                        tf.saved_model.save(model, str(path))
                    loaded = tf.saved_model.load(str(path)).signatures["serving_default"]
                    keys = sorted(loaded.structured_input_signature[1])
                    if isinstance(model, K.Model):
                        keys = sorted(keys, key=lambda key: [str(t.name) for t in model.inputs].index(key) if key in [t.name for t in model.inputs] else 0)
                    feeds = {key: tf.constant(x) for key, x in zip(keys, inputs)}
                    values = {key: value.numpy() for key, value in loaded(**feeds).items()}
                except Exception as error:
                    print(f"not made: {path}: {str(error).splitlines()[0][:200]}", file=sys.stderr)
                    continue
                entry = {"path": path.name, "format": "saved_model", "case": path.name, "inputs": [], "outputs": [],
                         "tolerance": {"rtol": 1e-3, "atol": 1e-4, "steps": 0}}
                for kind, arrays in [("inputs", {key: feeds[key].numpy() for key in feeds}), ("outputs", values)]:
                    for i, (key, array) in enumerate(sorted(arrays.items())):
                        file = f"{path.name}.{kind}{i}.npy"
                        (arguments.folder / file).write_bytes(npy(array))
                        entry[kind].append({"name": key, "file": file, "dtype": dtype_name(array), "shape": list(array.shape)})
                index.append(entry)
    (arguments.folder / "index.json").write_text(json.dumps(index, indent=1))
    print(f"{len(index)} models")


if __name__ == "__main__":
    main()
