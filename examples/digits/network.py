"""The digit classifier: the plain PyTorch network, its Lightning trainer module, and its twin in Keras."""

import keras
import lightning
import numpy as np
import torch
from torch import nn

BATCHNORM_EPSILON = 1e-5  # PyTorch's default; Keras' own is 1e-3, so the twin states it.


class DigitNet(nn.Module):
    """image [batch, 1, 8, 8], values 0..1  ->  logits [batch, 10]."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, kernel_size=3, padding=1)
        self.bn1 = nn.BatchNorm2d(16, eps=BATCHNORM_EPSILON)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3, padding=1)
        self.bn2 = nn.BatchNorm2d(32, eps=BATCHNORM_EPSILON)
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Linear(32 * 4 * 4, 10)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.bn1(self.conv1(image)))
        x = torch.relu(self.bn2(self.conv2(x)))
        x = torch.flatten(self.pool(x), 1)
        return self.head(x)


class DigitClassifier(lightning.LightningModule):
    """Trains DigitNet. Its checkpoint names every tensor `model.<name in DigitNet>`."""

    def __init__(self, learning_rate: float = 3e-3) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.model = DigitNet()

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.model(image)

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], _: int) -> torch.Tensor:
        image, label = batch
        return nn.functional.cross_entropy(self(image), label)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=self.hparams.learning_rate)


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
