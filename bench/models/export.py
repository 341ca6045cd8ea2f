"""Writes the models of the benchmarks as ONNX, TorchScript and torch.export files, with random weights from a fixed seed, and example inputs as
.npz.

    python bench/models/export.py FOLDER [NAME…]

NAME.b8 is NAME with eight examples at a time. Needs torch, onnx and onnxscript.
"""
import pathlib
import sys

import numpy as np
import torch

import sequence
import vision

image = lambda size: (lambda: (torch.randn(1, 3, size, size),))
tokens = lambda: (torch.randint(0, 30522, (1, 128)), torch.ones(1, 128, dtype=torch.int64))
past = lambda: torch.randn(12, 1, 12, 128, 64)

# name: (module, example inputs)
MODELS = {
    "mlp": (sequence.mlp, lambda: (torch.randn(1, 64),)),
    "mobilenet_v2": (vision.mobilenet_v2, image(224)),
    "resnet18": (vision.resnet18, image(224)),
    "resnet50": (vision.resnet50, image(224)),
    "efficientnet_b0": (vision.efficientnet_b0, image(224)),
    "vgg16": (vision.vgg16, image(224)),
    "unet": (vision.UNet, image(256)),
    "detector": (vision.Detector, image(416)),
    "vit_s": (sequence.ViT, image(224)),
    "minilm": (lambda: sequence.Bert(384, 12, 6), tokens),
    "bert": (lambda: sequence.Bert(768, 12, 12), tokens),
    "gpt2_step": (sequence.DecoderStep, lambda: (torch.randint(0, 50257, (1, 1)), torch.tensor([[128]]), past(), past())),
    "gpt2_prefill": (sequence.DecoderPrefill, lambda: (torch.randint(0, 50257, (1, 128)),)),
    "lstm": (lambda: sequence.First(torch.nn.LSTM(64, 256, 2, batch_first=True)), lambda: (torch.randn(1, 100, 64),)),
    "gru": (lambda: sequence.First(torch.nn.GRU(64, 256, 2, batch_first=True)), lambda: (torch.randn(1, 100, 64),)),
    "tcn": (sequence.tcn, lambda: (torch.randn(1, 16, 1024),)),
}


def settle_norms(module):
    """Statistics of batch norms as training would leave them: not 0 and 1, so that folding them does something."""
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(part.running_var, 0.5, 1.5)
            torch.nn.init.normal_(part.running_mean, 0, 0.1)


def export(name, folder):
    torch.manual_seed(7)
    network, _, batch = name.partition(".b")
    make, example = MODELS[network]
    module = make().eval()
    inputs = tuple(map(torch.cat, zip(*(example() for _ in range(int(batch or 1))))))
    settle_norms(module)
    path = folder / f"{name}.onnx"
    with torch.no_grad():
        torch.onnx.export(module, inputs, path, dynamo=True, external_data=False, verbose=False)
        torch.jit.trace(module, inputs, check_trace=False).save(folder / f"{name}.pt")  # what PyTorch itself runs
        torch.export.save(torch.export.export(module, inputs), folder / f"{name}.pt2")
        wanted = module(*inputs)
    import onnx
    names = [x.name for x in onnx.load(path).graph.input]
    np.savez(folder / f"{name}.npz", **{n: x.numpy() for n, x in zip(names, inputs)})
    first = wanted[0] if isinstance(wanted, tuple) else wanted
    np.save(folder / f"{name}.expected.npy", first.numpy())


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or MODELS:
        export(name, folder)
        print(name, flush=True)
