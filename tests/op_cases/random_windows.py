"""Ops of ai.onnx that slide over and resize."""
import numpy as np

from random_common import Dice, F, case, full, repeat


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
