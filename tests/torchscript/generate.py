#!/usr/bin/env python3
"""Writes networks as TorchScript files with inputs and the outputs of PyTorch's eager mode.

    generate.py FOLDER [NAME…]

Needs torch 2.13. For each network and form: FOLDER/NAME_FORM/model.pt, inputs/RUN/INPUT.npy, expected/RUN/NUMBER.npy. The
runs of one network follow each other in one session.
"""

import copy
import sys
import warnings
from pathlib import Path

import numpy as np
import torch

import networks

warnings.filterwarnings("ignore")


def flatten(value):
    """The tensors in a result, in thane's order."""
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in flatten(item)]
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in flatten(item)]
    return [value.detach().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)]


def named(name, value):
    """An argument as (input name, array or string) pairs."""
    if isinstance(value, (list, tuple)):
        return [pair for i, item in enumerate(value) for pair in named(f"{name}.{i}", item)]
    if isinstance(value, dict):
        return [pair for key, item in value.items() for pair in named(f"{name}.{key}", item)]
    if isinstance(value, torch.Tensor):
        return [(name, value.numpy())]
    return [(name, value if isinstance(value, str) else np.asarray(value))]


def convert(module, form, sample):
    arguments = tuple(sample.values())
    if form == "traced":
        return torch.jit.trace(module, arguments, check_trace=False, strict=False)
    scripted = torch.jit.script(module)
    if form == "scripted":
        return scripted
    return torch.jit.freeze(scripted)


def clone(value):
    if isinstance(value, (list, tuple)):
        return [clone(item) for item in value]
    if isinstance(value, dict):
        return {key: clone(item) for key, item in value.items()}
    return value.clone() if isinstance(value, torch.Tensor) else value


def write(folder, name, form):
    torch.manual_seed(sum(map(ord, name)))
    make, inputs, _ = networks.NETWORKS[name]
    module = make().eval()
    sets = inputs()
    with torch.no_grad():
        reference = copy.deepcopy(module)
        converted = convert(module, form, clone(sets[0]))
        case = folder / f"{name}_{form}"
        case.mkdir(parents=True, exist_ok=True)
        converted.save(str(case / "model.pt"))
        # What tracing fixed (sizes, branches) is the traced module's own business: it is its own reference.
        if form == "traced":
            reference = torch.jit.load(str(case / "model.pt"))
        for run, arguments in enumerate(sets):
            results = flatten(reference(*clone(arguments).values()))
            for part, arrays in (("inputs", dict(p for k, v in arguments.items() for p in named(k, v))),
                                 ("expected", {str(i): array for i, array in enumerate(results)})):
                (case / part / str(run)).mkdir(parents=True, exist_ok=True)
                for key, array in arrays.items():
                    if isinstance(array, str):
                        (case / part / str(run) / f"{key}.txt").write_text(array + "\n")
                    else:
                        np.save(case / part / str(run) / f"{key}.npy", array)


def main():
    folder, wanted = Path(sys.argv[1]), sys.argv[2:]
    for name, (_, _, forms) in networks.NETWORKS.items():
        for form in forms.split():
            if wanted and name not in wanted and f"{name}_{form}" not in wanted:
                continue
            try:
                write(folder, name, form)
            except Exception as error:  # pylint: disable=broad-except
                print(f"{name}_{form}: {type(error).__name__}: {str(error).strip().splitlines()[-1][:160]}", file=sys.stderr)


if __name__ == "__main__":
    main()
