"""Ops of ai.onnx that move and pick."""
import numpy as np

from random_common import ANY, Dice, F, full, repeat


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
