#!/usr/bin/env python3
"""Random shapes, dtypes and attributes for the ops of ai.onnx that move, pick, slide over and resize, and for recurrent and
attention layers, judged by ONNX Runtime: FOLDER/index.json. (Elementwise ops, reductions and quantization have cases of
their own in tests/conformance.)

Where ONNX Runtime 1.32 departs from the specification and its reference implementation, the cases keep away; each such
place says so.

    python tests/op_cases/random_cases.py FOLDER [PART_OF_NAME]
"""
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import ValueInfoProto, helper

from op_pack import Pack, answer_apart, generator, one_op, tensor_type

F = np.float32
INTS = (np.int8, np.uint8, np.int32, np.int64)
ANY = (np.float32, np.float64, np.float16, np.int32, np.int64, np.uint8, np.int8, np.bool_, np.int16, np.uint32)


class Dice:
    """The random choices of one case."""

    def __init__(self, name):
        self.rng = generator(name)

    def one(self, *choices):
        return choices[int(self.rng.integers(len(choices)))]

    def chance(self, probability=0.5):
        return self.rng.random() < probability

    def int(self, low, high):
        """Both ends included."""
        return int(self.rng.integers(low, high, endpoint=True))

    def ints(self, n, low, high):
        return [self.int(low, high) for _ in range(n)]

    def shape(self, least=1, most=4, low=1, high=6):
        return tuple(self.ints(self.int(least, most), low, high))

    def array(self, shape, dtype=F, scale=1.0):
        if np.dtype(dtype) == np.bool_:
            return self.rng.random(shape) < 0.5
        if np.dtype(dtype).kind in "iu":
            info = np.iinfo(dtype)
            return self.rng.integers(max(info.min, -100), min(info.max, 100), shape, endpoint=True).astype(dtype)
        return np.asarray(self.rng.standard_normal(shape) * scale).astype(dtype)

    def axis(self, rank):
        return self.int(-rank, rank - 1)

    def axes(self, rank, count=None):
        chosen = self.rng.permutation(rank)[:count if count is not None else self.int(1, rank)]
        return [int(a) - (rank if self.chance(0.3) else 0) for a in chosen]


def case(pack, name, op, feed, outputs=1, attributes=None, constants=(), opset=22, **tolerance):
    """`feed` in the node's order, None for an absent input; `outputs`: how many, or names ("_": absent)."""
    names = [f"Y{i}" for i in range(outputs)] if isinstance(outputs, int) else outputs
    model = one_op(op, feed, {n: 1 for n in names}, attributes, "", constants, opset=opset,
                   ranks_only=generator(name).random() < 0.3)
    typed = list(model.graph.output)
    del model.graph.output[:]
    model.graph.output.extend(ValueInfoProto(name=o.name) for o in typed)
    given = {k: v for k, v in feed.items() if v is not None}
    results, error = answer_apart(model, given)
    if results is None:
        pack.refused.append((name, error))
        return
    del model.graph.output[:]
    model.graph.output.extend(helper.make_tensor_value_info(o.name, tensor_type(np.asarray(v)), None) for o, v in zip(typed, results))
    half = any(v.dtype == np.float16 for v in given.values())
    pack.add(name, model, given, results, **(tolerance or ({"atol": 5e-3, "rtol": 5e-3} if half else {})))


def repeat(pack, op, times, make, **fixed):
    """make(dice) gives (feed, attributes, number of outputs, constants)."""
    for i in range(times):
        name = f"{op}_{i:02}"
        feed, attributes, outputs, constants, *rest = (*make(Dice(name)), 1, ())[:4]
        case(pack, name, op, feed, outputs, attributes, constants, **fixed)


def full(feed, attributes=None, outputs=1, constants=()):
    return feed, attributes or {}, outputs, constants


# --- movement --------------------------------------------------------------------------------------------------------

def movement(pack):
    def transpose(d):
        x = d.array(d.shape(1, 5), d.one(*ANY))
        return full({"X": x}, {} if d.chance(0.2) else {"perm": [int(a) for a in d.rng.permutation(x.ndim)]})
    repeat(pack, "Transpose", 20, transpose)

    def reshape(d):
        x = d.array(d.one((2, 3, 4), (6, 4), (24,), (1, 2, 12)), d.one(*ANY))
        shape = d.one([-1], [4, -1], [2, 0, -1], [0, -1], [3, 8], [1, -1, 1, 4], [2, 2, 2, 3])
        return full({"X": x, "S": np.array(shape)}, {}, 1, d.one((), ("S",)))
    repeat(pack, "Reshape", 15, reshape)
    repeat(pack, "Flatten", 8, lambda d: (lambda x: full({"X": x}, {"axis": d.int(-x.ndim, x.ndim)}))(d.array(d.shape(1, 4))))

    def squeeze(d):
        dims = list(d.shape(1, 3, 2, 4))
        for _ in range(2):
            dims.insert(d.int(0, len(dims)), 1)
        ones = [i - (len(dims) if d.chance(0.3) else 0) for i, v in enumerate(dims) if v == 1]
        return full({"X": d.array(dims), "A": None if d.chance(0.3) else np.array(ones[:d.int(1, len(ones))])}, {}, 1, ("A",))
    repeat(pack, "Squeeze", 10, squeeze)

    def unsqueeze(d):
        x = d.array(d.shape(0, 3))
        count = d.int(1, 3)
        return full({"X": x, "A": np.array(d.axes(x.ndim + count, count))}, {}, 1, d.one((), ("A",)))
    repeat(pack, "Unsqueeze", 10, unsqueeze)

    def concat(d):
        dims, dtype = list(d.shape(1, 4)), d.one(*ANY)
        axis = d.axis(len(dims))
        feed = {}
        for i in range(d.int(1, 4)):
            dims[axis] = d.int(0, 5)
            feed[f"X{i}"] = d.array(dims, dtype)
        return full(feed, {"axis": axis})
    repeat(pack, "Concat", 12, concat)

    def split(d):
        dims = list(d.shape(1, 4))
        axis = d.axis(len(dims))
        parts = d.ints(d.int(1, 4), 0, 3)
        if d.chance(0.4):
            dims[axis] = d.int(4, 9)
            count = d.int(1, 4)
            return full({"X": d.array(dims)}, {"axis": axis, "num_outputs": count}, count)
        dims[axis] = sum(parts)
        return full({"X": d.array(dims, d.one(F, np.int64)), "S": np.array(parts)}, {"axis": axis}, len(parts), d.one((), ("S",)))
    repeat(pack, "Split", 15, split)

    def slices(d):
        x = d.array(d.shape(1, 4, 1, 8), d.one(*ANY))
        axes = d.axes(x.ndim)
        big = d.one(0, 2**31 - 1, 2**63 - 1)
        starts = [d.int(-10, 10) for _ in axes]
        steps = [d.one(1, 2, 3, -1, -2, -3) for _ in axes]
        # Backwards, ONNX Runtime takes the largest number for the front.
        ends = [d.one(d.int(-10, 10), big if step > 0 else 9, -big) for step in steps]
        dtype = np.int64 if big > 2**31 else d.one(np.int32, np.int64)
        feed = {"X": x, "S": np.array(starts, dtype), "E": np.array(ends, dtype), "A": np.array(axes, dtype),
                "T": np.array(steps, dtype) if d.chance(0.8) else None}
        return full(feed, {}, 1, d.one((), ("S", "E", "A", "T")))
    repeat(pack, "Slice", 40, slices)

    def pad(d):
        mode = d.one("constant", "reflect", "edge", "wrap")
        x = d.array(d.shape(1, 4, 3, 6), F if mode != "constant" else d.one(F, np.int32, np.int64))
        limit = 2 if mode == "reflect" else 3
        axes = d.axes(x.ndim) if d.chance(0.3) else None
        pads = d.ints(2 * (len(axes) if axes else x.ndim), -1 if mode == "constant" else 0, limit)
        value = np.array(7, x.dtype) if mode == "constant" and d.chance(0.6) else None
        return full({"X": x, "P": np.array(pads), "V": value, "A": np.array(axes) if axes else None}, {"mode": mode}, 1,
                    d.one((), ("P", "V", "A")))
    repeat(pack, "Pad", 30, pad)
    repeat(pack, "Tile", 10, lambda d: (lambda x: full({"X": x, "R": np.array(d.ints(x.ndim, 0, 3))}))(d.array(d.shape(1, 4), d.one(F, np.int64, np.bool_))))

    def expand(d):
        dims = d.shape(1, 4)
        x = d.array([1 if d.chance(0.4) else v for v in dims][d.int(0, len(dims) - 1):], d.one(*ANY[:6]))
        return full({"X": x, "S": np.array([1 if d.chance(0.2) and i < len(dims) - x.ndim else v for i, v in enumerate(dims)])})
    repeat(pack, "Expand", 12, expand)
    for op in ("DepthToSpace", "SpaceToDepth"):
        def blocks(d, op=op):
            b = d.int(1, 3)
            shape = (d.int(1, 2), d.int(1, 3) * b * b, d.int(1, 3), d.int(1, 3)) if op == "DepthToSpace" else \
                (d.int(1, 2), d.int(1, 3), d.int(1, 3) * b, d.int(1, 3) * b)
            return full({"X": d.array(shape)}, {"blocksize": b} | ({"mode": d.one("DCR", "CRD")} if op == "DepthToSpace" else {}))
        repeat(pack, op, 8, blocks)

    def reverse(d):
        t, b = d.int(1, 6), d.int(1, 4)
        time_axis = d.int(0, 1)
        shape = ((t, b) if time_axis == 0 else (b, t)) + d.shape(0, 2)
        return full({"X": d.array(shape), "L": np.array(d.ints(b, 1, t))}, {"time_axis": time_axis, "batch_axis": 1 - time_axis})
    repeat(pack, "ReverseSequence", 8, reverse)
    repeat(pack, "Trilu", 12, lambda d: full({"X": d.array((*d.shape(0, 2), *d.ints(2, 1, 5)), d.one(F, np.int64, np.bool_)),
                                              "K": np.array(d.int(-4, 4)) if d.chance(0.7) else None}, {"upper": d.int(0, 1)}))
    repeat(pack, "EyeLike", 6, lambda d: full({"X": d.array(d.ints(2, 1, 5), d.one(F, np.int32))}, {"k": d.int(-3, 3)} | ({"dtype": 7} if d.chance() else {})))
    repeat(pack, "CenterCropPad", 10, lambda d: (lambda x, axes: full({"X": x, "S": np.array(d.ints(len(axes), 1, 9))}, {"axes": axes}))(
        *(lambda x: (x, d.axes(x.ndim)))(d.array(d.shape(1, 4, 2, 6)))))

    def cumsum(d):
        x = d.array(d.shape(1, 4), d.one(F, np.float64, np.int32, np.int64))
        return full({"X": x, "A": np.array(d.axis(x.ndim), d.one(np.int32, np.int64))}, {"exclusive": d.int(0, 1), "reverse": d.int(0, 1)})
    repeat(pack, "CumSum", 10, cumsum)

    def one_hot(d):
        depth = d.int(1, 6)
        x = d.rng.integers(-depth - 1, depth + 1, d.shape(1, 3)).astype(d.one(np.int64, F))
        values = d.array((2,), d.one(F, np.int64))
        return full({"X": x, "D": np.array(depth), "V": values}, {"axis": d.int(-x.ndim - 1, x.ndim)})
    repeat(pack, "OneHot", 12, one_hot)

    def range_(d):
        dtype = d.one(F, np.float64, np.int32, np.int64, np.int16)
        low, high = d.int(-5, 5), d.int(-5, 12)
        step = d.one(1, 2, 3) if high >= low else d.one(-1, -2)
        return full({"A": np.array(low, dtype), "B": np.array(high, dtype), "C": np.array(step, dtype)})
    repeat(pack, "Range", 8, range_)
    repeat(pack, "Shape", 6, lambda d: full({"X": d.array(d.shape(0, 5))}, {"start": d.int(-3, 3)} | ({"end": d.int(-3, 5)} if d.chance() else {})))
    repeat(pack, "Where", 8, lambda d: (lambda s: full({"C": d.array(s[-2:], np.bool_), "A": d.array(s), "B": d.array((s[-1],))}))(d.shape(2, 4)))


# --- picking ---------------------------------------------------------------------------------------------------------

def picking(pack):
    def gather(d):
        x = d.array(d.shape(1, 4), d.one(*ANY))
        axis = d.axis(x.ndim)
        n = x.shape[axis]
        return full({"X": x, "I": d.rng.integers(-n, n, d.shape(0, 3)).astype(d.one(np.int32, np.int64))}, {"axis": axis})
    repeat(pack, "Gather", 20, gather)

    def gather_elements(d):
        x = d.array(d.shape(1, 4, 2, 6), d.one(*ANY))
        axis = d.axis(x.ndim)
        n = x.shape[axis]
        shape = [d.int(1, v) for v in x.shape]
        shape[axis] = d.int(1, 7)
        return full({"X": x, "I": d.rng.integers(-n, n, shape).astype(d.one(np.int32, np.int64))}, {"axis": axis})
    repeat(pack, "GatherElements", 12, gather_elements)

    def nd(d):
        dims = d.shape(2, 5, 2, 4)
        batch = d.int(0, min(2, len(dims) - 1)) if d.chance() else 0
        depth = d.int(1, len(dims) - batch)
        rows = (*dims[:batch], *d.shape(0 if batch else 1, 2))
        index = np.stack([d.rng.integers(-v, v, rows) for v in dims[batch:batch + depth]], -1)
        return dims, batch, index
    repeat(pack, "GatherND", 15, lambda d: (lambda s: full({"X": d.array(s[0], d.one(F, np.int64, np.bool_)), "I": s[2]}, {"batch_dims": s[1]}))(nd(d)))

    def scatter_nd(d):
        dims, _, index = nd(Dice(str(d.int(0, 10**9))))
        index = index.reshape(-1, index.shape[-1])
        reduction = d.one("none", "add", "mul", "max", "min")
        if reduction == "none":
            _, first = np.unique(index % np.array(dims[:index.shape[-1]]), axis=0, return_index=True)
            index = index[first]
        dtype = d.one(F, np.int64)
        return full({"X": d.array(dims, dtype), "I": index, "U": d.array((len(index), *dims[index.shape[-1]:]), dtype)}, {"reduction": reduction})
    repeat(pack, "ScatterND", 20, scatter_nd)

    def scatter_elements(d):
        dtype = d.one(F, np.int64, np.int32, np.float64)
        x = d.array(d.shape(1, 3, 2, 6), dtype)
        axis = d.axis(x.ndim)
        reduction = d.one("none", "add", "mul", "max", "min")
        shape = [d.int(1, v) for v in x.shape]
        index = np.argsort(d.rng.random(shape), axis) if reduction == "none" else d.rng.integers(-x.shape[axis], x.shape[axis], shape)
        return full({"X": x, "I": index, "U": d.array(shape, dtype)}, {"axis": axis, "reduction": reduction})
    repeat(pack, "ScatterElements", 20, scatter_elements)

    def top_k(d):
        x = d.array(d.shape(1, 4, 1, 7), d.one(F, np.float64, np.int64, np.int32, np.float16))
        axis = d.axis(x.ndim)
        return full({"X": x, "K": np.array([d.int(0, x.shape[axis])])}, {"axis": axis, "largest": d.int(0, 1), "sorted": 1}, 2)
    repeat(pack, "TopK", 20, top_k)
    for op in ("ArgMax", "ArgMin"):
        repeat(pack, op, 10, lambda d: (lambda x: full({"X": x}, {"axis": d.axis(x.ndim), "keepdims": d.int(0, 1), "select_last_index": d.int(0, 1)}))(
            (d.rng.integers(0, 4, d.shape(1, 4))).astype(d.one(F, np.int32, np.int8, np.float64))))
    repeat(pack, "NonZero", 6, lambda d: full({"X": d.array(d.shape(1, 4), d.one(np.bool_, np.int32, np.int64, np.uint8)) * d.array((1,), np.bool_)}))

    def unique(d):
        x = d.rng.integers(0, 3, d.shape(1, 3, 1, 5)).astype(d.one(F, np.int64, np.int8))
        return full({"X": x}, {"sorted": d.int(0, 1)} | ({"axis": d.axis(x.ndim)} if d.chance() else {}), 4)
    repeat(pack, "Unique", 15, unique)

    def compress(d):
        x = d.array(d.shape(1, 4), d.one(F, np.int64, np.bool_))
        axis = d.axis(x.ndim) if d.chance(0.7) else None
        n = x.shape[axis] if axis is not None else x.size
        return full({"X": x, "C": d.array((d.int(0, n),), np.bool_)}, {} if axis is None else {"axis": axis})
    repeat(pack, "Compress", 8, compress)

    def suppress(d):
        b, c, n = d.int(1, 2), d.int(1, 3), d.int(1, 12)
        corner = d.rng.random((b, n, 2)) * 2
        boxes = np.concatenate([corner, corner + d.rng.random((b, n, 2))], -1).astype(F)
        return full({"B": boxes, "S": d.rng.random((b, c, n)).astype(F), "M": np.array([d.int(0, 5)]), "I": np.array([d.one(0.0, 0.3, 0.5, 1.0)], F),
                     "T": np.array([0.2], F) if d.chance() else None}, {"center_point_box": d.int(0, 1)})
    repeat(pack, "NonMaxSuppression", 20, suppress)


# --- sliding ---------------------------------------------------------------------------------------------------------

def window(d, n, size):
    """kernel, strides, dilations, pads or auto_pad that leave at least one place."""
    kernel, strides, dilations = d.ints(n, 1, 3), d.ints(n, 1, 3), d.ints(n, 1, 2)
    attributes = {"kernel_shape": kernel, "strides": strides, "dilations": dilations}
    if d.chance(0.3):
        attributes["auto_pad"] = d.one("SAME_UPPER", "SAME_LOWER", "VALID")
        if attributes["auto_pad"] != "VALID":  # ONNX Runtime refuses dilations here, or gives other sizes; and for large strides
            attributes["dilations"] = [1] * n
            attributes["strides"] = [min(s, k) for s, k in zip(strides, kernel)]
    else:
        attributes["pads"] = [d.int(0, k - 1) for k in kernel * 2]
    return attributes


def sliding(pack):
    def conv(d):
        n, group, width = d.int(1, 3), d.int(1, 3), d.int(1, 2)
        attributes = window(d, n, 8)
        x = d.array((d.int(1, 2), group * width, *d.ints(n, 5, 9)))
        outs = group * d.int(1, 3)
        feed = {"X": x, "W": d.array((outs, width, *attributes["kernel_shape"]), x.dtype, 0.5), "B": d.array((outs,), x.dtype) if d.chance() else None}
        if d.chance(0.3):
            del attributes["kernel_shape"]
        return full(feed, attributes | {"group": group}, 1, d.one((), ("W", "B")))
    repeat(pack, "Conv", 50, conv)

    def depthwise(d):
        n, c = 2, d.int(1, 9)
        attributes = window(d, n, 8)
        many = d.int(1, 2)
        feed = {"X": d.array((d.int(1, 2), c, *d.ints(n, 5, 9))), "W": d.array((c * many, 1, *attributes["kernel_shape"])), "B": d.array((c * many,))}
        return full(feed, attributes | {"group": c}, 1, ("W", "B"))
    for i in range(10):
        name = f"Conv_depthwise_{i}"
        feed, attributes, outputs, constants = depthwise(Dice(name))
        case(pack, name, "Conv", feed, outputs, attributes, constants)

    def transposed(d):
        n, group = d.int(1, 3), d.int(1, 2)
        attributes = window(d, n, 8) | {"group": group}
        ins, outs = group * d.int(1, 2), d.int(1, 3)
        x = d.array((d.int(1, 2), ins, *d.ints(n, 3, 6)))
        if d.chance(0.4) and "auto_pad" not in attributes:
            attributes["output_padding"] = [d.int(0, max(s, t) - 1) for s, t in zip(attributes["strides"], attributes["dilations"])]
        feed = {"X": x, "W": d.array((ins, outs, *attributes["kernel_shape"]), F, 0.5), "B": d.array((outs * group,)) if d.chance() else None}
        if d.chance(0.2):
            attributes.pop("pads", None)
            attributes.pop("auto_pad", None)
            least = [(v - 1) * s + (k - 1) * t + 1 for v, s, k, t in zip(x.shape[2:], attributes["strides"], attributes["kernel_shape"], attributes["dilations"])]
            attributes["output_shape"] = [v - d.int(0, min(2, k - 1)) for v, k in zip(least, attributes["kernel_shape"])]
            attributes.pop("output_padding", None)
        return full(feed, attributes, 1, d.one((), ("W", "B")))
    repeat(pack, "ConvTranspose", 50, transposed)

    def conv_integer(d):
        n, group = 2, d.int(1, 2)
        attributes = window(d, n, 8) | {"group": group}
        dtype = np.uint8
        feed = {"X": d.array((1, group * 2, *d.ints(n, 5, 8)), dtype), "W": d.array((group * 2, 2, *attributes["kernel_shape"]), d.one(np.uint8, np.int8)),
                "xz": np.array(d.int(0, 200), dtype) if d.chance() else None}
        feed["wz"] = np.array(d.int(0, 100), feed["W"].dtype) if feed["xz"] is not None and d.chance() else None
        return full(feed, attributes, 1, ("W", "wz"))
    repeat(pack, "ConvInteger", 15, conv_integer)

    def deform(d):
        group, offsets = d.int(1, 2), d.int(1, 2)
        kernel, strides, dilations, pads = d.ints(2, 1, 3), d.ints(2, 1, 2), d.ints(2, 1, 2), d.ints(4, 0, 1)
        c = 2 * group if offsets == 1 else 2 * group * offsets
        h, w = d.ints(2, 5, 8)
        oh = (h + pads[0] + pads[2] - dilations[0] * (kernel[0] - 1) - 1) // strides[0] + 1
        ow = (w + pads[1] + pads[3] - dilations[1] * (kernel[1] - 1) - 1) // strides[1] + 1
        taps = kernel[0] * kernel[1]
        feed = {"X": d.array((1, c, h, w)), "W": d.array((group * 2, c // group, *kernel)), "O": d.array((1, offsets * taps * 2, oh, ow)),
                "B": d.array((group * 2,)) if d.chance() else None, "M": d.rng.random((1, offsets * taps, oh, ow)).astype(F) if d.chance() else None}
        return full(feed, dict(group=group, offset_group=offsets, kernel_shape=kernel, strides=strides, dilations=dilations, pads=pads))
    repeat(pack, "DeformConv", 12, deform)

    def col2im(d):
        n = 2  # with one axis, ONNX Runtime errs
        image, block, dilations, strides = d.ints(n, 4, 7), d.ints(n, 1, 3), d.ints(n, 1, 2), d.ints(n, 1, 2)
        pads = d.ints(2 * n, 0, 1)
        places = 1
        for i in range(n):
            places *= (image[i] + pads[i] + pads[i + n] - dilations[i] * (block[i] - 1) - 1) // strides[i] + 1
        feed = {"X": d.array((d.int(1, 2), 2 * int(np.prod(block)), places)), "I": np.array(image), "B": np.array(block)}
        return full(feed, dict(dilations=dilations, strides=strides, pads=pads))
    repeat(pack, "Col2Im", 10, col2im)


def pooling(pack):
    def pool(d, op):
        n = d.int(1, 3)
        attributes = window(d, n, 8)
        if op == "AveragePool":
            attributes["count_include_pad"] = d.int(0, 1)
        if op == "LpPool":
            attributes["p"] = d.int(1, 3)
        if "auto_pad" not in attributes:
            attributes["ceil_mode"] = d.int(0, 1)
        if op == "MaxPool" and d.chance(0.3):
            attributes["storage_order"] = d.int(0, 1)
        dtype = d.one(F, F, np.float64, np.int8, np.uint8) if op == "MaxPool" else F
        x = d.array((d.int(1, 2), d.int(1, 3), *d.ints(n, 5, 9)), dtype)
        return full({"X": x}, attributes, d.int(1, 2) if op == "MaxPool" else 1)
    for op in ("MaxPool", "AveragePool", "LpPool"):
        repeat(pack, op, 30, lambda d, op=op: pool(d, op))
    for op in ("GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool"):
        repeat(pack, op, 4, lambda d: full({"X": d.array((d.int(1, 2), d.int(1, 3), *d.shape(1, 3)))}), opset=21)

    def roi_align(d):
        n, h, w = d.int(1, 2), d.int(4, 9), d.int(4, 9)
        rois = d.int(1, 4)
        corner = d.rng.random((rois, 2)) * 5
        boxes = np.concatenate([corner, corner + d.rng.random((rois, 2)) * 6], -1).astype(F)
        attributes = dict(mode=d.one("avg", "max"), output_height=d.int(1, 4), output_width=d.int(1, 4), sampling_ratio=d.int(0, 3),
                          spatial_scale=d.one(0.5, 1.0, 1.3), coordinate_transformation_mode=d.one("half_pixel", "output_half_pixel"))
        return full({"X": d.array((n, 2, h, w)), "R": boxes, "B": d.rng.integers(0, n, rois)}, attributes)
    repeat(pack, "RoiAlign", 20, roi_align, opset=16)

    def roi_pool(d):
        boxes = np.array([[0, d.int(0, 2), d.int(0, 2), d.int(3, 6), d.int(3, 6)] for _ in range(2)], F)
        return full({"X": d.array((1, 2, 7, 7)), "R": boxes}, dict(pooled_shape=d.ints(2, 1, 3), spatial_scale=d.one(0.5, 1.0)))
    repeat(pack, "MaxRoiPool", 6, roi_pool, opset=21)

    def unpool(d):
        k = d.int(2, 3)
        x = d.array((1, 2, d.int(2, 3), d.int(2, 3)))
        h, w = x.shape[2] * k, x.shape[3] * k
        index = np.stack([d.rng.permutation(2 * h * w)[:x.size]]).reshape(x.shape)
        return full({"X": x, "I": index}, dict(kernel_shape=[k, k], strides=[k, k]))
    repeat(pack, "MaxUnpool", 5, unpool)


def resizing(pack):
    modes = ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize")

    def resize(d):
        mode = d.one("nearest", "linear", "cubic")
        n = 2 if mode == "cubic" else d.int(1, 3)
        shape = (d.int(1, 2), d.int(1, 2), *d.ints(n, 2, 7))
        transform = d.one(*modes)
        if transform == "tf_crop_and_resize":  # elsewhere ONNX Runtime crops in its own ways
            mode, n, shape = "linear", 2, (*shape[:2], *d.ints(2, 2, 7))
        attributes = dict(mode=mode, coordinate_transformation_mode=transform)
        if mode == "nearest":
            attributes["nearest_mode"] = d.one("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
        else:
            if d.chance(0.25) and transform != "tf_crop_and_resize":
                attributes["antialias"] = 1
            if mode == "cubic":
                attributes["cubic_coeff_a"] = d.one(-0.75, -0.5)
                attributes["exclude_outside"] = d.int(0, 1)
        rank = len(shape)
        axes = list(range(2, rank)) if d.chance(0.3) else None
        factors = [d.one(0.4, 0.6, 1.0, 1.5, 2.0, 2.7) for _ in range(n)]
        if transform == "tf_crop_and_resize":
            factors = [d.one(1.5, 2.0, 2.7) for _ in range(n)]
        feed = {"X": d.array(shape), "R": None, "S": None, "Z": None}
        if transform == "tf_crop_and_resize":
            count = n if axes else rank
            low = [0.0] * (count - n) + [d.one(0.0, 0.1, 0.3) for _ in range(n)]
            feed["R"] = np.array(low + [1.0] * (count - n) + [d.one(0.7, 1.0, 1.2) for _ in range(n)], F)
            attributes["extrapolation_value"] = 0.5
        if axes:
            attributes["axes"] = axes
        # ONNX Runtime maps whole sizes onto each other here, the specification size times scale.
        whole = transform in ("align_corners", "tf_crop_and_resize")
        if d.chance() and not whole:
            feed["S"] = np.array((factors if axes else [1.0, 1.0] + factors), F)
        else:
            sizes = [max(1, int(v * f)) for v, f in zip(shape[2:], factors)]
            feed["Z"] = np.array(sizes if axes else [*shape[:2], *sizes])
            if d.chance(0.2) and not whole:
                attributes["keep_aspect_ratio_policy"] = d.one("not_larger", "not_smaller")
                feed["Z"] = np.array(sizes if axes else sizes)
                attributes["axes"] = list(range(2, rank))
        if "Z" in feed and feed["Z"] is None:
            del feed["Z"]
        return full(feed, attributes, 1, d.one((), ("R", "S", "Z")))
    repeat(pack, "Resize", 150, resize)

    def grid_sample(d):
        mode = d.one("linear", "nearest", "cubic")
        shape, out = (d.int(1, 2), d.int(1, 2), *d.ints(2, 3, 7)), d.ints(2, 1, 5)
        grid = (d.rng.random((shape[0], *out, 2)) * 2.4 - 1.2).astype(F)
        padding = d.one("zeros", "border", "reflection") if mode != "cubic" else d.one("zeros", "reflection")
        return full({"X": d.array(shape), "G": grid}, dict(mode=mode, padding_mode=padding, align_corners=d.int(0, 1)))
    repeat(pack, "GridSample", 25, grid_sample)
    repeat(pack, "AffineGrid", 6, lambda d: full({"T": d.array((2, 2, 3)), "S": np.array([2, 1, d.int(2, 5), d.int(2, 5)])}, {"align_corners": d.int(0, 1)}))
    repeat(pack, "LRN", 6, lambda d: full({"X": d.array((2, d.int(1, 7), 3, 2))}, dict(size=d.one(1, 3, 5), alpha=0.01, beta=0.6, bias=1.5)))


# --- layers ----------------------------------------------------------------------------------------------------------

def recurrent(pack):
    def layer(d, op):
        gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[op]
        steps, batch, width, hidden = d.int(1, 5), d.int(1, 3), d.int(1, 4), d.int(1, 4)
        direction = d.one("forward", "reverse", "bidirectional")
        n = 2 if direction == "bidirectional" else 1
        attributes = dict(hidden_size=hidden, direction=direction)
        first = {"X": d.array((steps, batch, width)), "W": d.array((n, gates * hidden, width)), "R": d.array((n, gates * hidden, hidden))}
        feed = first | {"B": d.array((n, 2 * gates * hidden)) if d.chance(0.7) else None,
                        "L": np.array(d.ints(batch, 1, steps), np.int32) if d.chance() else None,
                        "h": d.array((n, batch, hidden)) if d.chance() else None}
        if op == "LSTM":
            feed |= {"c": d.array((n, batch, hidden)) if d.chance() else None, "P": d.array((n, 3 * hidden)) if d.chance(0.3) else None}
            if d.chance(0.2):
                attributes["input_forget"] = 1
        if op == "GRU":
            attributes["linear_before_reset"] = d.int(0, 1)
        if d.chance(0.2) and op != "LSTM":  # an LSTM's last activation is not clipped by ONNX Runtime
            attributes["clip"] = 1.0
        if d.chance(0.2):
            kinds = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}[op]
            attributes["activations"] = [d.one("Sigmoid", "Tanh", "Relu", "HardSigmoid", "Softsign") if d.chance() else k for k in kinds] * n
        return full(feed, attributes, 3 if op == "LSTM" else 2, d.one((), ("W", "R", "B")))
    for op in ("LSTM", "GRU", "RNN"):
        repeat(pack, op, 30, lambda d, op=op: layer(d, op), opset=14)


def attention(pack):
    def attend(d):
        b, q, k, size, v_size = d.int(1, 2), d.int(1, 4), d.int(1, 5), d.one(4, 8), d.one(4, 8)
        kv = d.one(1, 2)
        heads = kv * d.one(1, 2, 3)
        past = d.one(0, 0, 3)
        if past:
            k = q
        flat = d.chance()
        attributes = dict(is_causal=d.int(0, 1))
        if d.chance(0.3):
            attributes["softcap"] = 3.0
        if d.chance(0.3):
            attributes["scale"] = 0.3
        if flat:
            attributes |= dict(q_num_heads=heads, kv_num_heads=kv)
        shape = lambda n, rows, s: (b, rows, n * s) if flat else (b, n, rows, s)
        total = k + past
        mask = d.one(None, d.array((q, total), np.bool_), d.array((q, total)), d.array((b, 1, q, total)))
        if mask is not None and mask.dtype == np.bool_:
            mask[..., 0] = True
        feed = {"Q": d.array(shape(heads, q, size)), "K": d.array(shape(kv, k, size)), "V": d.array(shape(kv, k, v_size)), "M": mask,
                "pk": d.array((b, kv, past, size)) if past else None, "pv": d.array((b, kv, past, v_size)) if past else None}
        if not past:
            feed.pop("pk"), feed.pop("pv")
        return full(feed, attributes, 3 if past else 1)
    repeat(pack, "Attention", 50, attend, opset=23)

    def rotary(d):
        b, rows, heads, size, room = d.int(1, 2), d.int(1, 4), d.int(1, 3), d.one(4, 8), 7
        flat, partial = d.chance(), d.chance(0.3)
        half = size // 4 if partial else size // 2
        attributes = dict(interleaved=d.int(0, 1))
        if partial:
            attributes["rotary_embedding_dim"] = 2 * half
        if flat:
            attributes["num_heads"] = heads
        ids = d.chance()
        table = (room, half) if ids else (b, rows, half)
        feed = {"X": d.array((b, rows, heads * size) if flat else (b, heads, rows, size)), "C": d.array(table), "S": d.array(table),
                "P": d.rng.integers(0, room, (b, rows)) if ids else None}
        return full(feed, attributes)
    repeat(pack, "RotaryEmbedding", 15, rotary, opset=23)
    repeat(pack, "RMSNormalization", 8, lambda d: (lambda x, a: full({"X": x, "S": d.array(x.shape[a:])}, {"axis": a, "epsilon": 1e-3}))(
        *(lambda x: (x, d.axis(x.ndim)))(d.array(d.shape(1, 4), d.one(F, F, np.float64)))), opset=23)
    repeat(pack, "LayerNormalization", 12, lambda d: (lambda x, a: full({"X": x, "S": d.array(x.shape[a:]), "B": d.array(x.shape[a:]) if d.chance() else None},
                                                                       {"axis": a}, d.int(1, 3)))(*(lambda x: (x, d.axis(x.ndim)))(d.array(d.shape(1, 4)))))
    repeat(pack, "GroupNormalization", 6, lambda d: (lambda g, c: full({"X": d.array((2, g * c, 3, 2)), "S": d.array((g * c,)), "B": d.array((g * c,))}, {"num_groups": g}))(
        d.int(1, 3), d.int(1, 3)), opset=21)
    repeat(pack, "InstanceNormalization", 4, lambda d: (lambda c: full({"X": d.array((2, c, *d.shape(1, 3, 2))), "S": d.array((c,)), "B": d.array((c,))}))(d.int(1, 4)))
    repeat(pack, "BatchNormalization", 6, lambda d: (lambda c: full({"X": d.array((2, c, *d.shape(0, 3))), "S": d.array((c,)), "B": d.array((c,)), "M": d.array((c,)),
                                                                    "V": d.rng.random(c).astype(F) + 0.1}))(d.int(1, 4)))


def text(pack):
    words = ["Ant", "bee", "COW", "", "naïve café", "a b  c", "x,y,,z", "Straße"]

    def some(d, n=6):
        return np.array([d.one(*words) for _ in range(n)], dtype=object)
    for i, attributes in enumerate((dict(case_change_action="LOWER"), dict(case_change_action="UPPER", is_case_sensitive=0, stopwords=["bee", "cow"]),
                                    dict(is_case_sensitive=1, stopwords=["bee", "Ant"]), dict(case_change_action="LOWER", is_case_sensitive=1, stopwords=["COW"]))):
        d = Dice(f"normalizer{i}")
        case(pack, f"StringNormalizer_{i}", "StringNormalizer", {"X": np.array(["Ant", "bee", "COW", "dog"], dtype=object)}, 1, attributes | {"locale": "C"})
    repeat(pack, "StringConcat", 4, lambda d: full({"A": some(d), "B": some(d, d.one(1, 6))}))
    # An empty string: no part for ONNX Runtime, one empty part for the reference.
    repeat(pack, "StringSplit", 8, lambda d: full({"X": np.where(some(d) == "", "x", "a,b c")}, ({"delimiter": d.one(",", " ", "")} if d.chance(0.8) else {}) | ({"maxsplit": d.int(0, 2)} if d.chance() else {}), 2))
    repeat(pack, "RegexFullMatch", 6, lambda d: full({"X": some(d)}, {"pattern": d.one("[a-z]+", "[A-Z]\\w*", ".*,.*", "(a|b| |c)+", "")}))
    for mode in ("TF", "IDF", "TFIDF"):
        d = Dice(mode)
        attributes = dict(mode=mode, min_gram_length=1, max_gram_length=2, max_skip_count=d.int(0, 2), ngram_counts=[0, 3], ngram_indexes=[0, 1, 2, 3, 4, 5],
                          pool_int64s=[1, 2, 3, 1, 2, 2, 3, 3, 1], weights=[0.5, 1.0, 2.0, 0.25, 3.0, 1.5])
        case(pack, f"TfIdfVectorizer_{mode}", "TfIdfVectorizer", {"X": d.rng.integers(1, 4, (2, 7))}, 1, attributes)


FAMILIES = (movement, picking, sliding, pooling, resizing, recurrent, attention, text)


def main():
    pack = Pack(Path(sys.argv[1]), verbose=True)
    for family in FAMILIES:
        if len(sys.argv) < 3 or sys.argv[2] in family.__name__:
            family(pack)
    pack.finish()


if __name__ == "__main__":
    main()
