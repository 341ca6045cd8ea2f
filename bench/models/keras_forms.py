"""Writes networks of Keras, with random weights from a fixed seed, as TensorFlow Lite files: in float32, and in int8 throughout.

    python bench/models/keras_forms.py FOLDER [NAME…]     writes FOLDER/NAME.tflite and an example input as .npz;
                                                          in float32 the SavedModel FOLDER/NAME, too

Needs tensorflow.
"""
import pathlib
import sys

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

KERAS = {"mobilenet_v2": tf.keras.applications.MobileNetV2, "resnet50": tf.keras.applications.ResNet50}


def convert(name, folder):
    network, integers = name.removeprefix("keras_").removesuffix("_int8"), name.endswith("_int8")
    tf.keras.utils.set_random_seed(7)
    random = np.random.default_rng(7)
    sample = lambda: random.uniform(-1, 1, (1, 224, 224, 3)).astype(np.float32)
    model = KERAS[network](weights=None)
    function = tf.function(model).get_concrete_function(tf.TensorSpec((1, 224, 224, 3)))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([convert_variables_to_constants_v2(function)])
    if not integers:
        tf.saved_model.save(model, folder / name, signatures=function)
    if integers:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([sample()] for _ in range(4))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    (folder / f"{name}.tflite").write_bytes(converter.convert())
    interpreter = tf.lite.Interpreter(str(folder / f"{name}.tflite"))
    entry = interpreter.get_input_details()[0]
    value = sample() if not integers else random.integers(-128, 128, entry["shape"], np.int8)
    np.savez(folder / f"{name}.npz", **{entry["name"]: value})


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    for name in sys.argv[2:] or [f"keras_{k}{suffix}" for k in KERAS for suffix in ("", "_int8")]:
        convert(name, folder)
        print(name, flush=True)
