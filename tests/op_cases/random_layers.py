"""Recurrent, attention and text ops of ai.onnx."""
import numpy as np

from random_common import Dice, F, case, full, repeat


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
