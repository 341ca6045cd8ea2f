"""Networks with random weights, one of each kind that people export. Needs torch.

Each function returns (module, [(inputs by name, …)]): the first set of inputs is what tracing sees, the others have other
sizes. Modules take their inputs in the order of the dict.
"""

import math
from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def randn(*shape):
    return torch.randn(*shape)


# --- images ----------------------------------------------------------------------------------------------------------


class ResidualBlock(nn.Module):
    def __init__(self, inside, outside, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        self.shortcut = nn.Sequential(nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        y += self.shortcut(x)
        return self.relu(y)


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True))
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.layers = nn.Sequential(ResidualBlock(8, 8), ResidualBlock(8, 16, 2))
        self.average = nn.AdaptiveAvgPool2d((1, 1))
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        x = self.layers(self.pool(self.stem(x)))
        return self.head(torch.flatten(self.average(x), 1))


class MBConv(nn.Module):
    def __init__(self, inside, outside, expand=4):
        super().__init__()
        hidden = inside * expand
        self.expand = nn.Sequential(nn.Conv2d(inside, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.SiLU())
        self.depthwise = nn.Sequential(
            nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden, bias=False), nn.BatchNorm2d(hidden), nn.SiLU())
        self.squeeze = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(hidden, 4, 1), nn.SiLU(), nn.Conv2d(4, hidden, 1))
        self.project = nn.Sequential(nn.Conv2d(hidden, outside, 1, bias=False), nn.BatchNorm2d(outside))
        self.residual = inside == outside

    def forward(self, x):
        y = self.depthwise(self.expand(x))
        y = self.project(torch.sigmoid(self.squeeze(y)) * y)
        return x + y if self.residual else y


class EfficientNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.Hardswish())
        self.blocks = nn.ModuleList([MBConv(8, 8), MBConv(8, 12), MBConv(12, 12)])
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(12, 10)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(self.dropout(x.mean([2, 3])))


class ConvNeXtBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.depthwise = nn.Conv2d(dim, dim, 7, padding=3, groups=dim)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.up = nn.Linear(dim, 4 * dim)
        self.down = nn.Linear(4 * dim, dim)
        self.gamma = nn.Parameter(torch.full((dim,), 0.5))

    def forward(self, x):
        y = self.depthwise(x).permute(0, 2, 3, 1)
        y = self.down(F.gelu(self.up(self.norm(y)))) * self.gamma
        return x + y.permute(0, 3, 1, 2)


class ConvNeXt(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 12, 4, 4)
        self.blocks = nn.Sequential(ConvNeXtBlock(12), ConvNeXtBlock(12))
        self.norm = nn.LayerNorm(12)
        self.head = nn.Linear(12, 10)

    def forward(self, x):
        return self.head(self.norm(self.blocks(self.stem(x)).mean((-2, -1))))


class ViT(nn.Module):
    def __init__(self, dim=32, patch=8, size=32):
        super().__init__()
        self.patch = nn.Conv2d(3, dim, patch, patch)
        self.token = nn.Parameter(torch.randn(1, 1, dim))
        self.position = nn.Parameter(torch.randn(1, (size // patch) ** 2 + 1, dim))
        layer = nn.TransformerEncoderLayer(dim, 4, 64, 0.0, activation="gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, 10)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1) + self.position
        return self.head(self.norm(self.encoder(x))[:, 0])


class WindowAttention(nn.Module):
    def __init__(self, dim, window, heads, shift):
        super().__init__()
        self.window, self.heads, self.shift = window, heads, shift
        self.qkv = nn.Linear(dim, dim * 3)
        self.out = nn.Linear(dim, dim)
        self.bias = nn.Parameter(torch.randn((2 * window - 1) ** 2, heads))
        ys, xs = torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")
        place = torch.stack([ys.flatten(), xs.flatten()])
        relative = (place[:, :, None] - place[:, None, :]).permute(1, 2, 0) + window - 1
        self.register_buffer("index", relative[..., 0] * (2 * window - 1) + relative[..., 1])

    def forward(self, x: Tensor) -> Tensor:
        b, h, w, c = x.shape
        n = self.window
        if self.shift > 0:
            x = torch.roll(x, shifts=(-self.shift, -self.shift), dims=(1, 2))
        windows = x.view(b, h // n, n, w // n, n, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, n * n, c)
        qkv = self.qkv(windows).reshape(-1, n * n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        scores = (q * (c // self.heads) ** -0.5) @ k.transpose(-2, -1)
        bias = self.bias[self.index.view(-1)].view(n * n, n * n, -1).permute(2, 0, 1)
        scores = scores + bias.unsqueeze(0)
        if self.shift > 0:
            mask = x.new_zeros((h, w))
            slices = ((0, -n), (-n, -self.shift), (-self.shift, None))
            count = 0
            for a in slices:
                for d in slices:
                    mask[a[0] : a[1], d[0] : d[1]] = count
                    count += 1
            mask = mask.view(h // n, n, w // n, n).permute(0, 2, 1, 3).reshape(-1, n * n)
            mask = mask.unsqueeze(1) - mask.unsqueeze(2)
            mask = mask.masked_fill(mask != 0, float(-100.0)).masked_fill(mask == 0, float(0.0))
            scores = scores.view(b, -1, self.heads, n * n, n * n) + mask.unsqueeze(1).unsqueeze(0)
            scores = scores.view(-1, self.heads, n * n, n * n)
        y = (F.softmax(scores, dim=-1) @ v).transpose(1, 2).reshape(-1, n * n, c)
        y = self.out(y).view(b, h // n, w // n, n, n, c).permute(0, 1, 3, 2, 4, 5).reshape(b, h, w, c)
        if self.shift > 0:
            y = torch.roll(y, shifts=(self.shift, self.shift), dims=(1, 2))
        return y


class Swin(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.patch = nn.Conv2d(3, dim, 4, 4)
        self.norms = nn.ModuleList([nn.LayerNorm(dim), nn.LayerNorm(dim)])
        self.attention = nn.ModuleList([WindowAttention(dim, 4, 2, 0), WindowAttention(dim, 4, 2, 2)])
        self.reduce = nn.Linear(4 * dim, 2 * dim, bias=False)
        self.head = nn.Linear(2 * dim, 10)

    def forward(self, x):
        x = self.patch(x).permute(0, 2, 3, 1)
        for norm, attention in zip(self.norms, self.attention):
            x = x + attention(norm(x))
        x = torch.cat([x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2]], -1)
        return self.head(self.reduce(x).mean([1, 2]))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down1, self.down2 = self.block(3, 8), self.block(8, 16)
        self.middle = self.block(16, 16)
        self.up = nn.ConvTranspose2d(16, 8, 2, 2)
        self.mix = self.block(24, 8)
        self.last = nn.Conv2d(16, 2, 1)

    @staticmethod
    def block(inside, outside):
        return nn.Sequential(
            nn.Conv2d(inside, outside, 3, padding=1), nn.GroupNorm(2, outside), nn.LeakyReLU(0.1, inplace=True))

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(F.max_pool2d(a, 2))
        c = F.interpolate(self.middle(F.avg_pool2d(b, 2)), scale_factor=2.0, mode="bilinear", align_corners=False)
        c = self.up(self.mix(torch.cat([b, c[:, :8]], 1)).repeat(1, 2, 1, 1))
        return self.last(torch.cat([a, c], 1))


# --- sequences -------------------------------------------------------------------------------------------------------


class Bert(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.words, self.places, self.kinds = nn.Embedding(100, dim), nn.Embedding(64, dim), nn.Embedding(2, dim)
        self.norm = nn.LayerNorm(dim)
        layer = nn.TransformerEncoderLayer(dim, 4, 64, 0.0, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.pooler = nn.Linear(dim, dim)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Dict[str, Tensor]:
        places = torch.arange(input_ids.size(1), device=input_ids.device).unsqueeze(0)
        x = self.words(input_ids) + self.places(places) + self.kinds(torch.zeros_like(input_ids))
        x = self.encoder(self.norm(x), src_key_padding_mask=attention_mask == 0)
        return {"last_hidden_state": x, "pooler_output": torch.tanh(self.pooler(x[:, 0]))}


class CausalAttention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        b, t, c = x.size()
        q, k, v = self.qkv(x).split(c, dim=2)
        q = q.view(b, t, self.heads, -1).transpose(1, 2)
        k = k.view(b, t, self.heads, -1).transpose(1, 2)
        v = v.view(b, t, self.heads, -1).transpose(1, 2)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(y.transpose(1, 2).contiguous().view(b, t, c))


class Gpt(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.words, self.places = nn.Embedding(100, dim), nn.Embedding(64, dim)
        self.attention, self.norm1, self.norm2 = CausalAttention(dim, 4), nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.feed = nn.Sequential(nn.Linear(dim, 64), nn.GELU(approximate="tanh"), nn.Linear(64, dim))
        self.head = nn.Linear(dim, 100, bias=False)
        self.head.weight = self.words.weight

    def forward(self, ids: Tensor) -> Tensor:
        x = self.words(ids) + self.places(torch.arange(0, ids.size(1), dtype=torch.long))
        x = x + self.attention(self.norm1(x))
        return self.head(x + self.feed(self.norm2(x)))


def rotate_half(x: Tensor) -> Tensor:
    a, b = x.chunk(2, dim=-1)
    return torch.cat((-b, a), dim=-1)


class Llama(nn.Module):
    def __init__(self, dim=32, heads=4, groups=2):
        super().__init__()
        self.heads, self.groups, self.size = heads, groups, dim // heads
        self.words = nn.Embedding(100, dim)
        self.scale1, self.scale2 = nn.Parameter(torch.rand(dim)), nn.Parameter(torch.rand(dim))
        self.q, self.k = nn.Linear(dim, dim, bias=False), nn.Linear(dim, groups * self.size, bias=False)
        self.v, self.o = nn.Linear(dim, groups * self.size, bias=False), nn.Linear(dim, dim, bias=False)
        self.gate, self.up = nn.Linear(dim, 64, bias=False), nn.Linear(dim, 64, bias=False)
        self.down = nn.Linear(64, dim, bias=False)
        self.register_buffer("frequency", 1.0 / 10000 ** (torch.arange(0, self.size, 2).float() / self.size))

    def rms(self, x: Tensor, scale: Tensor) -> Tensor:
        y = x.to(torch.float32)
        return scale * (y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + 1e-6)).to(x.dtype)

    def forward(self, ids: Tensor) -> Tensor:
        b, t = ids.shape
        x = self.words(ids)
        h = self.rms(x, self.scale1)
        angles = torch.outer(torch.arange(t).float(), self.frequency)
        angles = torch.cat((angles, angles), dim=-1)
        cos, sin = angles.cos(), angles.sin()
        q = self.q(h).view(b, t, self.heads, self.size).transpose(1, 2)
        k = self.k(h).view(b, t, self.groups, self.size).transpose(1, 2)
        v = self.v(h).view(b, t, self.groups, self.size).transpose(1, 2)
        q, k = q * cos + rotate_half(q) * sin, k * cos + rotate_half(k) * sin
        repeat = self.heads // self.groups
        k = k[:, :, None].expand(b, self.groups, repeat, t, self.size).reshape(b, self.heads, t, self.size)
        v = torch.repeat_interleave(v, repeat, dim=1)
        mask = torch.full((t, t), float("-inf")).triu(1)
        scores = torch.matmul(q, k.transpose(2, 3)) / math.sqrt(self.size) + mask
        y = torch.matmul(F.softmax(scores, dim=-1, dtype=torch.float32).to(q.dtype), v)
        x = x + self.o(y.transpose(1, 2).reshape(b, t, -1))
        h = self.rms(x, self.scale2)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class T5Attention(nn.Module):
    def __init__(self, dim, heads, buckets=8):
        super().__init__()
        self.heads, self.buckets = heads, buckets
        self.q, self.k = nn.Linear(dim, dim, bias=False), nn.Linear(dim, dim, bias=False)
        self.v, self.o = nn.Linear(dim, dim, bias=False), nn.Linear(dim, dim, bias=False)
        self.bias = nn.Embedding(buckets, heads)

    def bucket(self, distance: Tensor) -> Tensor:
        half = self.buckets // 2
        result = (distance > 0).to(torch.long) * half
        distance = torch.abs(distance)
        exact = half // 2
        large = exact + (torch.log(distance.float() / exact) / math.log(16 / exact) * (half - exact)).to(torch.long)
        large = torch.min(large, torch.full_like(large, half - 1))
        return result + torch.where(distance < exact, distance, large)

    def forward(self, x: Tensor, memory: Optional[Tensor] = None) -> Tensor:
        source = x if memory is None else memory
        b, t, c = x.shape
        s = source.shape[1]
        q = self.q(x).view(b, t, self.heads, -1).transpose(1, 2)
        k = self.k(source).view(b, s, self.heads, -1).transpose(1, 2)
        v = self.v(source).view(b, s, self.heads, -1).transpose(1, 2)
        scores = torch.einsum("bhtd,bhsd->bhts", q, k)
        distance = torch.arange(s)[None, :] - torch.arange(t)[:, None]
        scores = scores + self.bias(self.bucket(distance)).permute(2, 0, 1).unsqueeze(0)
        y = torch.einsum("bhts,bhsd->bthd", torch.softmax(scores.float(), -1).type_as(scores), v)
        return self.o(y.reshape(b, t, c))


class T5(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.words = nn.Embedding(100, dim)
        self.encoder, self.decoder, self.cross = T5Attention(dim, 4), T5Attention(dim, 4), T5Attention(dim, 4)
        self.wi, self.wo = nn.Linear(dim, 64, bias=False), nn.Linear(64, dim, bias=False)

    def forward(self, ids: Tensor, decoder_ids: Tensor) -> Tensor:
        memory = self.words(ids)
        memory = memory + self.encoder(memory)
        x = self.words(decoder_ids)
        x = x + self.decoder(x)
        x = x + self.cross(x, memory)
        return (x + self.wo(F.relu(self.wi(x)))) @ self.words.weight.t()


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(50, 12)
        self.lstm = nn.LSTM(12, 16, num_layers=2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(32, 8, batch_first=True)
        self.rnn = nn.RNN(8, 8, nonlinearity="tanh", batch_first=True)
        self.head = nn.Linear(8, 5)

    def forward(self, ids: Tensor) -> Tuple[Tensor, Tensor]:
        x, (h, c) = self.lstm(self.words(ids))
        x, _ = self.gru(x)
        x, last = self.rnn(x)
        return self.head(x), h + c


class Packed(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(6, 8, batch_first=True, bidirectional=True)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        y, _ = self.lstm(packed)
        return nn.utils.rnn.pad_packed_sequence(y, batch_first=True)[0]


class LstmCellLoop(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(6, 8)

    def forward(self, x: Tensor) -> Tensor:
        h, c = torch.zeros(x.size(1), 8), torch.zeros(x.size(1), 8)
        outputs: List[Tensor] = []
        for i in range(x.size(0)):
            h, c = self.cell(x[i], (h, c))
            outputs.append(h)
        return torch.stack(outputs)


# --- audio -----------------------------------------------------------------------------------------------------------


class Whisper(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(16, dim, 3, padding=1), nn.Conv1d(dim, dim, 3, 2, 1)
        self.position = nn.Parameter(torch.randn(64, dim))
        self.attention = nn.MultiheadAttention(dim, 4, batch_first=True)
        self.norm = nn.LayerNorm(dim)

    def forward(self, mel: Tensor) -> Tensor:
        x = F.gelu(self.conv2(F.gelu(self.conv1(mel)))).permute(0, 2, 1)
        x = x + self.position[: x.shape[1]]
        h = self.norm(x)
        return x + self.attention(h, h, h, need_weights=False)[0]


class Spectrogram(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("window", torch.hann_window(64))
        self.register_buffer("mels", torch.rand(33, 10))
        self.conv = nn.Conv1d(10, 4, 3, padding=1)

    def forward(self, audio: Tensor) -> Tensor:
        s = torch.stft(audio, 64, hop_length=16, win_length=64, window=self.window, center=True, return_complex=True)
        power = s.abs().pow(2.0)
        mel = torch.matmul(power.transpose(1, 2), self.mels)
        return self.conv(torch.clamp(mel, min=1e-5).log10().transpose(1, 2))


# --- what only scripting can say -------------------------------------------------------------------------------------


def box_iou(a: Tensor, b: Tensor) -> Tensor:
    area_a = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])
    area_b = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    low, high = torch.max(a[:, None, :2], b[:, :2]), torch.min(a[:, None, 2:], b[:, 2:])
    size = (high - low).clamp(min=0)
    inter = size[:, :, 0] * size[:, :, 1]
    return inter / (area_a[:, None] + area_b - inter)


def nms(boxes: Tensor, scores: Tensor, threshold: float) -> Tensor:
    order = torch.argsort(scores, descending=True)
    keep: List[Tensor] = []
    while order.numel() > 0:
        best = order[0]
        keep.append(best)
        if order.numel() == 1:
            break
        rest = order[1:]
        iou = box_iou(boxes[best].unsqueeze(0), boxes[rest])[0]
        order = rest[iou <= threshold]
    return torch.stack(keep)


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Conv2d(3, 6, 8, 8)

    def forward(self, image: Tensor) -> Tuple[Tensor, Tensor]:
        y = self.backbone(image)[0].flatten(1).t()
        centre, size = torch.sigmoid(y[:, :2]) * 32, torch.exp(y[:, 2:4].clamp(max=2)) * 4
        boxes = torch.cat([centre - size, centre + size], 1)
        scores = torch.sigmoid(y[:, 4])
        chosen = torch.nonzero(scores > 0.3).squeeze(1)
        boxes, scores = boxes[chosen], scores[chosen]
        kept = nms(boxes, scores, 0.5)
        return boxes[kept], scores[kept]


class Counter(nn.Module):
    last: Optional[Tensor]
    steps: int

    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(3))
        self.steps = 0
        self.last = None

    def forward(self, x: Tensor) -> Tensor:
        self.total += x.sum(0)
        self.steps += 1
        last = self.last
        y = self.total / self.steps
        if last is not None:
            y = y + last
        self.last = x[0]
        return y


class Branches(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        if x.sum() > 0:
            y = x * 2
            scale = 3
        else:
            y = x - 1
            scale = 5
        k = int(n)
        while k > 0:
            y = y + scale * k
            k -= 1
        if bool(y.max() > 1000):
            return y * 0
        return y


class Collatz(nn.Module):
    def forward(self, n: Tensor) -> Tuple[Tensor, int]:
        steps: int = 0
        seen: List[Tensor] = []
        while bool(n != 1):
            seen.append(n)
            if bool(n % 2 == 0):
                n = n // 2
            else:
                n = 3 * n + 1
            steps += 1
        seen.append(n)
        return torch.stack(seen), steps


class Pair(NamedTuple):
    first: Tensor
    second: Tensor


class Structures(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleDict({"a": nn.Linear(4, 4), "b": nn.Linear(4, 4)})
        self.names = ["a", "b"]

    def forward(self, inputs: Dict[str, Tensor], more: List[Tensor], mask: Optional[Tensor] = None) -> Dict[str, Tensor]:
        x = inputs["x"] + inputs["y"]
        results: Dict[str, Tensor] = {}
        for name, layer in self.layers.items():
            results[name] = torch.relu(layer(x))
        for i, extra in enumerate([more[0], more[1]]):
            results["extra_" + str(i)] = extra * float(i + 1)
        if mask is not None:
            results["masked"] = x.masked_fill(mask, 0.0)
        pair = Pair(x, x + 1)
        results["pair"] = pair.first + pair.second
        return {k: v for k, v in results.items()}


class Checked(nn.Module):
    def forward(self, x: Tensor, mode: str, times: int, flip: bool) -> Tensor:
        assert x.dim() == 2, "two dimensions, please"
        for _ in range(times):
            if mode == "double":
                x = x * 2
            elif mode == "halve":
                x = x / 2
            else:
                raise ValueError("mode " + mode)
        if flip:
            x = x.flip(1)
        if x.min() < -1000:
            raise RuntimeError("too small")
        return x

    @torch.jit.export
    def norm(self, x: Tensor, p: float = 2.0) -> Tensor:
        return x.norm(p, dim=1)


class InPlace(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x.clone()
        y[:, 0] = 7
        y[1:, 1:] += 1
        z = y.view(-1)
        z[::3].mul_(2)
        y.t()[2].zero_()
        rows = y.unbind(0)
        rows[0].add_(rows[1])
        return y.masked_fill_(y > 20, -1)


@torch.jit.script
def scripted_function(x: Tensor, n: int) -> Tensor:
    for i in range(n):
        if i % 2 == 0:
            x = torch.sin(x)
        else:
            x = torch.cos(x) * i
    return x


class UsesFunction(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return scripted_function(x, 3) + scripted_function(x, 2)


IMAGE = lambda: [{"x": randn(2, 3, 32, 32)}, {"x": randn(1, 3, 32, 32)}]
IDS = lambda: [{"ids": torch.randint(0, 50, (2, 7))}, {"ids": torch.randint(0, 50, (1, 11))}]

# name: (module, sets of inputs, forms). "traced" shows what tracing keeps for sizes other than the sample's.
NETWORKS = {
    "resnet": (ResNet, IMAGE, "traced scripted frozen"),
    "efficientnet": (EfficientNet, IMAGE, "traced scripted frozen"),
    "convnext": (ConvNeXt, IMAGE, "traced scripted frozen"),
    "vit": (ViT, lambda: [{"x": randn(2, 3, 32, 32)}, {"x": randn(3, 3, 32, 32)}], "traced scripted frozen"),
    "swin": (Swin, lambda: [{"x": randn(2, 3, 32, 32)}, {"x": randn(2, 3, 32, 32)}], "traced frozen"),
    "unet": (UNet, lambda: [{"x": randn(1, 3, 16, 24)}, {"x": randn(2, 3, 32, 16)}], "traced scripted"),
    "bert": (Bert, lambda: [{"input_ids": torch.randint(0, 100, (2, n)),
                             "attention_mask": (torch.arange(n) < torch.tensor([[n], [n - 2]])).long()} for n in (7, 12)],
             "scripted frozen"),
    "gpt": (Gpt, IDS, "traced scripted frozen"),
    "llama": (Llama, IDS, "scripted frozen"),
    "t5": (T5, lambda: [{"ids": torch.randint(0, 50, (2, 7)), "decoder_ids": torch.randint(0, 50, (2, 4))},
                        {"ids": torch.randint(0, 50, (1, 9)), "decoder_ids": torch.randint(0, 50, (1, 3))}], "scripted frozen"),
    "recurrent": (Recurrent, IDS, "traced scripted frozen"),
    "packed": (Packed, lambda: [{"x": randn(3, 5, 6), "lengths": torch.tensor([3, 5, 2])}], "scripted traced"),
    "lstm_cell": (LstmCellLoop, lambda: [{"x": randn(4, 2, 6)}, {"x": randn(6, 1, 6)}], "scripted frozen"),
    "whisper": (Whisper, lambda: [{"mel": randn(2, 16, 20)}, {"mel": randn(1, 16, 40)}], "scripted frozen traced"),
    "spectrogram": (Spectrogram, lambda: [{"audio": randn(2, 400)}, {"audio": randn(1, 640)}], "traced scripted frozen"),
    "detector": (Detector, lambda: [{"image": randn(1, 3, 32, 32)}, {"image": randn(1, 3, 64, 64)}], "scripted"),
    "counter": (Counter, lambda: [{"x": randn(2, 3)}, {"x": randn(4, 3)}, {"x": randn(1, 3)}], "scripted"),
    "branches": (Branches, lambda: [{"x": randn(3) + 2, "n": torch.tensor(3)}, {"x": randn(3) - 2, "n": torch.tensor(0)},
                                    {"x": randn(3) + 500, "n": torch.tensor(60)}], "scripted"),
    "collatz": (Collatz, lambda: [{"n": torch.tensor(6)}, {"n": torch.tensor(27)}, {"n": torch.tensor(1)}], "scripted"),
    "structures": (Structures, lambda: [{"inputs": {"x": randn(2, 4), "y": randn(2, 4)}, "more": [randn(3), randn(2)]}], "scripted frozen"),
    "checked": (Checked, lambda: [{"x": randn(2, 3), "mode": "double", "times": 3, "flip": True},
                                  {"x": randn(2, 3), "mode": "halve", "times": 2, "flip": False}], "scripted"),
    "in_place": (InPlace, lambda: [{"x": randn(3, 4)}, {"x": randn(5, 4)}], "scripted"),
    "function": (UsesFunction, lambda: [{"x": randn(5)}], "scripted traced"),
}
