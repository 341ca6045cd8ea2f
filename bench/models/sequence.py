"""Transformers, recurrent and temporal networks with random weights."""
import math

import torch
from torch import nn
from torch.nn import functional as F


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x, mask=None):
        batch, length, width = x.shape
        split = lambda y: y.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
        q, k, v = split(self.q(x)), split(self.k(x)), split(self.v(x))
        scores = q @ k.transpose(-1, -2) / math.sqrt(width // self.heads)
        if mask is not None:
            scores = scores + mask
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, length, width))


class Encoder(nn.Module):
    """A layer of BERT (normalised after each half) or of ViT (before)."""

    def __init__(self, width, heads, inner, before):
        super().__init__()
        self.attention, self.before = Attention(width, heads), before
        self.up, self.down = nn.Linear(width, inner), nn.Linear(inner, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x, mask=None):
        feed = lambda y: self.down(F.gelu(self.up(y)))
        if self.before:
            x = x + self.attention(self.norm1(x), mask)
            return x + feed(self.norm2(x))
        x = self.norm1(x + self.attention(x, mask))
        return self.norm2(x + feed(x))


class Bert(nn.Module):
    """Devlin et al. 2018, without the pooler."""

    def __init__(self, width, heads, layers, vocabulary=30522):
        super().__init__()
        self.words, self.places = nn.Embedding(vocabulary, width), nn.Embedding(512, width)
        self.norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(Encoder(width, heads, 4 * width, False) for _ in range(layers))

    def forward(self, ids, attention_mask):
        x = self.norm(self.words(ids) + self.places.weight[: ids.shape[1]])
        mask = (1.0 - attention_mask[:, None, None, :].float()) * -10000.0
        for layer in self.layers:
            x = layer(x, mask)
        return x


class ViT(nn.Module):
    """Dosovitskiy et al. 2020: ViT-S, patches of 16."""

    def __init__(self, width=384, heads=6, layers=12):
        super().__init__()
        self.patches = nn.Conv2d(3, width, 16, 16)
        self.token, self.places = nn.Parameter(torch.randn(1, 1, width)), nn.Parameter(torch.randn(1, 197, width))
        self.layers = nn.ModuleList(Encoder(width, heads, 4 * width, True) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 1000)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.places
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x)[:, 0])


class DecoderStep(nn.Module):
    """One token of GPT-2 small (Radford et al. 2019) with keys and values of the past given and returned."""

    def __init__(self, width=768, heads=12, layers=12, vocabulary=50257):
        super().__init__()
        self.heads = heads
        self.words, self.places = nn.Embedding(vocabulary, width), nn.Embedding(1024, width)
        block = lambda: nn.ModuleDict({
            "norm1": nn.LayerNorm(width), "qkv": nn.Linear(width, 3 * width), "out": nn.Linear(width, width),
            "norm2": nn.LayerNorm(width), "up": nn.Linear(width, 4 * width), "down": nn.Linear(4 * width, width)})
        self.layers, self.norm = nn.ModuleList(block() for _ in range(layers)), nn.LayerNorm(width)

    def forward(self, ids, position, keys, values):
        x = self.words(ids) + self.places(position)
        batch, length, width = x.shape
        split = lambda y: y.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
        new_keys, new_values = [], []
        for i, layer in enumerate(self.layers):
            q, k, v = (split(part) for part in layer["qkv"](layer["norm1"](x)).split(width, -1))
            k, v = torch.cat([keys[i], k], 2), torch.cat([values[i], v], 2)
            new_keys.append(k)
            new_values.append(v)
            scores = (q @ k.transpose(-1, -2)) / math.sqrt(width // self.heads)
            x = x + layer["out"]((scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, length, width))
            x = x + layer["down"](F.gelu(layer["up"](layer["norm2"](x)), approximate="tanh"))
        return F.linear(self.norm(x), self.words.weight), torch.stack(new_keys), torch.stack(new_values)


class DecoderPrefill(DecoderStep):
    """The same network on a whole prompt, without a past: what the next token may be."""

    def forward(self, ids):
        length = ids.shape[1]
        x = self.words(ids) + self.places.weight[:length]
        split = lambda y: y.view(1, length, self.heads, -1).transpose(1, 2)
        mask = torch.full((length, length), -10000.0).triu(1)
        for layer in self.layers:
            q, k, v = (split(part) for part in layer["qkv"](layer["norm1"](x)).chunk(3, -1))
            scores = (q @ k.transpose(-1, -2)) / math.sqrt(q.shape[-1]) + mask
            x = x + layer["out"]((scores.softmax(-1) @ v).transpose(1, 2).reshape(1, length, -1))
            x = x + layer["down"](F.gelu(layer["up"](layer["norm2"](x)), approximate="tanh"))
        return F.linear(self.norm(x[:, -1:]), self.words.weight)


class First(nn.Module):
    """The first result of a module that has several."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x)[0]


class CausalBlock(nn.Module):
    """Bai et al. 2018: two dilated causal convolutions and a residual."""

    def __init__(self, inputs, outputs, dilation):
        super().__init__()
        self.pad = 2 * dilation
        self.one, self.two = nn.Conv1d(inputs, outputs, 3, dilation=dilation), nn.Conv1d(outputs, outputs, 3, dilation=dilation)
        self.skip = nn.Conv1d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x):
        y = F.relu(self.one(F.pad(x, (self.pad, 0))))
        y = F.relu(self.two(F.pad(y, (self.pad, 0))))
        return F.relu(y + self.skip(x))


def tcn():
    return nn.Sequential(*(CausalBlock(a, 64, 1 << i) for i, a in enumerate([16, 64, 64, 64])), nn.Conv1d(64, 8, 1))


def mlp():
    return nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))
