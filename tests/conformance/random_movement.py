#!/usr/bin/env python3
"""Writes random cases of ops that move, pick, put and rank elements and of those on strings, in the suites' layout. What
they should give is computed by ONNX Runtime; StringSplit's by Python, whose str.split the specification follows where ONNX
Runtime does not (empty strings, white space other than blanks).

    python tests/conformance/random_movement.py FOLDER
"""
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import TensorProto, ValueInfoProto, helper, numpy_helper

FOLDER = Path(sys.argv[1])
RANDOM = np.random.default_rng(24)
COUNTS = {}

NUMBERS = (np.float32, np.float64, np.int32, np.int64, np.uint8, np.int8)
ANY = NUMBERS + (np.bool_, np.float16)
EXTREMES = (-2**63, 2**63 - 1, -2**31, 2**31 - 1)


def type_of(array):
    return TensorProto.STRING if array.dtype == object else helper.np_dtype_to_tensor_dtype(array.dtype)


def model_of(node, inputs, outputs, opset):
    infos = [helper.make_tensor_value_info(n, type_of(a), [f"{n}{i}" for i in range(a.ndim)]) for n, a in inputs.items()]
    graph = helper.make_graph([node], node.op_type, infos, outputs)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def case(op, *inputs, outputs=1, opset=21, expected=None, **attributes):
    """Inputs in order, None for an absent one."""
    names = [f"i{k}" if a is not None else "" for k, a in enumerate(inputs)]
    given = {n: np.asarray(a) for n, a in zip(names, inputs) if a is not None}
    node = helper.make_node(op, names, [f"o{k}" for k in range(outputs)], **attributes)
    if expected is None:
        untyped = [ValueInfoProto(name=n) for n in node.output]
        try:
            session = onnxruntime.InferenceSession(model_of(node, given, untyped, opset).SerializeToString(),
                                                   providers=["CPUExecutionProvider"])
            expected = session.run(None, given)
        except Exception:  # no kernel for the dtype, or a case that ONNX Runtime leaves out
            return
    results = {n: np.asarray(a) for n, a in zip(node.output, expected)}
    typed = [helper.make_tensor_value_info(n, type_of(a), [None] * a.ndim) for n, a in results.items()]
    number = COUNTS[op] = COUNTS.get(op, 0) + 1
    folder = FOLDER / f"test_{op.lower()}_{number:03}" / "test_data_set_0"
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / "model.onnx").write_bytes(model_of(node, given, typed, opset).SerializeToString())
    for role, arrays in (("input", given), ("output", results)):
        for i, (name, array) in enumerate(arrays.items()):
            (folder / f"{role}_{i}.pb").write_bytes(numpy_helper.from_array(array, name).SerializeToString())


def below(n):
    return int(RANDOM.integers(0, n))


def pick(*choices):
    return choices[below(len(choices))]


def shape(least=0, most=4):
    return tuple(0 if below(40) == 0 else 1 + below(5) for _ in range(RANDOM.integers(least, most + 1)))


def array(dims, dtype=None):
    dtype = dtype or pick(*ANY)
    if dtype is object:
        words = [chr(97 + c) * n for c, n in RANDOM.integers(0, 3, (int(np.prod(dims)), 2))]
        return np.array(words, dtype=object).reshape(dims)
    return RANDOM.integers(0 if np.dtype(dtype).kind in "ub" else -4, 2 if dtype is np.bool_ else 6, dims).astype(dtype)


def axis_of(dims):
    return below(2 * len(dims)) - len(dims)


def indices(dims, n):
    return RANDOM.integers(-n, n, dims).astype(pick(np.int32, np.int64))


def vector(*numbers):
    return np.array(numbers, np.int64)


def order(n):
    return [int(a) for a in RANDOM.permutation(n)]


def shuffled():
    for dims in (shape(), tuple(1 + below(40) for _ in range(2 + below(3)))):
        case("Transpose", array(dims), **({"perm": order(len(dims))} if dims and below(5) else {}))
    dims = shape()
    x = array(dims)
    case("Shape", x, start=below(10) - 5, **({"end": below(10) - 5} if below(3) else {}))
    case("Flatten", x, axis=below(2 * len(dims) + 1) - len(dims))
    case("Tile", x, RANDOM.integers(0, 4, len(dims)))
    shrunk = array([pick(d, d, 1) for d in dims])
    case("Expand", shrunk, vector(*[2] * below(2), *dims))
    block = 1 + below(3)
    n, c, h, w = (1 + below(3) for _ in range(4))
    for mode in ("DCR", "CRD"):
        case("DepthToSpace", array((n, c * block * block, h, w), np.float32), blocksize=block, mode=mode)
    case("SpaceToDepth", array((n, c, h * block, w * block), np.float32), blocksize=block)
    if len(dims) >= 2:
        batch = below(2)
        lengths = RANDOM.integers(min(1, dims[1 - batch]), dims[1 - batch] + 1, dims[batch])
        case("ReverseSequence", x, lengths, batch_axis=batch, time_axis=1 - batch)
        case("Trilu", x, np.array(below(13) - 6) if below(4) else None, upper=below(2))


def cut():
    dims = shape(1)
    x = array(dims)
    count = 1 + below(len(dims))
    axes = [pick(a, a - len(dims)) for a in order(len(dims))[:count]]
    steps = [pick(-3, -2, -1, 1, 2, 3) for _ in axes]
    starts = [pick(*EXTREMES) if below(5) == 0 else below(15) - 7 for _ in axes]
    # ONNX Runtime takes the largest number as "to the end" backwards, too, which the specification does not.
    ends = [(-2**63 if s < 0 else 2**63 - 1) if below(5) == 0 else below(15) - 7 for s in steps]
    case("Slice", x, vector(*starts), vector(*ends), vector(*axes), vector(*steps))
    case("Slice", x, vector(*starts), vector(*[e if s > 0 else 3 for e, s in zip(ends, steps)]))
    axis = axis_of(dims)
    n, parts = dims[axis], 1 + below(3)
    case("Split", x, axis=axis, num_outputs=parts, outputs=parts)
    cuts = sorted(RANDOM.integers(0, n + 1, parts - 1))
    case("Split", x, np.diff([0, *cuts, n]).astype(np.int64), axis=axis, outputs=parts)
    pieces = []
    for _ in range(1 + below(3)):
        piece = list(dims)
        piece[axis] = below(4)
        pieces.append(array(piece, x.dtype.type))
    case("Concat", *pieces, axis=axis)
    some = order(len(dims))[:count]
    case("CenterCropPad", x, RANDOM.integers(1, 9, count), axes=some)
    numbers = array(dims, pick(*NUMBERS))
    for mode, most in (("constant", 7), ("edge", 7), ("reflect", min(dims)), ("wrap", min(dims) + 1)):
        pads = RANDOM.integers(-1 if mode == "constant" else 0, max(1, most), 2 * len(dims))
        case("Pad", numbers, pads, np.array(3, numbers.dtype) if mode == "constant" else None, opset=19, mode=mode)


def picked():
    dims = shape(1)
    x, axis = array(dims), axis_of(dims)
    n = dims[axis]
    case("NonZero", x)
    case("Compress", x, RANDOM.random(below(x.size + 1)) < 0.5)
    case("Compress", x, RANDOM.random(below(n + 1)) < 0.5, axis=axis)
    values = RANDOM.normal(size=dims).astype(np.float32) if below(2) else array(dims, pick(*NUMBERS))
    case("TopK", values, vector(below(n + 1)), axis=axis, largest=below(2), outputs=2)
    if 0 in dims:
        return
    words = array(dims, pick(np.float32, np.float64, np.int8, np.int64, object))
    case("Unique", words, outputs=4, sorted=below(2), **({"axis": axis} if below(3) else {}))
    case("Gather", x, indices(shape(0, 2), n), axis=axis)
    where = [1 + below(d) for d in dims]
    where[axis] = 1 + below(7)
    at = indices(where, n)
    case("GatherElements", x, at, axis=axis)
    number = array(dims, pick(*NUMBERS))
    for reduction in ("add", "mul", "min", "max"):
        case("ScatterElements", number, at, array(at.shape, number.dtype.type), opset=18, axis=axis, reduction=reduction)
    once = np.argsort(RANDOM.random(dims), axis=axis)  # where a place is named twice, either may win
    case("ScatterElements", number, once, array(dims, number.dtype.type), axis=axis)
    batch = below(min(2, len(dims)))
    for first in (batch, 0):
        named = 1 + below(len(dims) - first)
        lead = dims[:first] + tuple(1 + below(3) for _ in range(below(3)))
        tuples = np.stack([RANDOM.integers(-dims[first + k], dims[first + k], lead) for k in range(named)], -1)
        case("GatherND", x, tuples, batch_dims=first)
    for reduction in ("add", "mul", "min", "max"):
        updates = array(tuples.shape[:-1] + dims[named:], number.dtype.type)
        case("ScatterND", number, tuples, updates, opset=18, reduction=reduction)


def made():
    dtype = pick(np.float32, np.float64, np.int16, np.int32, np.int64)
    if np.issubdtype(dtype, np.integer):
        case("Range", *(np.array(v, dtype) for v in (below(20) - 10, below(20) - 10, pick(-3, -2, -1, 1, 2, 3))))
    else:
        case("Range", *(np.array(v, dtype) for v in RANDOM.normal(size=3) * (5, 5, 1)))
    case("EyeLike", array((1 + below(5), 1 + below(5)), np.float32), k=below(11) - 5, dtype=pick(1, 7, 11, 6))
    which = RANDOM.integers(-7, 8, shape(1, 3)).astype(pick(np.int64, np.int32, np.float32))
    case("OneHot", which, vector(1 + below(6)), np.array([2, 7], pick(np.float32, np.int64)), axis=pick(-1, 0, 1))
    batch, classes, count = 1 + below(2), 1 + below(2), 1 + below(12)
    case("NonMaxSuppression", RANDOM.random((batch, count, 4), np.float32), RANDOM.random((batch, classes, count), np.float32),
         vector(below(6)), np.float32([RANDOM.random() * 0.8]), np.float32([RANDOM.random() * 0.5]), center_point_box=below(2))


def split(text, delimiter, most):
    return text.split(delimiter or None, -1 if most is None else most)


def text():
    words = array(shape(1, 3), object)
    case("StringConcat", words, array((1,), object), opset=20)
    texts = [pick("a,b,,c", "  x y  z ", "", ",", "é ü,ß", "a  b  c d ", "\t q\n", "日 本,") for _ in range(1 + below(5))]
    delimiter, most = pick(None, "", ",", " ", "b,"), pick(None, 0, 1, 2)
    attributes = {k: v for k, v in (("delimiter", delimiter), ("maxsplit", most)) if v is not None}
    parts = [split(t, delimiter, most) for t in texts]
    longest = max(map(len, parts))
    padded = np.array([p + [""] * (longest - len(p)) for p in parts], dtype=object).reshape(len(parts), longest)
    case("StringSplit", np.array(texts, dtype=object), outputs=2, opset=20, expected=(padded, vector(*map(len, parts))),
         **attributes)
    least = 1 + below(3)
    pool = [0, 1, 2] + [0, 1, 1, 2, 3, 3] + [0, 1, 2, 1, 1, 1]  # three 1-grams, three 2-grams, two 3-grams
    attributes = {"mode": pick("TF", "IDF", "TFIDF"), "min_gram_length": least, "max_gram_length": least + below(4 - least),
                  "max_skip_count": below(4), "ngram_counts": [0, 3, 9], "ngram_indexes": order(8),
                  "weights": RANDOM.random(8).tolist()}
    tokens = RANDOM.integers(0, 5, (1 + below(2), 1 + below(12)))
    if below(2):
        case("TfIdfVectorizer", tokens, pool_int64s=pool, **attributes)
    else:
        case("TfIdfVectorizer", np.vectorize(chr, otypes=[object])(tokens + 97), pool_strings=[chr(97 + t) for t in pool],
             **attributes)


# What RE2 makes of patterns and texts; ONNX Runtime matches with RE2.
PATTERNS = r"""a* | a+b? | (ab)+ | [a-c]+ | [^a] | . | .* | (?s).* | \d+ | \D+ | \w+ | \W | \s | \S* | (?i)ab | (?i)é | (?i)[k] |
    (?i)ω | (?i)ΑΣ | (?i)[^k] | \pL+ | \p{Lu} | \P{Ll}+ | \p{^L}+ | [\pN\s] | [^\PL] | [[:alpha:]]+ | [[:^alpha:]] | [^\d] |
    []a] | [^]a] | [a\]] | [-a] | \Qa{2}\E+ | a{2} | a{2,} | a{1,2}b | a{,2} | \x41 | \x{3a9} | \101 | \. | (a;b;)c? | ^a$ |
    \Aa\z | a\b | \ba\B | (?m)a$\n^b | a\nb | (?P<n>a)(b) | [\w.]+@\w+\.com | a??b*? | (?U)a+ | (?i:a)b | [^\n]* | (;a)+ |
    (a*)* | (a;aa)+$ | $;a | a;^ | \b | 0[xX][[:xdigit:]]+ | (?-i)a | (?i-s:A.) | \pZ | [é-ω]+ | \v | \a*"""
TEXTS = """_ ab abc aab aaa abab A AB a\nb \n 1 12 a1 é É ß 日本 a日 Ω ω foo.bar@x.com x-y (a) [a] \\ a{2} a{2}} - ^ $ . \t \0 a,b K k
    ſ s € ½ Ⅷ 0x1F ΑΣ ας ασ""".split(" ") + ["", "a b", " "]


def random_pattern(depth=0):
    kind = below(9) if depth < 4 else 0
    if kind < 4:
        return pick("a", "b", "c", ".", "[ab]", "[^b]", r"\w", r"\d", "é", "(?i:A)")
    if kind < 6:
        return random_pattern(depth + 1) + random_pattern(depth + 1)
    if kind < 7:
        return f"({random_pattern(depth + 1)}|{random_pattern(depth + 1)})"
    return f"({random_pattern(depth + 1)})" + pick("*", "+", "?", "{2}", "{0,2}", "{1,}", "*?")


def regular_expressions():
    texts = [t.replace("\n    ", "") for t in TEXTS] + ["".join(pick(*"abcé1 ") for _ in range(1 + below(7))) for _ in range(60)]
    patterns = [p.strip().replace(";", "|") for p in PATTERNS.split("|")] + [random_pattern() for _ in range(120)]
    for pattern in patterns:
        case("RegexFullMatch", np.array(texts, dtype=object), opset=20, pattern=pattern)


def main():
    onnxruntime.set_default_logger_severity(4)
    for _ in range(40):
        shuffled()
        cut()
        picked()
        made()
        text()
    regular_expressions()
    print(f"{sum(COUNTS.values())} cases")


if __name__ == "__main__":
    main()
