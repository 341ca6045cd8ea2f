#!/usr/bin/env python3
"""Makes cases for every ATen op from torch's own OpInfos, with eager PyTorch's results.

    python tests/torch/op_cases.py FOLDER [--only PART,PART] [--split FILE] [--again]      # torch 2.13.0

A case is one call of an op. A program calls an op on several samples of one dtype: NAME.pt2 (torch.export) and NAME.pt
(TorchScript), and NAME.bin with the inputs and the results that PyTorch gave. Files that exist are kept, so that runs can
be interrupted and repeated. FILE names programs (one a line) to be made anew with one sample each, so that one sample
that thane misses costs one case. What torch itself cannot export or trace is left out and counted.
"""
import argparse
import io
import pathlib
import re
import struct
import sys
import warnings
import zlib

import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch.utils import _pytree as pytree

warnings.filterwarnings("ignore")
torch.set_num_threads(1)

DTYPES = [torch.float32, torch.int64, torch.bool, torch.complex64, torch.float64, torch.int32, torch.bfloat16, torch.float16,
          torch.uint8]
# ONNX's numbers, which thane uses.
CODES = {torch.float32: 1, torch.uint8: 2, torch.int8: 3, torch.uint16: 4, torch.int16: 5, torch.int32: 6, torch.int64: 7,
         torch.bool: 9, torch.float16: 10, torch.float64: 11, torch.uint32: 12, torch.uint64: 13, torch.complex64: 14,
         torch.complex128: 15, torch.bfloat16: 16}
# Out of scope: sparse tensors, compiled kernels, random results and undefined contents, vectors that are defined only up
# to a sign, changes of a tensor's storage.
SKIP = re.compile(r"sparse\..*|to_sparse|jiterator.*|torch\._scaled.*|torch\.ops.*attention.*|hash_tensor|.*empty.*"
                  r"|bernoulli|cauchy|exponential|geometric|log_normal|normal|uniform|rand.*|multinomial|.*dropout.*|.*rrelu"
                  r"|.*fractional.*|.*lowrank|resize_.*|linalg\.(eig|eigh|svd)|svd|geqrf|ormqr|linalg\.householder_product"
                  r"|linalg\.ldl.*|.*ctc_loss|__rand__|as_strided_partial")
MOST_ELEMENTS = 600  # of a sample's inputs, where there are samples that small


def rounded(tensor, bits):
    """Keeps `bits` of the mantissa, so that files compress well."""
    if tensor.is_complex():
        return torch.view_as_complex(rounded(torch.view_as_real(tensor.resolve_conj()), bits))
    if tensor.dtype not in (torch.float32, torch.float64) or not tensor.numel():
        return tensor
    whole, integer = (23, torch.int32) if tensor.dtype == torch.float32 else (52, torch.int64)
    if bits >= whole:
        return tensor
    plain = tensor.contiguous()
    kept = (plain.view(integer) & -(1 << (whole - bits))).view(tensor.dtype)
    return torch.where(torch.isfinite(plain), kept, plain)


def write_tensor(out, tensor):
    tensor = tensor.detach().resolve_conj().resolve_neg().contiguous()
    out.write(struct.pack("<BB", CODES[tensor.dtype], tensor.dim()) + struct.pack(f"<{tensor.dim()}q", *tensor.shape))
    # A fresh copy: strides of axes of one element may be anything, and then the bytes cannot be viewed.
    flat = torch.empty(tensor.numel(), dtype=tensor.dtype).copy_(tensor.reshape(-1))
    out.write(flat.view(torch.uint8).numpy().tobytes() if tensor.numel() else b"")


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


def leaves_of(sample):
    return pytree.tree_leaves((sample.input, sample.args, sample.kwargs))


def tensors_of(samples):
    return [leaf for sample in samples for leaf in leaves_of(sample) if isinstance(leaf, torch.Tensor)]


def size_of(sample):
    return sum(t.numel() for t in tensors_of([sample]))


def usable(sample):
    tensors = tensors_of([sample])
    return tensors and all(t.layout == torch.strided and t.dtype in CODES and t.numel() < 20000 for t in tensors) and not any(
        isinstance(leaf, torch.Generator) or callable(leaf) for leaf in leaves_of(sample))


def samples_of(op, dtype, most):
    """A spread over the samples, which come in families; the small ones where there are enough."""
    torch.manual_seed(zlib.crc32(f"{op.name}.{op.variant_test_name}-{dtype}".encode()))
    every = [s for s in op.sample_inputs("cpu", dtype, requires_grad=False) if usable(s)]
    for limit in (MOST_ELEMENTS, 4 * MOST_ELEMENTS):
        small = [s for s in every if size_of(s) <= limit]
        if len(small) >= min(most, len(every)):
            break
    return [small[i * len(small) // most] for i in range(most)] if len(small) > most else small


def write_case(folder, name, op, samples, forms):
    """How many samples are in the file of each form."""
    with torch.no_grad():
        program = Program(op, samples).eval()
        inputs = [rounded(t.detach().clone(), 12) for t in tensors_of(samples)]
        results = program(*[t.clone() for t in inputs])
        if not results or any(r.layout != torch.strided or r.dtype not in CODES or r.numel() > 8000 for r in results):
            return None
        problem = None
        for form in forms:
            try:
                if form == "pt2":
                    # Distinct sizes are not meant to be symbols: nothing is dynamic here.
                    exported = torch.export.export(program, tuple(t.clone() for t in inputs), strict=False)
                    exported._example_inputs = None
                    buffer = io.BytesIO()
                    torch.export.save(exported, buffer)
                    (folder / f"{name}.pt2").write_bytes(buffer.getvalue())
                else:
                    traced = torch.jit.trace(program, tuple(t.clone() for t in inputs), check_trace=False)
                    torch.jit.save(traced, str(folder / f"{name}.pt"))
            except Exception as error:
                problem = error
                if len(samples) > 1:
                    break
        if problem and len(samples) > 1:
            for form in forms:
                (folder / f"{name}.{form}").unlink(missing_ok=True)
            raise problem
    write_values(folder / f"{name}.bin",
                 [(inputs, [rounded(r, 18 if r.dtype in (torch.float32, torch.complex64) else 28) for r in results], len(samples))])
    return None if problem else len(samples)


def in_place(op):
    variant = op.inplace_variant

    def call(first, *args, **kwargs):
        return variant(first.clone(), *args, **kwargs)

    return call


def programs():
    """(name, op, function, dtype, number of samples) of all there are."""
    for op in op_db:
        if SKIP.fullmatch(op.name):
            continue
        full = op.name if not op.variant_test_name else f"{op.name}.{op.variant_test_name}"
        supported = [d for d in DTYPES if d in op.supported_dtypes("cpu")]
        for i, dtype in enumerate(supported):
            name = f"{full}-{str(dtype).removeprefix('torch.')}".replace("/", "_")
            yield name, op, op.op, dtype, 6 if i == 0 else 2
            if i == 0 and op.inplace_variant and not op.variant_test_name:
                yield f"{name}-in_place", op, in_place(op), dtype, 2


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", default="", help="parts of programs' names")
    parser.add_argument("--split", type=pathlib.Path, help="a file that names programs to write with one sample each")
    parser.add_argument("--again", action="store_true", help="also what is there already")
    parser.add_argument("--forms", default="pt2,pt")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    parts = [p for p in arguments.only.split(",") if p]
    split = set(arguments.split.read_text().split()) if arguments.split else set()
    forms = arguments.forms.split(",")
    made = cases = skipped = 0
    for name, op, function, dtype, most in programs():
        if (split and name not in split) or (parts and not any(p in name for p in parts)):
            continue
        if not arguments.again and not split and (arguments.folder / f"{name}.bin").exists() or (
                arguments.folder / f"{name}@0.bin").exists():
            continue
        try:
            chosen = samples_of(op, dtype, most)
        except Exception:
            skipped += 1
            continue
        if not chosen:
            continue
        count = 0
        try:
            if split:
                raise ValueError("one by one")
            count = write_case(arguments.folder, name, function, chosen, forms) or 0
        except Exception:
            # One sample that cannot be exported must not cost the others.
            for old in [arguments.folder / f"{name}.{ending}" for ending in ("pt", "pt2", "bin")]:
                old.unlink(missing_ok=True)
            for i, sample in enumerate(chosen):
                try:
                    one = write_case(arguments.folder, f"{name}@{i}", function, [sample], forms)
                    count += one or 0
                    skipped += one is None
                except Exception:
                    skipped += 1
        made += 1
        cases += count
    print(f"{made} programs, {cases} cases; {skipped} that PyTorch itself does not export", file=sys.stderr)


if __name__ == "__main__":
    main()
