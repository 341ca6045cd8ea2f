"""Image networks with random weights, as their papers define them."""
import torch
from torch import nn
from torch.nn import functional as F


def conv_norm(inputs, outputs, kernel=3, stride=1, groups=1, activation=nn.ReLU):
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([activation()] if activation else []))


class InvertedResidual(nn.Module):
    """Sandler et al. 2018; with `squeeze`, the block of EfficientNet (Tan, Le 2019)."""

    def __init__(self, inputs, outputs, expand, kernel, stride, activation, squeeze=0):
        super().__init__()
        hidden = inputs * expand
        layers = [conv_norm(inputs, hidden, 1, activation=activation)] if expand > 1 else []
        layers.append(conv_norm(hidden, hidden, kernel, stride, hidden, activation))
        if squeeze:
            layers.append(SqueezeExcite(hidden, squeeze))
        layers.append(conv_norm(hidden, outputs, 1, activation=None))
        self.body, self.adds = nn.Sequential(*layers), stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.body(x) if self.adds else self.body(x)


class SqueezeExcite(nn.Module):
    def __init__(self, channels, squeezed):
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)

    def forward(self, x):
        s = F.adaptive_avg_pool2d(x, 1)
        return x * torch.sigmoid(self.up(F.silu(self.down(s))))


def classifier(body, channels, classes=1000):
    return nn.Sequential(body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


def mobilenet_v2():
    rows = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    layers, inputs = [conv_norm(3, 32, 3, 2, activation=nn.ReLU6)], 32
    for expand, outputs, count, stride in rows:
        for i in range(count):
            layers.append(InvertedResidual(inputs, outputs, expand, 3, stride if i == 0 else 1, nn.ReLU6))
            inputs = outputs
    layers.append(conv_norm(inputs, 1280, 1, activation=nn.ReLU6))
    return classifier(nn.Sequential(*layers), 1280)


def efficientnet_b0():
    rows = [(1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5),
            (6, 320, 1, 1, 3)]
    layers, inputs = [conv_norm(3, 32, 3, 2, activation=nn.SiLU)], 32
    for expand, outputs, count, stride, kernel in rows:
        for i in range(count):
            layers.append(InvertedResidual(inputs, outputs, expand, kernel, stride if i == 0 else 1, nn.SiLU,
                                           squeeze=max(1, inputs // 4)))
            inputs = outputs
    layers.append(conv_norm(inputs, 1280, 1, activation=nn.SiLU))
    return classifier(nn.Sequential(*layers), 1280)


class Residual(nn.Module):
    """He et al. 2015: basic (two 3×3) or bottleneck (1×1, 3×3, 1×1) blocks."""

    def __init__(self, inputs, width, stride, bottleneck):
        super().__init__()
        outputs = width * 4 if bottleneck else width
        if bottleneck:
            self.body = nn.Sequential(conv_norm(inputs, width, 1), conv_norm(width, width, 3, stride),
                                      conv_norm(width, outputs, 1, activation=None))
        else:
            self.body = nn.Sequential(conv_norm(inputs, width, 3, stride), conv_norm(width, width, 3, activation=None))
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else conv_norm(inputs, outputs, 1, stride, activation=None)

    def forward(self, x):
        return F.relu(self.body(x) + self.shortcut(x))


def resnet(counts, bottleneck):
    layers, inputs = [conv_norm(3, 64, 7, 2), nn.MaxPool2d(3, 2, 1)], 64
    for stage, count in enumerate(counts):
        width = 64 << stage
        for i in range(count):
            layers.append(Residual(inputs, width, 2 if stage > 0 and i == 0 else 1, bottleneck))
            inputs = width * (4 if bottleneck else 1)
    return classifier(nn.Sequential(*layers), inputs)


def resnet18():
    return resnet([2, 2, 2, 2], False)


def resnet50():
    return resnet([3, 4, 6, 3], True)


def vgg16():
    layers, inputs = [], 3
    for width, count in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]:
        for _ in range(count):
            layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU()]
            inputs = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(512 * 49, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(),
                         nn.Linear(4096, 1000))


class UNet(nn.Module):
    """Ronneberger et al. 2015, padded, four levels from 32 channels."""

    def __init__(self, width=32, levels=4):
        super().__init__()
        widths = [width << i for i in range(levels + 1)]
        double = lambda a, b: nn.Sequential(conv_norm(a, b), conv_norm(b, b))
        self.down = nn.ModuleList(double(a, b) for a, b in zip([3] + widths, widths))
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, 2) for w in widths[-2::-1])
        self.merge = nn.ModuleList(double(2 * w, w) for w in widths[-2::-1])
        self.head = nn.Conv2d(width, 2, 1)

    def forward(self, x):
        skips = []
        for i, block in enumerate(self.down):
            x = block(x if i == 0 else F.max_pool2d(x, 2))
            skips.append(x)
        for up, merge, skip in zip(self.up, self.merge, skips[-2::-1]):
            x = merge(torch.cat([skip, up(x)], 1))
        return self.head(x)


class Split(nn.Module):
    """Half of the channels through bottlenecks, whose results are all kept (the block of recent YOLO versions)."""

    def __init__(self, inputs, outputs, count, adds):
        super().__init__()
        half = outputs // 2
        conv = lambda a, b, kernel: conv_norm(a, b, kernel, activation=nn.SiLU)
        self.enter, self.leave = conv(inputs, outputs, 1), conv((2 + count) * half, outputs, 1)
        self.parts = nn.ModuleList(nn.Sequential(conv(half, half, 3), conv(half, half, 3)) for _ in range(count))
        self.adds = adds

    def forward(self, x):
        kept = list(self.enter(x).chunk(2, 1))
        for part in self.parts:
            y = part(kept[-1])
            kept.append(kept[-1] + y if self.adds else y)
        return self.leave(torch.cat(kept, 1))


class Detector(nn.Module):
    """A one-stage detector of the YOLO family: three scales, a path up and one down, boxes and classes per cell."""

    def __init__(self, width=16, classes=80):
        super().__init__()
        c = [width << i for i in range(5)]
        conv = lambda a, b, kernel=3, stride=1: conv_norm(a, b, kernel, stride, activation=nn.SiLU)
        self.stem = nn.Sequential(conv(3, c[0], 3, 2), conv(c[0], c[1], 3, 2), Split(c[1], c[1], 1, True))
        self.stages = nn.ModuleList(nn.Sequential(conv(a, b, 3, 2), Split(b, b, n, True))
                                    for a, b, n in [(c[1], c[2], 2), (c[2], c[3], 2), (c[3], c[4], 1)])
        self.enter, self.leave = conv(c[4], c[3], 1), conv(4 * c[3], c[4], 1)  # pooled at several sizes in between
        self.up = nn.ModuleList([Split(c[4] + c[3], c[3], 1, False), Split(c[3] + c[2], c[2], 1, False)])
        self.shrink = nn.ModuleList([conv(c[2], c[2], 3, 2), conv(c[3], c[3], 3, 2)])
        self.down = nn.ModuleList([Split(c[2] + c[3], c[3], 1, False), Split(c[3] + c[4], c[4], 1, False)])
        head = lambda a, outputs: nn.Sequential(conv(a, c[2]), conv(c[2], c[2]), nn.Conv2d(c[2], outputs, 1))
        self.boxes = nn.ModuleList(head(a, 4) for a in c[2:])
        self.classes = nn.ModuleList(head(a, classes) for a in c[2:])

    def forward(self, x):
        scales, x = [], self.stem(x)
        for stage in self.stages:
            scales.append(x := stage(x))
        pooled = [self.enter(x)]
        for _ in range(3):
            pooled.append(F.max_pool2d(pooled[-1], 5, 1, 2))
        high = self.leave(torch.cat(pooled, 1))
        grow = lambda y: F.interpolate(y, scale_factor=2.0, mode="nearest")
        middle = self.up[0](torch.cat([grow(high), scales[1]], 1))
        low = self.up[1](torch.cat([grow(middle), scales[0]], 1))
        middle = self.down[0](torch.cat([self.shrink[0](low), middle], 1))
        high = self.down[1](torch.cat([self.shrink[1](middle), high], 1))
        cells = [torch.cat([boxes(y).exp(), classes(y).sigmoid()], 1).flatten(2)
                 for y, boxes, classes in zip((low, middle, high), self.boxes, self.classes)]
        return torch.cat(cells, 2)
