#!/usr/bin/env python3
"""Writes random cases of products, normalizations, transforms, attention and losses, in the suites' layout. What they should
give is computed with numpy from the operators' documentation.

Sums are of small integers, or in float64, so that another order of summation makes no difference.

    python tests/conformance/random_ops.py FOLDER
"""
import sys
from pathlib import Path

import numpy as np
from onnx import helper, numpy_helper

FOLDER = Path(sys.argv[1])
RANDOM = np.random.default_rng(20)
COUNTS = {}


def normal(*shape):
    return RANDOM.normal(size=shape)


def integers(shape, dtype=np.float32, low=-4, high=5):
    low = 0 if np.dtype(dtype).kind == "u" else low
    return RANDOM.integers(low, high, shape).astype(dtype)


def below(n):
    return int(RANDOM.integers(0, n))


def pick(*choices):
    return choices[below(len(choices))]


def case(op, inputs, outputs, names=("y",), opset=24, ranked=True, **attributes):
    """inputs: name -> array, or None for an absent one. outputs: arrays, one per name that is not empty."""
    given = {n: np.asarray(a) for n, a in inputs.items() if a is not None}

    def infos(arrays):
        return [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape if ranked else None)
                for n, a in arrays.items()]
    node = helper.make_node(op, [n if a is not None else "" for n, a in inputs.items()], list(names), **attributes)
    outputs = dict(zip([n for n in names if n], map(np.asarray, outputs)))
    graph = helper.make_graph([node], op, infos(given), infos(outputs))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    number = COUNTS[op] = COUNTS.get(op, 0) + 1
    folder = FOLDER / f"test_{op.lower()}_{number:03}" / "test_data_set_0"
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / "model.onnx").write_bytes(model.SerializeToString())
    for role, arrays in (("input", given), ("output", outputs)):
        for i, array in enumerate(arrays.values()):
            (folder / f"{role}_{i}.pb").write_bytes(numpy_helper.from_array(array).SerializeToString())


def matmul():
    shapes = [((5,), (5,)), ((5,), (5, 3)), ((4, 5), (5,)), ((2, 4, 5), (5,)), ((5,), (3, 5, 2)), ((0, 3), (3, 4)),
              ((3, 0), (0, 4)), ((2, 3, 4), (0, 4, 5)[1:]), ((1, 7), (7, 300)), ((3, 300), (300, 5)), ((70, 9), (9, 2)),
              ((65, 257), (257, 300)), ((130, 300), (300, 17)), ((2, 1, 6, 7), (3, 7, 8)), ((4, 1, 3), (1, 3, 1))]
    for _ in range(20):
        m, k, n = (1 + below(12) for _ in range(3))
        batch = [1 + below(3) for _ in range(below(3))]
        a = tuple(pick(d, 1) for d in batch[below(len(batch) + 1):]) + (m, k)
        b = tuple(pick(d, 1) for d in batch[below(len(batch) + 1):]) + (k, n)
        shapes.append((a, b))
    dtypes = [np.float32, np.float64, np.float16, np.int32, np.int64, np.uint32, np.uint64]
    for i, (a, b) in enumerate(shapes):
        a, b = (integers(s, dtypes[i % len(dtypes)], -2, 3) for s in (a, b))
        case("MatMul", {"a": a, "b": b}, [np.matmul(a, b)], ranked=pick(True, False))
    big = RANDOM.integers(0, 2**63, (2, 3, 3)).astype(np.uint64)
    case("MatMul", {"a": big[0], "b": big[1]}, [np.matmul(big[0], big[1])])


def gemm():
    for i in range(30):
        m, k, n = (pick(1, 2, 5, 9, 70) for _ in range(3))
        dtype = pick(np.float32, np.float64, np.float16, np.int32, np.int64)
        scaled = np.dtype(dtype).kind == "f"
        alpha, beta = (pick(1.0, 0.5, -2.0), pick(1.0, 0.0, 3.0)) if scaled else (1.0, 1.0)
        ta, tb = pick(0, 1), pick(0, 1)
        a, b = integers((k, m) if ta else (m, k), dtype), integers((n, k) if tb else (k, n), dtype)
        c = pick(None, (), (n,), (1, n), (m, 1), (1, 1), (m, n))
        c = None if c is None else integers(c, dtype)
        y = alpha * np.matmul(a.T if ta else a, b.T if tb else b, dtype=np.float64) + (0 if c is None else beta * c)
        case("Gemm", {"a": a, "b": b, "c": c}, [y.astype(dtype)], alpha=alpha, beta=beta, transA=ta, transB=tb)


def einsum():
    fixed = [("ij,jk", 2), ("ba,ca", 2), ("i,j->ij", 2), ("ii", 1), ("ii->i", 1), ("iij->j", 1), ("...ij,...jk->...ik", 2),
             ("...ij->...ji", 1), ("i...->...", 1), ("a...b,b...->a...", 2), ("ab,bc,cd,de->ae", 4), ("ij->", 1), ("Ab,bA", 2),
             ("abc,cd,def->abef", 3), ("i,i,i->", 3), ("ij,kl->jl", 2), ("bhqd,bhkd->bhqk", 2), (" i j , j k -> i k ", 2),
             ("...,...", 2), ("...a,...a->...", 2), ("a,a,b,b,c->c", 5)]
    for _ in range(25):
        letters = "abcde"[:2 + below(4)]
        terms = ["".join(RANDOM.choice(list(letters), 1 + below(3))) for _ in range(1 + below(4))]
        used = sorted(set("".join(terms)))
        output = "".join(RANDOM.permutation(used)[:below(len(used) + 1)])
        fixed.append((",".join(terms) + "->" + output, len(terms)))
    for equation, count in fixed:
        sizes = {c: 1 + below(4) for c in "abcdefghijklmnopqrstuvwxyzA"}
        dots = [1 + below(3) for _ in range(below(3))]
        terms = equation.replace(" ", "").split("->")[0].split(",")
        assert len(terms) == count
        dtype = pick(np.float32, np.float64, np.int32, np.int64)
        arrays = {}
        for i, term in enumerate(terms):
            shape = []
            for part in term.replace("...", "."):
                shape += [pick(d, d, 1) for d in dots] if part == "." else [sizes[part]]
            arrays[f"x{i}"] = integers(shape, dtype, -2, 3)
        case("Einsum", arrays, [np.einsum(equation.replace(" ", ""), *arrays.values()).astype(dtype)], equation=equation)


def det():
    for shape in [(1, 1), (2, 2), (5, 5), (2, 3, 4, 4), (0, 3, 3), (6, 6)]:
        x = normal(*shape)
        case("Det", {"x": x}, [np.linalg.det(x)])
    case("Det", {"x": np.ones((3, 3))}, [np.array(0.0)])


def statistics(x, axes, keep=True):
    return x.mean(axis=axes, keepdims=keep), x.var(axis=axes, keepdims=keep)


def normalizations():
    for rank in (2, 3, 4, 5):
        x = normal(*[2 + below(3) for _ in range(rank)]) * 3 + 1
        c = x.shape[1]
        scale, bias, mean, var = normal(c), normal(c), normal(c), np.abs(normal(c)) + 0.1
        along = (slice(None),) + (None,) * (rank - 2)
        names = dict(zip(("x", "s", "b", "m", "v"), (x, scale, bias, mean, var)))
        y = (x - mean[along]) / np.sqrt(var[along] + np.float32(1e-2)) * scale[along] + bias[along]
        case("BatchNormalization", names, [y], epsilon=1e-2)
        axes = tuple(i for i in range(rank) if i != 1)
        now_mean, now_var = statistics(x, axes, keep=False)
        y = (x - now_mean[along]) / np.sqrt(now_var[along] + np.float32(1e-5)) * scale[along] + bias[along]
        keep = np.float64(np.float32(0.7))
        case("BatchNormalization", names, [y, mean * keep + now_mean * (1 - keep), var * keep + now_var * (1 - keep)],
             names=("y", "rm", "rv"), training_mode=1, momentum=0.7)
        if rank == 2:
            continue
        axes = tuple(range(2, rank))
        now_mean, now_var = statistics(x, axes)
        y = (x - now_mean) / np.sqrt(now_var + np.float32(1e-5)) * scale[along] + bias[along]
        case("InstanceNormalization", {"x": x, "s": scale, "b": bias}, [y])
        for groups in (1, 2, 3, 6):
            x = normal(2, 6, *[2 + below(3) for _ in range(rank - 2)])
            scale, bias = normal(6), normal(6)
            flat = x.reshape(2, groups, -1)
            now_mean, now_var = statistics(flat, (2,))
            y = ((flat - now_mean) / np.sqrt(now_var + np.float32(1e-3))).reshape(x.shape)
            case("GroupNormalization", {"x": x, "s": scale, "b": bias}, [y * scale[along] + bias[along]],
                 num_groups=groups, epsilon=1e-3)
    for _ in range(25):
        rank = 1 + below(4)
        x = normal(*[1 + below(5) for _ in range(rank)])
        axis = below(2 * rank) - rank
        axes = tuple(range(axis % rank, rank))

        def parameter():
            shape = tuple(pick(d, d, 1) for d in x.shape)
            return normal(*shape[below(rank):])
        scale, bias = parameter(), pick(None, parameter())
        now_mean, now_var = statistics(x, axes)
        inverse = 1 / np.sqrt(now_var + np.float32(1e-5))
        y = (x - now_mean) * inverse * scale + (0 if bias is None else bias)
        outputs = [y, now_mean.astype(np.float32), inverse.astype(np.float32)]
        count = pick(1, 3)
        case("LayerNormalization", {"x": x, "s": scale, "b": bias}, outputs[:count], names=("y", "m", "i")[:count], axis=axis)
        rms = x / np.sqrt((x * x).mean(axis=axes, keepdims=True) + np.float32(1e-5))
        case("RMSNormalization", {"x": x, "s": scale}, [rms * scale], axis=axis)
        p = pick(1, 2)
        norm = np.linalg.norm(x, ord=p, axis=axis, keepdims=True)
        case("LpNormalization", {"x": x}, [x / norm], axis=axis, p=p)
        axes = tuple(int(a) for a in RANDOM.permutation(rank)[:1 + below(rank)])
        now_mean, now_var = statistics(x, axes)
        case("MeanVarianceNormalization", {"x": x}, [(x - now_mean) / (np.sqrt(now_var) + 1e-9)], axes=axes)


def parts(z):
    return np.stack([z.real, z.imag], -1)


def transforms():
    for n in [1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 30, 97, 128, 360, 1000, 1009]:
        wanted = pick(None, n, n + 3, max(1, n // 2))
        size = wanted or n
        given = None if wanted is None else np.array(wanted, pick(np.int32, np.int64))
        axis = below(2)
        shape = (n, 2) if axis == 0 else (3, n)
        where = np.array(pick(axis, axis - 3), np.int64)
        z = normal(*shape) + 1j * normal(*shape)
        for inverse, f in ((0, np.fft.fft), (1, np.fft.ifft)):
            case("DFT", {"x": parts(z), "n": given, "axis": where}, [parts(f(z, size, axis))], inverse=inverse)
        real = z.real[..., None]
        case("DFT", {"x": real, "n": given, "axis": where}, [parts(np.fft.fft(z.real, size, axis))])
        case("DFT", {"x": real, "n": given, "axis": where}, [parts(np.fft.rfft(z.real, size, axis))], onesided=1)
        if wanted or n > 1:
            back = np.fft.irfft(z, size if wanted else 2 * (n - 1), axis)[..., None]
            case("DFT", {"x": parts(z), "n": given, "axis": where}, [back], onesided=1, inverse=1)
    for length, n, step in [(20, 8, 3), (20, 20, 1), (33, 12, 12), (50, 7, 5)]:
        for is_complex in (False, True):
            z = normal(2, length) + (1j * normal(2, length) if is_complex else 0)
            window = pick(None, normal(n))
            frames = np.stack([z[:, i:i + n] for i in range(0, length - n + 1, step)], 1) * (1 if window is None else window)
            onesided = 0 if is_complex else pick(0, 1)
            y = parts(np.fft.fft(frames))[:, :, :n // 2 + 1 if onesided else n]
            x = parts(z) if is_complex else z.real[..., None]
            frame = np.array(n) if window is None else pick(None, np.array(n))
            case("STFT", {"x": x, "step": np.array(step), "window": window, "n": frame}, [y], onesided=onesided)


def attention():
    for _ in range(60):
        batch, kv, group, q_len, kv_len = (1 + below(3) for _ in range(5))
        size, v_size, past = 1 + below(6), 1 + below(6), below(4)
        heads, kv_len = kv * group, kv_len + below(4)
        q, k, v = (normal(batch, h, n, d) for h, n, d in ((heads, q_len, size), (kv, kv_len, size), (kv, kv_len, v_size)))
        attributes = {"is_causal": pick(0, 0, 1), "softcap": pick(0.0, 2.5), "qk_matmul_output_mode": below(4)}
        if pick(0, 1):
            attributes["scale"] = 0.3
        flat = pick(False, True)
        if flat:
            q, k, v = (x.transpose(0, 2, 1, 3).reshape(batch, x.shape[2], -1) for x in (q, k, v))
            attributes |= {"q_num_heads": heads, "kv_num_heads": kv}
        inputs = {"q": q, "k": k, "v": v, "mask": None, "pk": None, "pv": None, "valid": None}
        padded = pick(False, False, True)
        if padded:
            past = 0
            inputs["valid"] = RANDOM.integers(1, kv_len + 1, batch)
        total = past + kv_len
        if past:
            inputs |= {"pk": normal(batch, kv, past, size), "pv": normal(batch, kv, past, v_size)}
        shape = pick(None, (q_len, total), (heads, q_len, total), (batch, 1, q_len, total), (batch, heads, q_len, total))
        if shape:
            mask = normal(*shape) if pick(0, 1) or attributes["is_causal"] else RANDOM.random(shape) < 0.6
            if mask.dtype == bool:
                mask[..., 0] = True  # a row of nothing has no softmax
            inputs["mask"] = mask
        names = ("y", "", "", "qk") if padded else ("y", "pk1", "pv1", "qk")
        outputs = attend(inputs, heads, kv, **attributes)
        case("Attention", inputs, outputs if not padded else [outputs[0], outputs[3]], names=names, **attributes)


def attend(inputs, heads, kv, is_causal, softcap, qk_matmul_output_mode, scale=None, **_):
    """What the specification of Attention says, plainly."""
    q, k, v = (inputs[n] for n in "qkv")
    flat = q.ndim == 3
    if flat:
        q, k, v = (x.reshape(x.shape[0], x.shape[1], h, -1).transpose(0, 2, 1, 3) for x, h in ((q, heads), (k, kv), (v, kv)))
    past = 0
    if inputs["pk"] is not None:
        past = inputs["pk"].shape[2]
        k, v = np.concatenate([inputs["pk"], k], 2), np.concatenate([inputs["pv"], v], 2)
    present = k, v
    k, v = (np.repeat(x, heads // kv, axis=1) for x in (k, v))
    scale = 1 / np.sqrt(q.shape[-1]) if scale is None else np.float64(np.float32(scale))
    stages = [q @ k.transpose(0, 1, 3, 2) * scale]
    scores = stages[0]
    if softcap:
        scores = softcap * np.tanh(scores / softcap)
    stages.append(scores)
    mask = inputs["mask"]
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    rows, columns = np.indices(scores.shape[2:])
    if is_causal:
        scores = np.where(columns <= rows + past, scores, -np.inf)
    if inputs["valid"] is not None:
        scores = np.where(columns < inputs["valid"][:, None, None, None], scores, -np.inf)
    stages.append(np.broadcast_to(scores, stages[0].shape))
    e = np.exp(scores - scores.max(-1, keepdims=True))
    stages.append(e / e.sum(-1, keepdims=True))
    y = stages[3] @ v
    if flat:
        y = y.transpose(0, 2, 1, 3).reshape(y.shape[0], y.shape[2], -1)
    return [y, *present, stages[qk_matmul_output_mode]]


def losses():
    for _ in range(20):
        batch, classes = 1 + below(4), 1 + below(5)
        rest = [1 + below(3) for _ in range(below(3))]
        x, labels = normal(batch, classes, *rest), RANDOM.integers(0, classes, (batch, *rest)).astype(pick(np.int32, np.int64))
        weights = pick(None, np.abs(normal(classes)) + 0.1)
        attributes = {"reduction": pick("none", "sum", "mean")}
        used = np.ones(labels.shape) if weights is None else weights[labels]
        if pick(0, 1) and labels.size > 1:
            attributes["ignore_index"] = pick(-1, 77)
            ignored = RANDOM.random(labels.shape) < 0.3
            ignored.flat[0] = False
            labels, used = np.where(ignored, attributes["ignore_index"], labels).astype(labels.dtype), used * ~ignored

        def loss(logarithms):
            picked = np.take_along_axis(logarithms, np.clip(labels, 0, classes - 1)[:, None].astype(np.int64), 1)[:, 0]
            each = -picked * used
            return {"none": each, "sum": each.sum(), "mean": each.sum() / used.sum()}[attributes["reduction"]]
        case("NegativeLogLikelihoodLoss", {"x": x, "t": labels, "w": weights}, [loss(x)], **attributes)
        logarithms = x - np.log(np.exp(x).sum(1, keepdims=True))
        case("SoftmaxCrossEntropyLoss", {"x": x, "t": labels, "w": weights}, [loss(logarithms), logarithms],
             names=("y", "l"), **attributes)


def main():
    matmul()
    gemm()
    einsum()
    det()
    normalizations()
    transforms()
    attention()
    losses()
    print(f"{sum(COUNTS.values())} cases")


if __name__ == "__main__":
    main()
