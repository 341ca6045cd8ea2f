"""What the cases of com.microsoft share."""
import numpy as np
from onnx import helper

from op_pack import answer, generator, one_op


MS = "com.microsoft"
HALF = {"atol": 0.02, "rtol": 0.02}
F, I32, I64 = np.float32, np.int32, np.int64


def floats(rng, *shape, dtype=F, scale=1.0):
    return (rng.standard_normal(shape) * scale).astype(dtype)


def bytes_of(rng, *shape, dtype=np.uint8):
    # ONNX Runtime saturates sums of 8-bit products on CPUs that have AVX2 and no VNNI: 7 bits are exact everywhere.
    low, high = (-64, 63) if dtype == np.int8 else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return rng.integers(low, high, shape, endpoint=True).astype(dtype)


def kind(dtype):
    return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


def case(pack, name, op, feed, outputs=None, attributes=None, expected=None, constants=(), like=None, **tolerance):
    """`feed` in the node's order. By default one output of the first input's type. `like`: a feed that means the same and
    that ONNX Runtime takes."""
    first = next(a for a in feed.values() if a is not None)
    model = one_op(op, feed, outputs or {"Y": kind(first.dtype)}, attributes, MS, constants,
                   ranks_only=generator(name).random() < 0.3)
    if like is not None:
        like = {k: v for k, v in like.items()}
        expected = answer(one_op(op, like, outputs or {"Y": kind(first.dtype)}, attributes, MS), {k: v for k, v in like.items() if v is not None})
    by = {"by": "numpy"} if expected is not None and like is None else {}
    pack.add(name, model, {k: v for k, v in feed.items() if v is not None}, expected, **by, **tolerance)
