#!/usr/bin/env python3
"""Trains the digit classifier and writes it in six formats, with pictures and reference outputs.

Every form is opened again by its own framework and must give the same logits. See README.md.
"""

import argparse
import os
import shutil
import warnings
from pathlib import Path

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")  # reference numbers come from the CPU
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # its rounding depends on the CPU's instruction sets
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import lightning
import numpy as np
import onnxruntime
import tensorflow as tf
import torch
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from network import DigitClassifier, DigitNet
from twin import keras_twin

SEED = 20
EPOCHS = 15
MIN_ACCURACY = 0.97
MAX_DIFFERENCE = 1e-4
REFERENCE_BATCH = 32
UPSCALED_CLASSES = (2, 5, 8)
RESIZE_FILTERS = (Image.Resampling.NEAREST, Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)
LABELS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

Split = tuple[np.ndarray, np.ndarray]  # images float32 [n, 1, 8, 8] in 0..1, labels int64 [n]


def load_splits() -> tuple[Split, Split]:
    """Three quarters to train on, one quarter held out; every class equally present in both."""
    digits = load_digits()
    images = (digits.images / 16.0).astype(np.float32)[:, None]
    labels = digits.target.astype(np.int64)
    x, held_x, y, held_y = train_test_split(images, labels, test_size=0.25, stratify=labels, random_state=SEED)
    return (x, y), (held_x, held_y)


def train(split: Split, checkpoint: Path) -> DigitNet:
    """Trains with Lightning, saves the Trainer's checkpoint, and returns the network in evaluation mode."""
    lightning.seed_everything(SEED)
    dataset = torch.utils.data.TensorDataset(*map(torch.from_numpy, split))
    loader = torch.utils.data.DataLoader(dataset, batch_size=64, shuffle=True)
    classifier = DigitClassifier()
    trainer = lightning.Trainer(
        max_epochs=EPOCHS,
        accelerator="cpu",
        deterministic=True,
        logger=False,
        enable_checkpointing=False,  # its callback would store this machine's paths in the file
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(classifier, loader)
    trainer.save_checkpoint(checkpoint)
    return classifier.model.eval()


def without_debug_records(source: Path, target: Path) -> None:
    """Copies a TorchScript archive without its source locations, which hold this machine's paths."""
    reader = torch._C.PyTorchFileReader(str(source))
    writer = torch._C.PyTorchFileWriter(str(target))
    generated = {"version", "byteorder", ".data/serialization_id"}  # the writer makes these itself
    for name in sorted(reader.get_all_records()):
        if name not in generated and not name.endswith(".debug_pkl"):
            record = reader.get_record(name)
            writer.write_record(name, record, len(record))
    writer.write_end_of_file()


def export_torch(net: DigitNet, out: Path) -> None:
    scripted = out / "scripted.tmp"
    torch.jit.script(net).save(str(scripted))
    without_debug_records(scripted, out / "digits.pt")
    scripted.unlink()

    example = torch.zeros(2, 1, 8, 8)  # a batch of 1 would be taken for a constant
    batch = torch.export.Dim("batch")
    program = torch.export.export(net, (example,), dynamic_shapes={"image": {0: batch}})
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # it holds this machine's paths
    torch.export.save(program, str(out / "digits.pt2"))
    torch.onnx.export(
        program,
        f=str(out / "digits.onnx"),
        input_names=["image"],
        output_names=["logits"],
        dynamic_shapes={"image": {0: "batch"}},
        opset_version=18,
        dynamo=True,
        external_data=False,
        verbose=False,
    )


def export_tensorflow(net: DigitNet, out: Path) -> None:
    twin = keras_twin(net)
    folder = out / "digits_savedmodel"
    shutil.rmtree(folder, ignore_errors=True)
    archive = keras.export.ExportArchive()
    archive.track(twin)
    archive.add_endpoint(
        name="serving_default",
        fn=lambda image: {"logits": twin(image, training=False)},
        input_signature=[tf.TensorSpec((None, 8, 8, 1), tf.float32, name="image")],
    )
    archive.write_out(str(folder), verbose=False)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=["serving_default"])
    (out / "digits.tflite").write_bytes(converter.convert())


def run_all(out: Path, images: np.ndarray) -> dict[str, np.ndarray]:
    """The logits that each written file gives, opened and run by the framework it belongs to."""
    image, channels_last = torch.from_numpy(images), images.transpose(0, 2, 3, 1)
    classifier = DigitClassifier.load_from_checkpoint(out / "digits.ckpt", map_location="cpu").eval()
    session = onnxruntime.InferenceSession(out / "digits.onnx", providers=["CPUExecutionProvider"])
    saved = tf.saved_model.load(str(out / "digits_savedmodel")).signatures["serving_default"]
    lite = tf.lite.Interpreter(str(out / "digits.tflite")).get_signature_runner("serving_default")
    with torch.inference_mode():
        return {
            "digits.ckpt": classifier(image).numpy(),
            "digits.pt": torch.jit.load(str(out / "digits.pt"))(image).numpy(),
            "digits.pt2": torch.export.load(str(out / "digits.pt2")).module()(image).numpy(),
            "digits.onnx": session.run(["logits"], {"image": images})[0],
            "digits_savedmodel": saved(image=tf.constant(channels_last))["logits"].numpy(),
            "digits.tflite": lite(image=channels_last)["logits"],
        }


def check_forms(out: Path, images: np.ndarray, expected: np.ndarray) -> None:
    for batch in (len(images), 1):
        for name, logits in run_all(out, images[:batch]).items():
            difference = float(np.abs(logits - expected[:batch]).max())
            print(f"{name:18} batch {batch:3}: max abs difference {difference:.2e}")
            assert logits.shape == (batch, 10) and difference < MAX_DIFFERENCE, name


def recognised(net: DigitNet, picture: Image.Image, label: int) -> bool:
    """Whether the picture gets its label when it is resized to 8x8 by each usual filter and divided by 255."""
    for method in RESIZE_FILTERS:
        pixels = np.asarray(picture.convert("L").resize((8, 8), method), np.float32) / 255
        with torch.inference_mode():
            logits = net(torch.from_numpy(pixels)[None, None])
        if int(logits.argmax()) != label:
            return False
    return True


def write_pictures(net: DigitNet, folder: Path, split: Split) -> None:
    """One held-out digit of each class as a grey picture of 8x8, some of them at 64x64 too.

    It is the first one of its class that stays readable at both sizes: a smoothing filter on the way from 64x64 back
    to 8x8 blurs some digits into another.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for label, name in enumerate(LABELS):
        for image in split[0][split[1] == label]:
            small = Image.fromarray(np.rint(image[0] * 255).astype(np.uint8))
            large = small.resize((64, 64), Image.Resampling.NEAREST)
            if recognised(net, small, label) and recognised(net, large, label):
                break
        small.save(folder / f"{name}.png")
        if label in UPSCALED_CLASSES:
            large.save(folder / f"{name}_64x64.png")


def check_pictures(net: DigitNet, folder: Path) -> None:
    files = sorted(folder.glob("*.png"))
    assert len(files) == len(LABELS) + len(UPSCALED_CLASSES)
    for file in files:
        label = LABELS.index(file.stem.split("_")[0])
        assert recognised(net, Image.open(file), label), file.name
    print(f"all {len(files)} pictures are recognised, whatever filter resizes them")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent, help="folder to write into")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", message=".*tf.lite.Interpreter is deprecated")
    torch.set_num_threads(1)  # the same sums in the same order on every machine

    training, (images, labels) = load_splits()
    net = train(training, out / "digits.ckpt")
    with torch.inference_mode():
        logits = net(torch.from_numpy(images)).numpy()
    accuracy = float((logits.argmax(1) == labels).mean())
    print(f"accuracy on {len(labels)} held-out digits: {accuracy:.4f}")
    assert accuracy >= MIN_ACCURACY

    export_torch(net, out)
    export_tensorflow(net, out)
    check_forms(out, images, logits)
    write_pictures(net, out / "pictures", (images, labels))
    check_pictures(net, out / "pictures")

    batch = slice(0, REFERENCE_BATCH)
    np.save(out / "digits.npy", images[batch])
    np.save(out / "digits_nhwc.npy", np.ascontiguousarray(images[batch].transpose(0, 2, 3, 1)))
    np.save(out / "labels.npy", labels[batch])
    np.save(out / "expected.npy", logits[batch])
    (out / "labels.txt").write_text("\n".join(LABELS) + "\n")


if __name__ == "__main__":
    main()
