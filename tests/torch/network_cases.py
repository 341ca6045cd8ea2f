#!/usr/bin/env python3
"""Exports whole networks with random weights as .pt2, with eager PyTorch's results: as they are, decomposed, and with a
dynamic batch. The networks are those of tests/torchscript/networks.py and a few that are torch.export's own.

    python tests/torch/network_cases.py FOLDER        # torch 2.13.0
"""
import io
import pathlib
import sys
import warnings

import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "torchscript"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from op_cases import write_values  # noqa: E402

warnings.filterwarnings("ignore")
# Exported by tracing: what needs a script (loops over data, optional branches by value) is not here.
TRACEABLE = ("resnet efficientnet convnext vit swin unet bert gpt llama t5 recurrent lstm_cell whisper spectrogram in_place function").split()


class Cond(nn.Module):
    def forward(self, x):
        return torch.cond(x.sum() > 0, lambda v: v.sin() * 2, lambda v: v.cos() - 1, (x,))


class Loop(nn.Module):
    def forward(self, x, limit):
        def more(i, v):
            return i < limit

        def body(i, v):
            return i + 1, v * 1.5 + 1

        return torch._higher_order_ops.while_loop(more, body, (torch.zeros((), dtype=torch.int64), x))


class Map(nn.Module):
    def forward(self, rows, shift):
        return torch._higher_order_ops.map(lambda row, s: torch.softmax(row, 0) + s, rows, shift)


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(3))

    def forward(self, x):
        self.total.add_(x.sum(0))
        return x + self.total


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 8)
        self.head = nn.Linear(8, 20, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, ids):
        return {"logits": self.head(self.embedding(ids)), "ids": ids + 1}


class Aliases(nn.Module):
    def forward(self, x):
        y = x.clone()
        y[:, 0] = 7
        y[1:, 1:] += 1
        y.view(-1)[::3].mul_(2)
        y.t()[2].zero_()
        return y.masked_fill_(y > 20, -1), y.transpose(0, 1).reshape(-1).add_(1)


class Chosen(nn.Module):
    """Shapes that depend on data."""

    def forward(self, x):
        kept = x[x > 0]
        return kept * 2, torch.nonzero(x > 1), kept.sum()


class Dynamic(nn.Module):
    """Sizes in arithmetic."""

    def forward(self, x):
        n, c, h, w = x.shape
        y = nn.functional.interpolate(x, size=(h * 2, w // 2), mode="bilinear", align_corners=False)
        return y.reshape(n, c, -1).transpose(1, 2), torch.arange(h, device=x.device) + w


def own():
    d = torch.export.Dim
    yield "cond", Cond(), [(torch.randn(3) + 1,), (torch.randn(3) - 3,)], None
    yield "loop", Loop(), [(torch.randn(3), torch.tensor(4)), (torch.randn(3), torch.tensor(0))], None
    yield "map", Map(), [(torch.randn(4, 5), torch.tensor(0.5))], None
    yield "counter", Counter(), [(torch.randn(2, 3),), (torch.randn(2, 3),)], None
    yield "tied", Tied(), [(torch.randint(0, 20, (2, 4)),)], None
    yield "aliases", Aliases(), [(torch.randn(4, 5),)], None
    yield "chosen", Chosen(), [(torch.randn(10),), (torch.randn(10) + 1,)], None
    yield ("dynamic", Dynamic(), [(torch.randn(2, 3, 8, 10),), (torch.randn(4, 3, 12, 6),)],
           {"x": {0: d("batch"), 2: d("height"), 3: 2 * d("half_width")}})


def shared():
    import networks
    for name in TRACEABLE:
        torch.manual_seed(sum(map(ord, name)))
        make, inputs, _ = networks.NETWORKS[name]
        sets = [tuple(s.values()) for s in inputs()]
        yield name, make().eval(), sets, None


def write(folder, name, module, sets, shapes, decompose):
    with torch.no_grad():
        first = tuple(t.clone() for t in sets[0])
        if shapes is None and len(sets) > 1 and sets[0][0].shape != sets[1][0].shape:
            try:
                auto = tuple({i: torch.export.Dim.AUTO for i in range(t.dim())} for t in first)
                program = torch.export.export(module, first, dynamic_shapes=auto, strict=False)
                program.module()(*[t.clone() for t in sets[1]])
            except Exception:
                sets = sets[:1]
                program = torch.export.export(module, first, strict=False)
        else:
            program = torch.export.export(module, first, dynamic_shapes=shapes, strict=False)
            # Sets of other sizes need a program that was exported for them.
            if shapes is None:
                sets = [s for s in sets if all(a.shape == b.shape for a, b in zip(s, first))]
        if decompose:
            program = program.run_decompositions()
        buffer = io.BytesIO()
        torch.export.save(program, buffer)
        (folder / f"{name}.pt2").write_bytes(buffer.getvalue())
        runs = []
        for inputs in sets:
            results = torch.utils._pytree.tree_leaves(module(*[t.clone() for t in inputs]))
            runs.append((list(inputs), [r for r in results if isinstance(r, torch.Tensor)]))
        write_values(folder / f"{name}.bin", runs)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    import copy
    for name, module, sets, shapes in [*own(), *shared()]:
        for decompose in (False, True):
            full = name + ("_core" if decompose else "")
            try:
                write(folder, full, copy.deepcopy(module), sets, shapes, decompose)
            except Exception as error:
                print(f"{full}: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)


main()
