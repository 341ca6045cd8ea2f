"""The digit classifier: the plain PyTorch network and its Lightning trainer module."""

import lightning
import torch
from torch import nn

BATCHNORM_EPSILON = 1e-5  # PyTorch's default; Keras' own is 1e-3, so both state it.


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
