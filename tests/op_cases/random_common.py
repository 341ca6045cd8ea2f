"""What the random cases of ai.onnx share."""
import numpy as np
from onnx import ValueInfoProto, helper

from op_pack import answer_apart, generator, one_op, tensor_type


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
