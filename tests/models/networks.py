"""Small transformers with seeded weights, built the way exporters and generative toolkits write them, for what no model
of wheels.json has: the patterns that ONNX Runtime's tools turn into Attention and EmbedLayerNormalization, and a
decoder with GroupQueryAttention, rotary embedding, RMS norms and 4-bit weights that carries its keys and values over.
"""
import numpy as np
import onnx
from onnx import helper

import inputs as make
from cases import Case, one

VOCABULARY, HIDDEN, HEADS, INNER, LAYERS = 97, 64, 4, 96, 2
MICROSOFT = "com.microsoft"


class Builder:
    """Collects nodes and weights; every method returns the name of its result."""
    def __init__(self, name):
        self.random, self.nodes, self.weights = make.generator(name), [], {}

    def op(self, kind, *inputs, outputs=1, domain="", **attributes):
        names = [f"{kind}_{len(self.nodes)}" + (f"_{k}" if k else "") for k in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def constant(self, value, dtype=np.float32):
        name = f"c{len(self.weights)}"
        self.weights[name] = np.array(value, dtype)
        return name

    def weight(self, *shape, scale=None, around=0.0):
        spread = scale or 1 / np.sqrt(shape[0])
        return self.constant(around + spread * self.random.standard_normal(shape))

    def linear(self, x, rows, columns):
        return self.op("Add", self.weight(columns, scale=0.1), self.op("MatMul", x, self.weight(rows, columns)))

    def save(self, path, inputs, outputs, opset):
        graph = helper.make_graph(self.nodes, path.stem, inputs, outputs,
                                  [onnx.numpy_helper.from_array(v, k) for k, v in self.weights.items()])
        model = helper.make_model(graph, ir_version=8, opset_imports=[
            helper.make_opsetid("", opset), helper.make_opsetid(MICROSOFT, 1)])
        onnx.save(model, path)


def declare(name, kind, *shape):
    return helper.make_tensor_value_info(name, kind, shape)


def layer_norm(b, x):
    """As PyTorch wrote it before opset 17."""
    centred = b.op("Sub", x, b.op("ReduceMean", x, axes=[-1]))
    variance = b.op("ReduceMean", b.op("Pow", centred, b.constant(2)), axes=[-1])
    scaled = b.op("Div", centred, b.op("Sqrt", b.op("Add", variance, b.constant(1e-12))))
    return b.op("Add", b.op("Mul", scaled, b.weight(HIDDEN, scale=0.1, around=1.0)), b.weight(HIDDEN, scale=0.1))


def gelu(b, x):
    error = b.op("Erf", b.op("Div", x, b.constant(np.sqrt(2.0))))
    return b.op("Mul", b.op("Mul", x, b.op("Add", error, b.constant(1))), b.constant(0.5))


def bert(path, length=16):
    """A BERT encoder as torch.onnx exports it: decomposed LayerNorm and Gelu, attention with an additive mask."""
    b = Builder("bert")
    zero, first = b.constant([0], np.int64), b.constant([1], np.int64)
    count = b.op("Unsqueeze", b.op("Gather", b.op("Shape", "input_ids"), b.constant(1, np.int64), axis=0), zero)
    position = b.op("Slice", b.constant(np.arange(length)[None], np.int64), zero, count, first, first)
    words = b.op("Gather", b.weight(VOCABULARY, HIDDEN, scale=1), "input_ids")
    kinds = b.op("Gather", b.weight(2, HIDDEN, scale=1), "token_type_ids")
    places = b.op("Gather", b.weight(length, HIDDEN, scale=1), position)
    x = layer_norm(b, b.op("Add", b.op("Add", words, kinds), places))
    mask = b.op("Unsqueeze", b.op("Unsqueeze", "attention_mask", b.constant([1], np.int64)), b.constant([2], np.int64))
    mask = b.op("Mul", b.op("Sub", b.constant(1), b.op("Cast", mask, to=1)), b.constant(-10000))
    split, merge = b.constant([0, 0, HEADS, HIDDEN // HEADS], np.int64), b.constant([0, 0, HIDDEN], np.int64)
    for _ in range(LAYERS):
        heads = [b.op("Reshape", b.linear(x, HIDDEN, HIDDEN), split) for _ in range(3)]
        q, v = (b.op("Transpose", heads[k], perm=[0, 2, 1, 3]) for k in (0, 2))
        k = b.op("Transpose", heads[1], perm=[0, 2, 3, 1])
        scores = b.op("Div", b.op("MatMul", q, k), b.constant(np.sqrt(HIDDEN / HEADS)))
        share = b.op("Softmax", b.op("Add", scores, mask), axis=-1)
        mixed = b.op("Reshape", b.op("Transpose", b.op("MatMul", share, v), perm=[0, 2, 1, 3]), merge)
        x = layer_norm(b, b.op("Add", b.linear(mixed, HIDDEN, HIDDEN), x))
        x = layer_norm(b, b.op("Add", b.linear(gelu(b, b.linear(x, HIDDEN, INNER)), INNER, HIDDEN), x))
    b.nodes.append(helper.make_node("Identity", [x], ["last_hidden_state"]))
    int64, names = onnx.TensorProto.INT64, ("input_ids", "attention_mask", "token_type_ids")
    b.save(path, [declare(n, int64, "batch", "sequence") for n in names],
           [declare("last_hidden_state", onnx.TensorProto.FLOAT, "batch", "sequence", HIDDEN)], opset=14)


def decoder(path, kv_heads=2, capacity=32):
    """A decoder as onnxruntime-genai writes it: RMS norms, packed projections, GroupQueryAttention with rotary
    embedding and its cache, a gated SiLU block."""
    b, size = Builder("decoder"), HIDDEN // HEADS
    angles = np.arange(capacity)[:, None] / 10000 ** (np.arange(size // 2) * 2 / size)
    cosines, sines = b.constant(np.cos(angles)), b.constant(np.sin(angles))
    counts = b.op("ReduceSum", "attention_mask", b.constant([1], np.int64), keepdims=1)
    lengths = b.op("Cast", b.op("Sub", counts, b.constant([1], np.int64)), to=onnx.TensorProto.INT32)
    width = b.op("Gather", b.op("Shape", "attention_mask"), b.constant(1, np.int64), axis=0)
    total = b.op("Cast", width, to=onnx.TensorProto.INT32)
    def gain():
        return b.weight(HIDDEN, scale=0.1, around=1.0)

    def add_and_norm(y, residual):
        x, _, _, residual = b.op("SkipSimplifiedLayerNormalization", y, residual, gain(), outputs=4, domain=MICROSOFT,
                                 epsilon=1e-6)
        return x, residual

    residual = b.op("Gather", b.weight(VOCABULARY, HIDDEN, scale=1), "input_ids")
    x = b.op("SimplifiedLayerNormalization", residual, gain(), axis=-1, epsilon=1e-6, stash_type=1)
    outputs = []
    for layer in range(LAYERS):
        packed = b.op("MatMul", x, b.weight(HIDDEN, HIDDEN + 2 * kv_heads * size))
        present = [f"present.{layer}.key", f"present.{layer}.value"]
        b.nodes.append(helper.make_node(
            "GroupQueryAttention", [packed, "", "", f"past_key_values.{layer}.key", f"past_key_values.{layer}.value",
                                    lengths, total, cosines, sines], [f"mixed_{layer}", *present],
            domain=MICROSOFT, num_heads=HEADS, kv_num_heads=kv_heads, do_rotary=1, rotary_interleaved=0))
        outputs += present
        x, residual = add_and_norm(b.op("MatMul", f"mixed_{layer}", b.weight(HIDDEN, HIDDEN)), residual)
        gate = b.op("MatMul", x, b.weight(HIDDEN, INNER))
        gate = b.op("Mul", gate, b.op("Sigmoid", gate))
        gated = b.op("Mul", gate, b.op("MatMul", x, b.weight(HIDDEN, INNER)))
        x, residual = add_and_norm(b.op("MatMul", gated, b.weight(INNER, HIDDEN)), residual)
    b.nodes.append(helper.make_node("MatMul", [x, b.weight(HIDDEN, VOCABULARY)], ["logits"]))
    int64, real = onnx.TensorProto.INT64, onnx.TensorProto.FLOAT
    past = [declare(n.replace("present", "past_key_values"), real, "batch", kv_heads, "past", size) for n in outputs]
    ids, mask = declare("input_ids", int64, "batch", "new"), declare("attention_mask", int64, "batch", "total")
    b.save(path, [ids, mask, *past],
           [declare("logits", real, "batch", "new", VOCABULARY),
            *(declare(n, real, "batch", kv_heads, "total", size) for n in outputs)], opset=14)
    return {p.name: n for p, n in zip(past, outputs)}


def bert_cases(length=16):
    words = make.generator("words").integers(1, VOCABULARY, (3, length)).astype(np.int64)
    mask = (np.arange(length)[None] < np.array([length, 9, 3])[:, None]).astype(np.int64)
    kinds = (np.arange(length)[None] >= 6).astype(np.int64) * mask
    return [one(f"{n}x{s}", input_ids=(words * mask)[:n, :s], attention_mask=mask[:n, :s], token_type_ids=kinds[:n, :s])
            for n, s in ((1, length), (3, length), (2, 10))]


def decoder_case(carry, prompt=7, more=3):
    """A prompt, then token after token, the cache carried over."""
    words = make.generator("prompt").integers(1, VOCABULARY, (1, prompt + more)).astype(np.int64)
    empty = np.zeros((1, 2, 0, HIDDEN // HEADS), np.float32)
    steps = [{"input_ids": words[:, :prompt], "attention_mask": np.ones((1, prompt), np.int64),
              **{name: empty for name in carry}}]
    steps += [{"input_ids": words[:, n:n + 1], "attention_mask": np.ones((1, n + 1), np.int64)}
              for n in range(prompt, prompt + more)]
    return Case("words", steps, carry)


def all_cases(folder, tools):
    """Writes the networks and what the tools (module derive) make of them; yields (path, case, note)."""
    home, carry = folder / "derived", {}

    def bert_fused(source, target, **more):
        tools.transformers(source, target, kind="bert", heads=HEADS, hidden=HIDDEN, **more)

    steps = [("bert", None, lambda _, target: bert(target)),
             ("bert.extended", "bert", tools.optimized),
             ("bert.transformers", "bert", bert_fused),
             ("bert.fast_gelu", "bert", lambda source, target: bert_fused(source, target, fast_gelu=True)),
             ("bert.transformers.dynamic", "bert.transformers", tools.dynamic),
             ("decoder", None, lambda _, target: carry.update(decoder(target))),
             ("decoder.extended", "decoder", tools.optimized),
             ("decoder.q4", "decoder", lambda source, target: tools.nbits(source, target, block=16, symmetric=False))]
    for name, source, step in steps:
        step(home / f"{source}.onnx", home / f"{name}.onnx")
        for case in bert_cases() if name.startswith("bert") else [decoder_case(carry)]:
            yield f"derived/{name}.onnx", case, "seeded weights, " + name.replace(".", ", ")
