"""The digit classifier's twin in Keras, with the same weights."""

import keras
import numpy as np

from network import BATCHNORM_EPSILON, DigitNet


def keras_twin(net: DigitNet) -> keras.Model:
    """The same network with the same weights for image [batch, 8, 8, 1].

    Convolution kernels turn from OIHW to HWIO. The rows of the dense layer turn from channel-height-width order to
    height-width-channel order, because the tensor that Keras flattens has its channels last.
    """
    layers = keras.layers
    image = keras.Input((8, 8, 1), name="image")
    x = layers.Conv2D(16, 3, padding="same", name="conv1")(image)
    x = layers.ReLU()(layers.BatchNormalization(epsilon=BATCHNORM_EPSILON, name="bn1")(x))
    x = layers.Conv2D(32, 3, padding="same", name="conv2")(x)
    x = layers.ReLU()(layers.BatchNormalization(epsilon=BATCHNORM_EPSILON, name="bn2")(x))
    x = layers.Flatten()(layers.MaxPooling2D(2)(x))
    twin = keras.Model(image, layers.Dense(10, name="head")(x), name="digits")

    weights = {name: tensor.detach().numpy() for name, tensor in net.state_dict().items()}
    for conv in ("conv1", "conv2"):
        kernel = weights[f"{conv}.weight"].transpose(2, 3, 1, 0)
        twin.get_layer(conv).set_weights([kernel, weights[f"{conv}.bias"]])
    for bn in ("bn1", "bn2"):
        parts = ("weight", "bias", "running_mean", "running_var")
        twin.get_layer(bn).set_weights([weights[f"{bn}.{part}"] for part in parts])
    rows = weights["head.weight"].reshape(10, 32, 4, 4).transpose(2, 3, 1, 0).reshape(-1, 10)
    twin.get_layer("head").set_weights([np.ascontiguousarray(rows), weights["head.bias"]])
    return twin
