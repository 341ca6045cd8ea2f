#!/usr/bin/env python3
"""Makes cases for every ATen op from torch's own OpInfos, with eager PyTorch's results.

    python tests/torch/op_cases.py FOLDER [--ops a,b] [--samples 6] [--forms pt2,pt]      # torch 2.13.0

A case is one program (NAME.pt2 and NAME.pt) that calls one op on several samples of one dtype, and NAME.bin with its
inputs and the results that PyTorch gave. Written by name, so that runs can be split and repeated. What torch.export
itself cannot trace is left out and counted; ops without a deterministic result are compared by shape only.
"""
import argparse
import io
import pathlib
import struct
import sys
import warnings

import numpy as np
import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch.utils import _pytree as pytree

warnings.filterwarnings("ignore")
torch.manual_seed(0)

DTYPES = [torch.float32, torch.int64, torch.bool, torch.complex64, torch.float64, torch.uint8, torch.float16]
# ONNX's numbers, which thane uses.
CODES = {torch.float32: 1, torch.uint8: 2, torch.int8: 3, torch.uint16: 4, torch.int16: 5, torch.int32: 6, torch.int64: 7,
         torch.bool: 9, torch.float16: 10, torch.float64: 11, torch.uint32: 12, torch.uint64: 13, torch.complex64: 14,
         torch.complex128: 15, torch.bfloat16: 16}
# Out of scope: sparse and nested tensors, gradients, strings, results that are not tensors, undefined contents.
SKIP = ("sparse", "nested", "jiterator", "_foreach", "grad", "to_sparse", "masked.", "empty", "new_empty", "as_strided_partial",
        "torch.ops", "rand", "normal", "bernoulli", "multinomial", "uniform", "exponential", "geometric", "cauchy",
        "log_normal", "dropout", "rrelu", "resize", "lu", "eig", "svd", "qr", "lstsq", "pinv", "ormqr", "geqrf", "cond",
        "householder", "ldl", "cholesky", "matrix_exp", "matrix_rank", "nuc", "lobpcg", "polar_", "gumbel", "fractional",
        "ctc_loss", "chebyshev", "hermite", "laguerre", "legendre", "airy", "bessel_", "spherical", "scaled_modified",
        "modified_bessel", "tensorinv", "tensorsolve", "linalg.inv", "linalg.solve", "inverse", "triangular_solve", "logdet",
        "slogdet", "linalg.det", "gradient", "jvp", "vjp", "pca", "ops.aten", "unfold_copy_", "hash_tensor", "scaled_mm")


def write_tensor(out, tensor):
    tensor = tensor.detach().resolve_conj().resolve_neg().contiguous()
    out.write(struct.pack("<BB", CODES[tensor.dtype], tensor.dim()) + struct.pack(f"<{tensor.dim()}q", *tensor.shape))
    out.write(tensor.view(torch.uint8).numpy().tobytes() if tensor.numel() and tensor.dim() else
              tensor.reshape(1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b"")


def write_values(path, runs):
    """What the test program reads: runs of (inputs, results), which follow each other in one session."""
    with open(path, "wb") as out:
        out.write(struct.pack("<II", len(runs), sum(samples for *_, samples in (r if len(r) == 3 else (*r, 1) for r in runs))))
        for run in runs:
            out.write(struct.pack("<II", len(run[0]), len(run[1])))
            for tensor in [*run[0], *run[1]]:
                write_tensor(out, tensor)


class Program(torch.nn.Module):
    """Calls an op once per sample. Tensors come from forward's arguments, everything else is fixed."""

    def __init__(self, op, samples):
        super().__init__()
        self.op = op
        self.plans = []
        self.count = 0
        for sample in samples:
            leaves, spec = pytree.tree_flatten((sample.input, sample.args, sample.kwargs))
            slots = []
            for leaf in leaves:
                if isinstance(leaf, torch.Tensor):
                    slots.append(("t", self.count))
                    self.count += 1
                else:
                    slots.append(("v", leaf))
            self.plans.append((slots, spec))

    def forward(self, *tensors):
        results = []
        for slots, spec in self.plans:
            leaves = [tensors[value] if kind == "t" else value for kind, value in slots]
            first, args, kwargs = pytree.tree_unflatten(leaves, spec)
            result = self.op(first, *args, **kwargs)
            results += [r for r in pytree.tree_leaves(result) if isinstance(r, torch.Tensor)]
        return tuple(results)


def tensors_of(samples):
    tensors = []
    for sample in samples:
        tensors += [t for t in pytree.tree_leaves((sample.input, sample.args, sample.kwargs)) if isinstance(t, torch.Tensor)]
    return tensors


def usable(sample):
    leaves = pytree.tree_leaves((sample.input, sample.args, sample.kwargs))
    tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
    return tensors and all(t.layout == torch.strided and t.dtype in CODES and t.numel() < 100000 for t in tensors) and not any(
        isinstance(leaf, torch.Generator) or callable(leaf) for leaf in leaves)


def write_case(folder, name, op, samples, forms):
    with torch.no_grad():
        program = Program(op, samples).eval()
        inputs = [t.detach().clone() for t in tensors_of(samples)]
        results = program(*[t.clone() for t in inputs])
        if not results or any(r.layout != torch.strided or r.dtype not in CODES for r in results):
            return None
        if "pt2" in forms:
            # Distinct sizes are not meant to be symbols: nothing is dynamic here.
            exported = torch.export.export(program, tuple(t.clone() for t in inputs), strict=False)
            buffer = io.BytesIO()
            torch.export.save(exported, buffer)
            (folder / f"{name}.pt2").write_bytes(buffer.getvalue())
        if "pt" in forms:
            traced = torch.jit.trace(program, tuple(t.clone() for t in inputs), check_trace=False)
            torch.jit.save(traced, str(folder / f"{name}.pt"))
    write_values(folder / f"{name}.bin", [(inputs, results, len(samples))])
    return len(samples)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--ops", default="")
    parser.add_argument("--samples", type=int, default=6)
    parser.add_argument("--forms", default="pt2")
    parser.add_argument("--dtypes", type=int, default=4, help="how many dtypes per op")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    wanted = set(filter(None, arguments.ops.split(",")))
    forms = arguments.forms.split(",")
    made = cases = skipped = 0
    for op in op_db:
        full = op.name if not op.variant_test_name else f"{op.name}.{op.variant_test_name}"
        if wanted and op.name not in wanted and full not in wanted:
            continue
        if not wanted and any(part in op.name for part in SKIP):
            continue
        supported = [d for d in DTYPES if d in op.supported_dtypes("cpu")][:arguments.dtypes]
        for dtype in supported:
            name = f"{full}-{str(dtype).removeprefix('torch.')}".replace("/", "_")
            if (arguments.folder / f"{name}.bin").exists():
                continue
            try:
                every = [s for s in op.sample_inputs("cpu", dtype, requires_grad=False) if usable(s)]
            except Exception:
                skipped += 1
                continue
            # Spread over the samples, which come in families.
            step = max(1, len(every) // arguments.samples)
            chosen = every[::step][:arguments.samples]
            if not chosen:
                continue
            try:
                count = write_case(arguments.folder, name, op.op, chosen, forms)
            except Exception as error:
                # One sample that cannot be exported must not cost the others.
                count = 0
                for i, sample in enumerate(chosen):
                    try:
                        count += write_case(arguments.folder, f"{name}-{i}", op.op, [sample], forms) or 0
                    except Exception:
                        skipped += 1
            made += 1
            cases += count or 0
    print(f"{made} programs, {cases} cases; {skipped} that PyTorch itself does not export", file=sys.stderr)


if __name__ == "__main__":
    main()
