"""Attention of com.microsoft."""
import itertools

import numpy as np
from onnx import TensorProto as T

from contrib_common import F, HALF, I32, I64, bytes_of, case, floats
from op_pack import generator


def masks_of(rng, batch, queries, total):
    lengths = rng.integers(1, total, batch, endpoint=True).astype(I32)
    return {"none": None, "lengths": lengths,
            "ends": np.concatenate([lengths, rng.integers(0, lengths)]).astype(I32),
            "raw": (rng.random((batch, total)) < 0.7).astype(I32),
            "three": (rng.random((batch, queries, total)) < 0.7).astype(I32)}


def attention(pack):
    batch, rows, width, heads, hidden = 2, 4, 6, 2, 8
    for mask, past, causal, bias in itertools.product(("none", "lengths", "ends", "raw", "three"), (0, 3), (0, 1), (0, 1, 2)):
        if past and bias:
            continue
        name = f"attention_{mask}_{past}_{causal}_{bias}"
        rng = generator(name)
        feed = {"X": floats(rng, batch, rows, width), "W": floats(rng, width, 3 * hidden, scale=0.5), "B": floats(rng, 3 * hidden),
                "mask": masks_of(rng, batch, rows, rows + past)[mask],
                "past": floats(rng, 2, batch, heads, past, hidden // heads) if past else None,
                "bias": floats(rng, *((1, heads), (batch, 1))[bias - 1], rows, rows + past) if bias else None}
        attributes = dict(num_heads=heads, unidirectional=causal)
        if bias == 2:
            attributes |= dict(scale=0.4, mask_filter_value=-50.0)
        outputs = {"Y": T.FLOAT} | ({"P": T.FLOAT} if past or bias else {})
        case(pack, name, "Attention", feed, outputs, attributes, constants=("W", "B"))
    rng = generator("attention_sizes")
    feed = {"X": floats(rng, batch, rows, width), "W": floats(rng, width, 8 + 8 + 12), "B": floats(rng, 28)}
    case(pack, "attention_sizes", "Attention", feed, None, dict(num_heads=2, qkv_hidden_sizes=[8, 8, 12]))
    feed["B"] = None
    case(pack, "attention_unbiased", "Attention", feed, None, dict(num_heads=2, qkv_hidden_sizes=[8, 8, 12]))
    for mask, past, causal, weights in itertools.product(("none", "lengths", "raw"), (0, 3), (0, 1), (np.uint8, np.int8)):
        name = f"qattention_{mask}_{past}_{causal}_{np.dtype(weights).name}"
        rng = generator(name)
        per_column = mask == "none"
        feed = {"X": bytes_of(rng, batch, rows, width), "W": bytes_of(rng, width, 3 * hidden, dtype=weights), "B": floats(rng, 3 * hidden),
                "xs": np.array(0.02, F), "ws": rng.random(3 * hidden).astype(F) / 100 if per_column else np.array(0.01, F),
                "mask": masks_of(rng, batch, rows, rows + past)[mask], "xz": np.array(120, np.uint8),
                "wz": bytes_of(rng, 3 * hidden, dtype=weights) // 4 if per_column else np.array(3, weights),
                "past": floats(rng, 2, batch, heads, past, hidden // heads) if past else None}
        outputs = {"Y": T.FLOAT} | ({"P": T.FLOAT} if past else {})
        case(pack, name, "QAttention", feed, outputs, dict(num_heads=heads, unidirectional=causal), constants=("W", "B", "ws", "wz"))


def multi_head(pack):
    batch, rows, heads, hidden, value_hidden = 2, 4, 2, 8, 12
    size = hidden // heads
    for packing, mask, past, bias, causal in itertools.product(
            ("separate", "qkv", "kv", "cross"), ("none", "lengths", "raw", "three"), (0, 3), (0, 1), (0, 1)):
        if packing != "separate" and past:
            continue
        name = f"mha_{packing}_{mask}_{past}_{bias}_{causal}"
        rng = generator(name)
        keys = rows if packing in ("qkv",) or causal or past else 5
        total = keys + past
        v_hidden = value_hidden if packing == "separate" and not past else hidden
        feed = {
            "Q": floats(rng, batch, rows, heads, 3, size) if packing == "qkv" else floats(rng, batch, rows, hidden),
            "K": {"separate": floats(rng, batch, keys, hidden), "kv": floats(rng, batch, keys, heads, 2, size),
                  "cross": floats(rng, batch, heads, keys, size), "qkv": None}[packing],
            "V": {"separate": floats(rng, batch, keys, v_hidden), "cross": floats(rng, batch, heads, keys, size)}.get(packing),
            "B": floats(rng, 2 * hidden + v_hidden) if bias else None,
            "mask": masks_of(rng, batch, rows, total)[mask],
            "bias": floats(rng, 1, heads, rows, total) if bias else None,
            "pk": floats(rng, batch, heads, past, size) if past else None,
            "pv": floats(rng, batch, heads, past, v_hidden // heads) if past else None}
        outputs = {"Y": T.FLOAT} | ({"PK": T.FLOAT, "PV": T.FLOAT} if packing == "separate" else {})
        if packing == "separate" and bias:
            outputs["QK"] = T.FLOAT
        like = None
        if packing == "qkv":
            like = feed | {n: np.ascontiguousarray(feed["Q"][:, :, :, i].reshape(batch, rows, hidden)) for i, n in enumerate("QKV")}
        if packing == "kv":
            like = feed | {n: np.ascontiguousarray(feed["K"][:, :, :, i].reshape(batch, keys, hidden)) for i, n in enumerate("KV")}
        case(pack, name, "MultiHeadAttention", feed, outputs, dict(num_heads=heads, unidirectional=causal), like=like)
    for beams, mask, bias in itertools.product((1, 2), (0, 1), (0, 1)):
        name = f"dmmha_{beams}_{mask}_{bias}"
        rng = generator(name)
        room, past, n = 9, 4, 4
        feed = {"Q": floats(rng, n, 1, hidden), "K": floats(rng, n, 1, hidden), "V": floats(rng, n, 1, hidden),
                "mask": (rng.random((n, past + 1)) < 0.8).astype(I32) if mask else None,
                "bias": floats(rng, 1, heads, 1, past + 1) if bias else None, "pk": floats(rng, n, heads, room, size),
                "pv": floats(rng, n, heads, room, size), "length": np.array([past], I32), "beams": np.array([beams], I32),
                "from": rng.integers(0, beams, (n // beams, beams, room)).astype(I32), "B": floats(rng, 3 * hidden) if bias else None}
        case(pack, name, "DecoderMaskedMultiHeadAttention", feed, {"Y": T.FLOAT, "PK": T.FLOAT, "PV": T.FLOAT},
             dict(num_heads=heads, past_present_share_buffer=1))
    for mask in (0, 1):
        rng = generator(f"dmmha_cross{mask}")
        feed = {"Q": floats(rng, 3, 1, hidden), "K": floats(rng, 3, heads, 6, size), "V": floats(rng, 3, heads, 6, size),
                "mask": (rng.random((3, 6)) < 0.8).astype(I32) if mask else None}
        case(pack, f"dmmha_cross_{mask}", "DecoderMaskedMultiHeadAttention", feed, None, dict(num_heads=heads))


def rotary(pack):
    for interleaved, rank, positions, partial, dtype in itertools.product((0, 1), (3, 4), (1, 2), (0, 1), (F, np.float16)):
        name = f"rotary_{interleaved}_{rank}_{positions}_{partial}_{np.dtype(dtype).name}"
        rng = generator(name)
        batch, rows, heads, size, room = 2, 3, 4, 8, 10
        half = 2 if partial else size // 2
        x = floats(rng, *((batch, rows, heads * size) if rank == 3 else (batch, heads, rows, size)), dtype=dtype)
        angles = rng.random((room, half)) * 3
        feed = {"X": x, "P": np.array([4], I64) if positions == 1 else rng.integers(0, room, (batch, rows)),
                "C": np.cos(angles).astype(dtype), "S": np.sin(angles).astype(dtype)}
        attributes = dict(interleaved=interleaved)
        if partial:
            attributes |= dict(rotary_embedding_dim=2 * half, num_heads=heads)
        case(pack, name, "RotaryEmbedding", feed, None, attributes, constants=("C", "S"), **(HALF if dtype == np.float16 else {}))


def group_query(pack):
    """Rows behind a sequence's end are padding, whose output means nothing: sequences are as long as their rows here."""
    for packed, rotate, past, window, extra in itertools.product((0, 1), (0, 1, 2), (0, 3, 6), (-1, 2), range(6)):
        name = f"gqa_{packed}{rotate}_{past}_{window}_{extra}"
        rng = generator(name)
        if rng.random() > 0.35:
            continue
        heads, groups, size = (4, 2, 16) if extra % 2 else (6, 2, 32)
        batch, rows = (1, 3) if past == 3 else (2, 1 if past else 4)
        total = past + rows
        room = total + 2 if past == 6 else past  # a buffer with room to spare
        hidden, kv = heads * size, groups * size
        attributes = dict(num_heads=heads, kv_num_heads=groups, local_window_size=window)
        if extra == 1:
            attributes["softcap"] = 2.0
        if extra == 2:
            attributes["scale"] = 0.2
        if extra == 3:
            attributes["smooth_softmax"] = 1
        angles = rng.random((16, size // 2)) * 3
        feed = {"Q": floats(rng, batch, rows, hidden + 2 * kv if packed else hidden),
                "K": None if packed else floats(rng, batch, rows, kv), "V": None if packed else floats(rng, batch, rows, kv),
                "pk": floats(rng, batch, groups, room, size) if past else None,
                "pv": floats(rng, batch, groups, room, size) if past else None,
                "lengths": np.full(batch, total - 1, I32), "total": np.array([total], I32),
                "C": np.cos(angles).astype(F) if rotate else None, "S": np.sin(angles).astype(F) if rotate else None,
                "ids": (np.arange(rows)[None] + past + np.zeros((batch, 1), I64)).astype(I64) if extra == 4 and rotate and past else None,
                "bias": floats(rng, 1, heads, rows, total) if extra == 5 else None,
                "sink": floats(rng, heads) if extra == 4 else None}
        if rotate:
            attributes |= dict(do_rotary=1, rotary_interleaved=rotate - 1)
        outputs = {"Y": T.FLOAT, "PK": T.FLOAT, "PV": T.FLOAT}
        if extra == 2 and past != 6:
            attributes["qk_output"] = 1 + packed
            outputs["QK"] = T.FLOAT
        case(pack, name, "GroupQueryAttention", feed, outputs, attributes)
    rng = generator("gqa_ragged")
    feed = {"Q": floats(rng, 2, 1, 64), "K": floats(rng, 2, 1, 32), "V": floats(rng, 2, 1, 32), "pk": floats(rng, 2, 2, 8, 16),
            "pv": floats(rng, 2, 2, 8, 16), "lengths": np.array([3, 6], I32), "total": np.array([7], I32)}
    case(pack, "gqa_ragged", "GroupQueryAttention", feed, {"Y": T.FLOAT, "PK": T.FLOAT, "PV": T.FLOAT}, dict(num_heads=4, kv_num_heads=2))
