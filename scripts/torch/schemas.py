#!/usr/bin/env python3
"""Writes src/formats/torch/aten/schemas.inc: the parameters of every ATen op that thane knows.

    python scripts/torch/schemas.py        # with torch 2.13.0 installed

The facts come from torch itself. Kept: the names that the tables in src/formats/torch/aten lower; dropped: results,
alias sets (but for the mark of what is written), named dimensions, and overloads on strings, lists and dicts, which are
the front end's own.
"""
import pathlib
import re
import sys

import torch

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "src/formats/torch/aten"
FOREIGN = re.compile(r"Dimname|[(, ]t(\[\])? |\btVal\b|Dict\(|str\[\]|__torch__\.(?!torch\.classes\.quantized)|\bAny|Future|Stream|"
                     r"RRef|DeviceObjType|Await|capsule|\bt1\b|Device\[\]|QScheme|PyObject|Storage")
# Not in torch itself.
TORCHVISION = """
torchvision::nms(Tensor dets, Tensor scores, float iou_threshold)
torchvision::roi_align(Tensor input, Tensor rois, float spatial_scale, int pooled_height, int pooled_width, \
int sampling_ratio, bool aligned)
torchvision::roi_pool(Tensor input, Tensor rois, float spatial_scale, int pooled_height, int pooled_width)
torchvision::ps_roi_align(Tensor input, Tensor rois, float spatial_scale, int pooled_height, int pooled_width, \
int sampling_ratio)
torchvision::ps_roi_pool(Tensor input, Tensor rois, float spatial_scale, int pooled_height, int pooled_width)
torchvision::deform_conv2d(Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias, int stride_h, \
int stride_w, int pad_h, int pad_w, int dilation_h, int dilation_w, int groups, int offset_groups, bool use_mask)
""".strip().splitlines()


def known_names():
    names = set()
    for file in FOLDER.glob("*.cc"):
        names |= set(re.findall(r'^\s*\{"([\w:]+)",', file.read_text(), re.M))
    return {name if "::" in name else "aten::" + name for name in names}


def compact(schema):
    text = schema[:schema.rindex(" -> ")] if " -> " in schema else schema
    text = re.sub(r"\((\w+( -> \*)?)\)", "", text)                     # Tensor(a) self
    text = re.sub(r"\([\w|]+!( -> [\w|!]+)?\)", "!", text)               # Tensor(a!) self
    text = text.replace("__torch__.torch.classes.quantized.", "").replace("SymInt", "int").replace("SymBool", "bool")
    text = text.replace("ScalarType", "int").replace("Layout", "int").replace("MemoryFormat", "int")
    text = text.replace("Device", "device").replace(", ", ",").replace("=None", "=")
    return text


def main():
    known = known_names()
    lines = {}
    for schema in [*map(str, torch._C._jit_get_all_schemas()), *TORCHVISION]:
        name = re.match(r"[\w:]+", schema)[0]
        base = name[:-1] if name.endswith("_") and not name.endswith("__") else name
        if (name not in known and base not in known) or FOREIGN.search(schema):
            continue
        lines.setdefault(name, []).append(compact(schema)[len(name):])
    out = ["// Written by scripts/torch/schemas.py from torch " + torch.__version__.split("+")[0] + ". Not edited by hand."]
    # Chunks, since compilers limit how long one literal may be.
    for name in sorted(lines):
        for rest in dict.fromkeys(lines[name]):
            text = (name + rest).replace("\\", "\\\\").replace('"', '\\"')
            out.append(f'"{text}\\n"')
    (FOLDER / "schemas.inc").write_text("\n".join(out) + "\n")
    missing = sorted(known - set(lines))
    print(f"{len(lines)} names, {sum(map(len, lines.values()))} overloads, {sum(map(len, out))} bytes; not in torch: {missing}",
          file=sys.stderr)


main()
