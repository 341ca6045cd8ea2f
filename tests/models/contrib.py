"""One model per variant of a com.microsoft op, on random inputs: what optimizers and quantizers emit, attribute by
attribute. Shapes, formulas and input orders are those of ONNX Runtime's documentation of its contrib operators; the
answers come from its CPU kernels."""
import numpy as np
import onnx
from onnx import helper

import inputs as make
from cases import one

MICROSOFT = "com.microsoft"


class Maker:
    """Random arrays for one variant."""
    def __init__(self, name):
        self.random = make.generator(name)

    def f(self, *shape, scale=1.0):
        return (scale * self.random.standard_normal(shape)).astype(np.float32)

    def u8(self, *shape):
        return self.random.integers(0, 256, shape, np.uint8)

    def s8(self, *shape, low=-64, high=64):  # 7 bits: sums of u8 x s8 saturate on CPUs without VNNI
        return self.random.integers(low, high, shape, np.int8)

    def i32(self, low, high, *shape):
        return self.random.integers(low, high, shape, np.int32)


def scale(value):
    return np.array(value, np.float32)


def zero(value, dtype=np.uint8):
    return np.array(value, dtype)


def fused():
    """Convolutions, products and activations merged."""
    m = Maker("fused")
    for activation, parameters in (("Relu", None), ("Tanh", None), ("Sigmoid", None), ("LeakyRelu", [0.2]),
                                   ("Clip", [-0.5, 0.8]), ("HardSigmoid", [0.3, 0.4])):
        extra = {"activation_params": parameters} if parameters else {}
        yield f"FusedConv.{activation}", "FusedConv", [m.f(2, 3, 9, 8), m.f(4, 3, 3, 3), m.f(4)], 1, {
            "activation": activation, "pads": [1, 1, 1, 1], "strides": [2, 1], **extra}
    yield "FusedConv.sum", "FusedConv", [m.f(1, 4, 5, 5), m.f(4, 1, 3, 3), m.f(4), m.f(1, 4, 5, 5)], 1, {
        "activation": "Relu", "pads": [1, 1, 1, 1], "group": 4}
    yield "FusedMatMul.scaled", "FusedMatMul", [m.f(2, 3, 4, 5), m.f(5, 6)], 1, {"alpha": 0.3}
    yield "FusedMatMul.transposed", "FusedMatMul", [m.f(2, 5, 4), m.f(2, 6, 5)], 1, {"transA": 1, "transB": 1}
    yield "FusedMatMul.batch", "FusedMatMul", [m.f(4, 2, 3, 5), m.f(2, 3, 5, 6)], 1, {"transBatchA": 1, "alpha": 2.0}
    yield "TransposeMatMul", "TransposeMatMul", [m.f(3, 4), m.f(3, 5)], 1, {"transA": 1}
    for activation, extra in (("Relu", {}), ("LeakyRelu", {"activation_alpha": 0.1}), ("Tanh", {})):
        yield f"FusedGemm.{activation}", "FusedGemm", [m.f(4, 6), m.f(5, 6), m.f(5)], 1, {
            "activation": activation, "transB": 1, "alpha": 0.5, "beta": 1.5, **extra}
    yield "Gelu", "Gelu", [m.f(3, 7, scale=3)], 1, {}
    yield "BiasGelu", "BiasGelu", [m.f(2, 3, 7), m.f(7)], 1, {}
    yield "FastGelu", "FastGelu", [m.f(3, 7, scale=3)], 1, {}
    yield "FastGelu.bias", "FastGelu", [m.f(2, 3, 7), m.f(7)], 1, {}
    yield "QuickGelu", "QuickGelu", [m.f(3, 9)], 1, {"alpha": 1.5}
    yield "Trilu", "Trilu", [m.f(2, 4, 5), np.array(1, np.int64)], 1, {"upper": 0}
    yield "Inverse", "Inverse", [m.f(2, 4, 4)], 1, {}
    yield "CDist", "CDist", [m.f(5, 3), m.f(4, 3)], 1, {"metric": "sqeuclidean"}
    yield "CDist.euclidean", "CDist", [m.f(5, 3), m.f(4, 3)], 1, {"metric": "euclidean"}
    yield "ExpandDims", "ExpandDims", [m.f(3, 4), np.array(-1, np.int32)], 1, {}
    yield "Pad", "Pad", [m.f(3, 4), np.array([1, 0, 2, 1], np.int64), np.array(0.5, np.float32)], 1, {
        "mode": "constant"}
    yield "Range", "Range", [np.array(v, np.float32) for v in (1, 9, 1.5)], 1, {}
    yield "GatherND", "GatherND", [m.f(3, 4, 5), np.array([[0, 1], [2, 3]], np.int64)], 1, {}
    yield "GridSample", "GridSample", [
        m.f(1, 2, 5, 6), m.random.uniform(-1.2, 1.2, (1, 3, 4, 2)).astype(np.float32)], 1, {
            "mode": "bilinear", "padding_mode": "border", "align_corners": 1}
    yield "NhwcMaxPool", "NhwcMaxPool", [m.u8(1, 7, 8, 3)], 1, {"kernel_shape": [3, 2], "strides": [2, 2]}


def norms():
    m = Maker("norms")
    x, skip, gain, shift, bias = m.f(2, 3, 8), m.f(2, 3, 8), m.f(8), m.f(8), m.f(8)
    yield "SkipLayerNormalization", "SkipLayerNormalization", [x, skip, gain, shift], 1, {"epsilon": 1e-5}
    yield "SkipLayerNormalization.bias", "SkipLayerNormalization", [x, skip, gain, shift, bias], (0, 3), {
        "epsilon": 1e-3}
    yield "SkipLayerNormalization.broadcast", "SkipLayerNormalization", [x, skip[:1], gain, None, bias], 1, {}
    yield "SkipSimplifiedLayerNormalization", "SkipSimplifiedLayerNormalization", [x, skip, gain], 1, {"epsilon": 1e-5}
    yield "SkipSimplifiedLayerNormalization.bias", "SkipSimplifiedLayerNormalization", [x, skip, gain, bias], (0, 3), {}
    ids, kinds, mask = m.i32(0, 20, 2, 6), m.i32(0, 2, 2, 6), np.array([[1] * 6, [1] * 4 + [0] * 2], np.int32)
    tables = [m.f(20, 8), m.f(10, 8), m.f(2, 8), gain, shift]
    yield "EmbedLayerNormalization", "EmbedLayerNormalization", [ids, kinds, *tables, mask], 2, {"epsilon": 1e-5}
    yield "EmbedLayerNormalization.sum", "EmbedLayerNormalization", [
        ids, None, tables[0], tables[1], None, gain, shift, None, m.i32(0, 10, 2, 6)], 3, {}


def attention():
    m = Maker("attention")
    batch, length, past, heads, size = 2, 5, 3, 2, 8
    hidden = heads * size
    x, w, b = m.f(batch, length, 12), m.f(12, 3 * hidden, scale=0.3), m.f(3 * hidden)
    mask = np.array([[1] * 5, [1, 1, 1, 0, 0]], np.int32)
    more = m.f(2, batch, heads, past, size)
    for name, rest, outputs, extra in (
            ("plain", [], 1, {}), ("causal", [], 1, {"unidirectional": 1}), ("scale", [], 1, {"scale": 0.1}),
            ("mask", [mask], 1, {}), ("mask_lengths", [np.array([5, 3], np.int32)], 1, {}),
            ("mask_3d", [np.tril(np.ones((batch, length, length), np.int32))], 1, {}),
            ("past", [None, more], 2, {"unidirectional": 1}),
            ("past_mask", [np.ones((batch, length + past), np.int32), more], 2, {"unidirectional": 1}),
            ("bias", [None, None, m.f(batch, heads, length, length)], 1, {}),
            ("mask_value", [mask], 1, {"mask_filter_value": -100.0})):
        yield f"Attention.{name}", "Attention", [x, w, b, *rest], outputs, {"num_heads": heads, **extra}
    yield "Attention.sizes", "Attention", [x, m.f(12, 2 * 12 + 20), m.f(2 * 12 + 20)], 1, {
        "num_heads": heads, "qkv_hidden_sizes": [12, 12, 20]}

    q, k, v = m.f(batch, 4, hidden), m.f(batch, 6, hidden), m.f(batch, 6, hidden)
    padding = np.array([[1] * 6, [1] * 4 + [0] * 2], np.int32)
    caches = [m.f(batch, heads, past, size), m.f(batch, heads, past, size)]
    self_k, self_v = m.f(batch, 4, hidden), m.f(batch, 4, hidden)
    for name, inputs, outputs, extra in (
            ("plain", [q, k, v], 1, {}), ("bias", [q, k, v, b], 1, {}), ("padding", [q, k, v, None, padding], 1, {}),
            ("lengths", [q, k, v, None, np.array([6, 4], np.int32)], 1, {}),
            ("scores", [q, k, v, None, None, m.f(1, heads, 4, 6)], 1, {"scale": 0.2}),
            ("causal", [q, self_k, self_v], 1, {"unidirectional": 1}),
            ("past", [q, self_k, self_v, None, None, None, *caches], 3, {}),
            ("heads", [q, m.f(batch, heads, 6, size), m.f(batch, heads, 6, size)], 1, {})):
        yield f"MultiHeadAttention.{name}", "MultiHeadAttention", inputs, outputs, {"num_heads": heads, **extra}


def grouped():
    m = Maker("grouped")
    heads, kv, size, most = 4, 2, 16, 12
    angles = m.random.uniform(0, 6, (most, size // 2)).astype(np.float32)
    tables = [np.cos(angles), np.sin(angles)]

    def inputs(batch, new, past, packed=False, rotary=False):
        q, k, v = m.f(batch, new, heads * size), m.f(batch, new, kv * size), m.f(batch, new, kv * size)
        cache = [m.f(batch, kv, past, size), m.f(batch, kv, past, size)]
        lengths = [np.full(batch, past + new - 1, np.int32), np.array(past + new, np.int32)]
        return [*([np.concatenate([q, k, v], -1), None, None] if packed else [q, k, v]), *cache, *lengths,
                *(tables if rotary else [])]

    base = {"num_heads": heads, "kv_num_heads": kv}
    for name, given, extra in (
            ("prompt", inputs(1, 5, 0), {}), ("batch", inputs(3, 4, 0), {}), ("token", inputs(2, 1, 6), {}),
            ("packed", inputs(1, 5, 0, packed=True), {}),
            ("rotary", inputs(1, 5, 0, rotary=True), {"do_rotary": 1}),
            ("rotary_token", inputs(2, 1, 6, packed=True, rotary=True), {"do_rotary": 1}),
            ("rotary_interleaved", inputs(1, 4, 0, rotary=True), {"do_rotary": 1, "rotary_interleaved": 1}),
            ("window", inputs(1, 7, 0), {"local_window_size": 3}), ("softcap", inputs(1, 5, 0), {"softcap": 2.0}),
            ("scale", inputs(1, 5, 0), {"scale": 0.05}), ("smooth", inputs(1, 5, 0), {"smooth_softmax": 1})):
        yield f"GroupQueryAttention.{name}", "GroupQueryAttention", given, 3, {**base, **extra}
    positions = np.array([[3, 4, 5, 6, 7], [0, 1, 2, 3, 4]], np.int64)
    for name, x, position, extra in (
            ("start", m.f(2, 5, heads * size), np.array([2], np.int64), {}),
            ("positions", m.f(2, 5, heads * size), positions, {}),
            ("interleaved", m.f(2, 5, heads * size), positions, {"interleaved": 1}),
            ("heads", m.f(2, heads, 5, size), positions, {"scale": 1.0})):
        yield f"RotaryEmbedding.{name}", "RotaryEmbedding", [x, position, *tables], 1, extra
    yield "RotaryEmbedding.part", "RotaryEmbedding", [
        m.f(1, 5, heads * size), np.array([0], np.int64), tables[0][:, :4], tables[1][:, :4]], 1, {
            "rotary_embedding_dim": 8, "num_heads": heads}


def blocks():
    """Weights in blocks of few bits."""
    m = Maker("blocks")
    for bits, block, k, n in ((4, 16, 32, 5), (4, 32, 70, 8), (8, 32, 64, 6), (2, 32, 64, 4), (4, 128, 130, 3)):
        groups, bytes_ = -(-k // block), block * bits // 8
        weight, scales = m.u8(n, groups, bytes_), np.abs(m.f(n * groups, scale=0.1))
        base = {"K": k, "N": n, "bits": bits, "block_size": block}
        label = f"MatMulNBits.{bits}bit_{block}"
        yield label, "MatMulNBits", [m.f(2, 3, k), weight, scales], 1, base
        yield f"{label}.zero", "MatMulNBits", [m.f(1, k), weight, scales, m.u8(n * -(-groups * bits // 8))], 1, base
        if bits == 4:
            yield f"{label}.zero_float", "MatMulNBits", [m.f(3, k), weight, scales, 8 + m.f(n * groups)], 1, base
            yield f"{label}.bias", "MatMulNBits", [m.f(3, k), weight, scales, None, None, m.f(n)], 1, base
    for kind, name in ((0, "fp4"), (1, "nf4")):
        yield f"MatMulBnb4.{name}", "MatMulBnb4", [m.f(3, 32), m.u8(32 * 6 // 2), np.abs(m.f(12))], 1, {
            "K": 32, "N": 6, "block_size": 16, "quant_type": kind}
    where = np.array([[0, 3], [2, 5]], np.int64)
    yield "GatherBlockQuantized", "GatherBlockQuantized", [m.u8(6, 16), where, np.abs(m.f(6, 2))], 1, {
        "bits": 4, "block_size": 16, "gather_axis": 0, "quantize_axis": 1}
    yield "GatherBlockQuantized.zero", "GatherBlockQuantized", [m.u8(6, 32), where, np.abs(m.f(6, 2)), m.u8(6, 2)], 1, {
        "bits": 8, "block_size": 16, "gather_axis": 0, "quantize_axis": 1}


def quantized():
    m = Maker("quantized")
    a, b = (scale(0.02), zero(120)), (scale(0.03), zero(131))
    y = (scale(0.05), zero(110))
    signed = (scale(0.04), zero(5, np.int8))
    pair = [m.u8(2, 3, 4), *a, m.u8(3, 1), *b, *y]
    for op in ("QLinearAdd", "QLinearMul"):
        yield op, op, pair, 1, {}
        yield f"{op}.int8", op, [m.s8(2, 5, low=-128, high=127), *signed, m.s8(5, low=-128, high=127), *signed,
                                 scale(0.1), zero(-7, np.int8)], 1, {}
    yield "QLinearSigmoid", "QLinearSigmoid", [m.u8(3, 9), *a, scale(1 / 256), zero(0)], 1, {}
    yield "QLinearLeakyRelu", "QLinearLeakyRelu", [m.u8(3, 9), *a, *y], 1, {"alpha": 0.1}
    yield "QLinearSoftmax", "QLinearSoftmax", [m.u8(3, 9), *a, scale(1 / 256), zero(0)], 1, {"axis": -1, "opset": 13}
    yield "QLinearConcat", "QLinearConcat", [*y, m.u8(2, 3), *a, m.u8(2, 4), *b], 1, {"axis": 1}
    yield "QLinearAveragePool", "QLinearAveragePool", [m.u8(1, 3, 7, 8), *a, *y], 1, {
        "kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "count_include_pad": 0}
    yield "QLinearAveragePool.nhwc", "QLinearAveragePool", [m.u8(1, 7, 8, 3), *a, *y], 1, {
        "kernel_shape": [2, 2], "channels_last": 1}
    for layout, shape in ((0, (2, 3, 5, 6)), (1, (2, 5, 6, 3))):
        yield f"QLinearGlobalAveragePool.{layout}", "QLinearGlobalAveragePool", [m.u8(*shape), *a, *y], 1, {
            "channels_last": layout}
    yield "QLinearWhere", "QLinearWhere", [m.random.random((3, 4)) < 0.5, m.u8(3, 4), *a, m.u8(4), *b, *y], 1, {}
    weight, channel = m.s8(5, 6), np.abs(m.f(5, scale=0.02)) + 0.001
    yield "QGemm", "QGemm", [m.u8(4, 6), *a, weight, channel, np.zeros(5, np.int8), m.i32(-500, 500, 5), *y], 1, {
        "transB": 1}
    yield "QGemm.float", "QGemm", [m.u8(4, 5), *a, weight, scale(0.01), zero(0, np.int8), m.i32(-500, 500, 6)], 1, {
        "alpha": 1.0}
    yield "QLinearConv.nhwc", "QLinearConv", [
        m.u8(1, 6, 7, 3), *a, m.s8(4, 3, 3, 3), np.abs(m.f(4, scale=0.02)) + 0.001, np.zeros(4, np.int8), *y,
        m.i32(-500, 500, 4)], 1, {"channels_last": 1, "pads": [1, 1, 1, 1]}
    yield "MatMulIntegerToFloat", "MatMulIntegerToFloat", [
        m.u8(2, 3, 6), m.s8(6, 5), scale(0.02), np.abs(m.f(5, scale=0.1)), zero(130), np.zeros(5, np.int8),
        m.f(5)], 1, {}
    yield "MatMulIntegerToFloat.plain", "MatMulIntegerToFloat", [
        m.u8(3, 6), m.u8(6, 5), scale(0.02), scale(0.05)], 1, {}
    yield "DynamicQuantizeMatMul", "DynamicQuantizeMatMul", [
        m.f(2, 3, 6), m.s8(6, 5), np.abs(m.f(5, scale=0.05)), np.zeros(5, np.int8), m.f(5)], 1, {}
    for dtype in (np.uint16, np.int16):
        quantizer = [np.array(0.001, np.float32), np.array(300, dtype)]
        yield f"QuantizeLinear.{np.dtype(dtype)}", "QuantizeLinear", [m.f(3, 5), *quantizer], 1, {}
        yield f"DequantizeLinear.{np.dtype(dtype)}", "DequantizeLinear", [
            m.random.integers(0, 30000, (3, 5)).astype(dtype), *quantizer], 1, {}
    # One row: the rows of a batch get one scale in common or each its own, as ONNX Runtime's threads share them out.
    hidden, size, length = 4, 3, 5
    yield "DynamicQuantizeLSTM", "DynamicQuantizeLSTM", [
        m.f(length, 1, size), m.s8(1, size, 4 * hidden), m.s8(1, hidden, 4 * hidden), m.f(1, 8 * hidden, scale=0.2),
        None, None, None, None, scale([0.01]), zero([0], np.int8), scale([0.012]), zero([0], np.int8)], 3, {
            "hidden_size": hidden}
    heads, width = 2, 16
    for name, mask in (("plain", None), ("mask", np.array([5, 3], np.int32))):
        yield f"QAttention.{name}", "QAttention", [
            m.u8(2, 5, 12), m.s8(12, 3 * width), m.f(3 * width), scale(0.02), scale(0.01), mask, zero(125),
            zero(0, np.int8)], 1, {"num_heads": heads}
    tables = [(m.u8(20, 8), 0.01, 120), (m.u8(10, 8), 0.02, 110), (m.u8(2, 8), 0.01, 128), (m.u8(8), 0.01, 10),
              (m.u8(8), 0.01, 128)]
    yield "QEmbedLayerNormalization", "QEmbedLayerNormalization", [
        m.i32(0, 20, 2, 6), m.i32(0, 2, 2, 6), *(t[0] for t in tables), np.ones((2, 6), np.int32),
        *(scale(t[1]) for t in tables), *(zero(t[2]) for t in tables)], 2, {"epsilon": 1e-5}


# What kernels insist on having as a constant: everything but the data that flows.
FLOWING = {"QLinearConcat": (2, 5), "QLinearAdd": (0, 3), "QLinearMul": (0, 3), "QLinearWhere": (0, 1, 4),
           "MatMulNBits": (0,), "MatMulBnb4": (0,), "GatherBlockQuantized": (1,), "QAttention": (0, 5),
           "DynamicQuantizeLSTM": (0,), "DynamicQuantizeMatMul": (0,), "MatMulIntegerToFloat": (0,),
           "QEmbedLayerNormalization": (0, 1, 7), "EmbedLayerNormalization": (0, 1, 7, 8), "Pad": (0,),
           "QuantizeLinear": (0,), "DequantizeLinear": (0,), "QLinearConv": (0,), "QGemm": (0,), "QLinearSigmoid": (0,),
           "QLinearLeakyRelu": (0,), "QLinearSoftmax": (0,), "QLinearAveragePool": (0,),
           "QLinearGlobalAveragePool": (0,)}


def all_cases(folder):
    """Writes the models below `folder`/contrib; yields (path, case, note)."""
    (folder / "contrib").mkdir(parents=True, exist_ok=True)
    for family in (fused, norms, attention, grouped, blocks, quantized):
        for name, op, inputs, outputs, attributes in family():
            names = ["" if x is None else f"x{k}" for k, x in enumerate(inputs)]
            flowing = {f"x{k}" for k in FLOWING.get(op, range(len(inputs)))}
            arrays = {n: x for n, x in zip(names, inputs) if n}
            wanted = range(outputs) if isinstance(outputs, int) else outputs
            results = [f"y{k}" if k in wanted else "" for k in range(max(wanted) + 1)]
            node = helper.make_node(op, names, results, domain=MICROSOFT, **attributes)
            graph = helper.make_graph(
                [node], name,
                [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
                 for n, x in arrays.items() if n in flowing],
                [helper.make_empty_tensor_value_info(n) for n in results if n],
                [onnx.numpy_helper.from_array(x, n) for n, x in arrays.items() if n not in flowing])
            path = f"contrib/{name}.onnx"
            onnx.save(helper.make_model(graph, ir_version=8, opset_imports=[
                helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1)]), folder / path)
            yield path, one("random", **{n: x for n, x in arrays.items() if n in flowing}), f"one {op}"
