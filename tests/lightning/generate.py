"""generate.py: trains tiny networks for a few steps with the real Lightning, and writes what tests/lightning checks.

Per case a graph (exported from weights other than the trained ones, so that an unbound run cannot pass), a checkpoint, an
input, and the output that PyTorch computes from that checkpoint. cases.json lists them. The results are committed; this
script says how they were made:

    python -m venv venv && venv/bin/pip install torch==2.13.0 lightning==2.6.6 onnx==1.23.2 onnxscript==0.7.2 safetensors
    venv/bin/python tests/lightning/generate.py
"""

import copy
import hashlib
import json
import pathlib
import shutil
import warnings
import zipfile

import lightning
import numpy as np
import safetensors.torch
import torch
from lightning.pytorch.callbacks import EarlyStopping, EMAWeightAveraging, ModelCheckpoint
from torch import nn

FOLDER = pathlib.Path(__file__).parent / "data"
RUNS = pathlib.Path("/tmp/thane-lightning")  # Lightning writes its paths into checkpoints
CASES: list[dict] = []

warnings.filterwarnings("ignore")


class ConvNet(nn.Module):
    """image [batch, 1, 6, 6] -> scores [batch, 3]."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(4)
        self.block = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self.head = nn.Linear(4 * 3 * 3, 3)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.bn1(self.conv1(image)))
        x = nn.functional.max_pool2d(self.block(x), 2)
        return self.head(torch.flatten(x, 1))


class TiedNet(nn.Module):
    """tokens [batch, 5] -> logits [batch, 5, 11]; the embedding is the head's weight."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.norm = nn.LayerNorm(8)
        self.mlp = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8))
        self.head = nn.Linear(8, 11, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.embed(tokens)
        return self.head(x + self.mlp(self.norm(x)))


class RecurrentNet(nn.Module):
    """sequence [batch, 4, 3] -> scores [batch, 2]."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 5, batch_first=True)
        self.head = nn.Linear(5, 2)

    def forward(self, sequence: torch.Tensor) -> torch.Tensor:
        return self.head(self.lstm(sequence)[0][:, -1])


class Trained(lightning.LightningModule):
    def __init__(self, net: nn.Module, rate: float = 0.05, schedule: dict | None = None, note: object = None) -> None:
        super().__init__()
        self.save_hyperparameters(ignore=["net"])
        self.model = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.model(x)

    def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
        x, y = batch
        scores = self(x)
        loss = nn.functional.cross_entropy(scores.reshape(-1, scores.shape[-1]), y.reshape(-1))
        self.log("train_loss", loss)
        return loss

    def configure_optimizers(self) -> object:
        parts = list(self.model.parameters())
        groups = [{"params": parts[:2], "lr": self.hparams.rate}, {"params": parts[2:], "lr": self.hparams.rate / 2}]
        optimizer = torch.optim.AdamW(groups)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


class WithTwin(Trained):
    """Keeps a moving average of the network by hand, as many projects do."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__(net)
        self.ema = copy.deepcopy(net).requires_grad_(False)

    def on_train_batch_end(self, *_: object) -> None:
        for mean, now in zip(self.ema.state_dict().values(), self.model.state_dict().values()):
            mean.copy_(mean * 0.5 + now * 0.5 if mean.is_floating_point() else now)


def data(kind: str, count: int = 16) -> torch.utils.data.TensorDataset:
    if kind == "image":
        return torch.utils.data.TensorDataset(torch.randn(count, 1, 6, 6), torch.randint(3, (count,)))
    if kind == "tokens":
        return torch.utils.data.TensorDataset(torch.randint(11, (count, 5)), torch.randint(11, (count, 5)))
    return torch.utils.data.TensorDataset(torch.randn(count, 4, 3), torch.randint(2, (count,)))


def train(module: lightning.LightningModule, kind: str, callbacks: list, epochs: int = 2) -> lightning.Trainer:
    trainer = lightning.Trainer(
        max_epochs=epochs, accelerator="cpu", devices=1, logger=False, enable_progress_bar=False, callbacks=callbacks,
        enable_model_summary=False, default_root_dir=str(RUNS), enable_checkpointing=any(isinstance(c, ModelCheckpoint) for c in callbacks))
    trainer.fit(module, torch.utils.data.DataLoader(data(kind), batch_size=4))
    return trainer


def perturbed(net: nn.Module) -> nn.Module:
    """The same network with other weights, no two tensors of them equal: what graphs are exported from."""
    net = copy.deepcopy(net).eval()
    with torch.no_grad():
        for tensor in net.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand_like(tensor) * 0.5 + 0.1)
    return net


def onnx(name: str, net: nn.Module, sample: torch.Tensor, dynamo: bool = True, optimize: bool = False) -> str:
    """Unoptimised exports keep every weight as it is; others fold batch norms and transpose Linear weights."""
    path = FOLDER / f"{name}.onnx"
    more = {"optimize": optimize, "external_data": False} if dynamo else {}
    if not path.exists():
        torch.onnx.export(perturbed(net), (sample,), path, dynamo=dynamo, input_names=["x"], output_names=["y"], verbose=False, **more)
        without_traces(path)
    return path.name


def without_traces(path: pathlib.Path) -> None:
    """Drops the exporter's notes on which line of which file made a node."""
    import onnx as onnx_module

    model = onnx_module.load(path)
    for item in [model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer]:
        del item.metadata_props[:]
    onnx_module.save(model, path)


def torch_graphs(name: str, net: nn.Module, sample: torch.Tensor) -> list[str]:
    other = perturbed(net)
    traced = FOLDER / f"{name}.pt"
    torch.jit.trace(other, sample).save(traced)
    with zipfile.ZipFile(traced) as archive:  # without the notes on who made which line
        members = {m: archive.read(m) for m in archive.namelist() if not m.endswith(".debug_pkl")}
    with zipfile.ZipFile(traced, "w") as archive:
        for member, contents in members.items():
            archive.writestr(member, contents)
    torch.jit.load(traced)
    program = torch.export.export(other, (sample,))
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)
    torch.export.save(program, FOLDER / f"{name}.pt2")
    return [f"{name}.pt", f"{name}.pt2"]


def case(name: str, graph: str, weights: str, net: nn.Module, x: torch.Tensor, **more: object) -> None:
    with torch.no_grad():
        y = net.eval()(x).numpy()
    np.save(FOLDER / f"{name}.x.npy", x.numpy())
    np.save(FOLDER / f"{name}.y.npy", y)
    CASES.append({"name": name, "graph": graph, "weights": weights, "input": f"{name}.x.npy", "output": f"{name}.y.npy", **more})


def load(net: nn.Module, state: dict, prefix: str) -> nn.Module:
    """A fresh network with the checkpoint's tensors, by PyTorch alone."""
    fresh = copy.deepcopy(net)
    fresh.load_state_dict({key[len(prefix):].replace("_orig_mod.", ""): value for key, value in state.items() if key.startswith(prefix)})
    return fresh


def facts(path: pathlib.Path) -> dict:
    """What `inspect --json` must say of a checkpoint."""
    state = torch.load(path, weights_only=False)
    return {
        "epoch": state["epoch"], "global_step": state["global_step"], "version": state["pytorch-lightning_version"],
        "callbacks": list(state["callbacks"]), "schedulers": len(state["lr_schedulers"]),
        "hyper_parameters": {k: v for k, v in state.get("hyper_parameters", {}).items() if isinstance(v, (int, float, str, dict))},
        "optimizers": [{"groups": len(o["param_groups"]), "tensors": sum(isinstance(v, torch.Tensor) for s in o["state"].values() for v in s.values())} for o in state["optimizer_states"]],
        "parameters": sum(t.numel() for t in state["state_dict"].values()),
    }


def convolutional() -> None:
    net = ConvNet()
    module = Trained(net, schedule={"kind": "step", "milestones": [2, 4]}, note=pathlib.PurePosixPath("runs/first"))
    saver = ModelCheckpoint(monitor="train_loss", save_last=True, dirpath=RUNS)
    trainer = train(module, "image", [saver, EarlyStopping("train_loss")])
    checkpoint = FOLDER / "conv.ckpt"
    trainer.save_checkpoint(checkpoint)
    state = torch.load(checkpoint, weights_only=False)["state_dict"]
    x = torch.randn(2, 1, 6, 6)
    trained = load(net, state, "model.")
    graph = onnx("conv", net, x)
    case("conv", graph, "conv.ckpt", trained, x, facts=facts(checkpoint))
    for file in torch_graphs("conv", net, x):
        case("conv_" + file[5:], file, "conv.ckpt", trained, x)

    plain = trained.state_dict()
    torch.save(plain, FOLDER / "conv.pth")
    torch.save(plain, FOLDER / "conv_legacy.pth", _use_new_zipfile_serialization=False)
    safetensors.torch.save_file({k: v.contiguous() for k, v in plain.items()}, FOLDER / "conv.safetensors", {"format": "pt"})
    torch.save({"epoch": 3, "model_state_dict": plain, "optimizer_state_dict": trainer.optimizers[0].state_dict(), "loss": 0.25}, FOLDER / "conv_training.pth")
    torch.save(nn.DataParallel(trained).state_dict(), FOLDER / "conv_parallel.pth")
    torch.save(trained, FOLDER / "conv_module.pth")
    for weights in ("conv.pth", "conv_legacy.pth", "conv.safetensors", "conv_training.pth", "conv_parallel.pth", "conv_module.pth"):
        case(weights.replace(".", "_"), graph, weights, trained, x)

    # The whole module as a graph: its names have the prefix, a bare state_dict's have not.
    whole = Trained(net)
    case("conv_prefixed_graph", onnx("conv_whole", whole, x), "conv.pth", trained, x)

    # Folded into convolutions that keep their names: only what is left over of the checkpoint tells.
    case("conv_folded", onnx("conv_folded", net, x, optimize=True), "conv.pth", trained, x, expect="unbindable", left=["bn1.weight", "block.1.running_mean"])

    half = {key: value for key, value in plain.items() if not key.startswith("head.")}
    torch.save(half, FOLDER / "conv_half.pth")
    mixed = perturbed_like(graph_weights=FOLDER / graph, state=half, net=net)
    case("conv_half", graph, "conv_half.pth", mixed, x, expect="incomplete", left=["head.weight", "head.bias"])
    torch.save({**plain, "extra.weight": torch.ones(7)}, FOLDER / "conv_more.pth")
    case("conv_more", graph, "conv_more.pth", trained, x, expect="incomplete", left=["extra.weight"])
    torch.save({**plain, "head.bias": torch.ones(4)}, FOLDER / "conv_shape.pth")
    wrong = load(net, {**plain, "head.bias": onnx_weights(FOLDER / graph)["head.bias"]}, "")
    case("conv_shape", graph, "conv_shape.pth", wrong, x, expect="incomplete", left=["head.bias"])
    torch.save({**plain, "head.bias": plain["head.bias"].double()}, FOLDER / "conv_dtype.pth")
    case("conv_dtype", graph, "conv_dtype.pth", wrong, x, expect="incomplete", left=["head.bias"])


def onnx_weights(path: pathlib.Path) -> dict[str, torch.Tensor]:
    import onnx as onnx_module

    model = onnx_module.load(path)
    return {w.name: torch.from_numpy(onnx_module.numpy_helper.to_array(w).copy()) for w in model.graph.initializer}


def perturbed_like(graph_weights: pathlib.Path, state: dict, net: nn.Module) -> nn.Module:
    """The network with `state`, and the graph's own weights where that says nothing."""
    own = onnx_weights(graph_weights)
    full = {key: state.get(key, own.get(key, value)) for key, value in net.state_dict().items()}
    return load(net, full, "")


def averaged() -> None:
    net = ConvNet()
    module = Trained(net)
    trainer = train(module, "image", [EMAWeightAveraging(decay=0.5)])
    checkpoint = FOLDER / "ema.ckpt"
    trainer.save_checkpoint(checkpoint)
    x = torch.randn(2, 1, 6, 6)
    state = torch.load(checkpoint, weights_only=False)
    case("ema", onnx("conv", net, x), "ema.ckpt", load(net, state["state_dict"], "model."), x, facts=facts(checkpoint))

    twin = WithTwin(ConvNet())
    trainer = train(twin, "image", [])
    trainer.save_checkpoint(FOLDER / "twin.ckpt")
    state = torch.load(FOLDER / "twin.ckpt", weights_only=False)["state_dict"]
    case("twin_model", onnx("conv", net, x), "twin.ckpt", load(net, state, "model."), x, prefix="model")
    case("twin_ema", onnx("conv", net, x), "twin.ckpt", load(net, state, "ema."), x, prefix="ema.")
    case("twin_ambiguous", onnx("conv", net, x), "twin.ckpt", load(net, state, "ema."), x, expect="ambiguous", left=["conv1.weight"])


def compiled() -> None:
    net = ConvNet()
    module = Trained(torch.compile(net, backend="eager"))
    trainer = train(module, "image", [])
    trainer.save_checkpoint(FOLDER / "compiled.ckpt")
    state = torch.load(FOLDER / "compiled.ckpt", weights_only=False)["state_dict"]
    assert any("_orig_mod." in key for key in state)
    x = torch.randn(2, 1, 6, 6)
    case("compiled", onnx("conv", net, x), "compiled.ckpt", load(net, state, "model."), x)

    parts = ConvNet()
    parts.block = torch.compile(parts.block, backend="eager")
    trainer = train(Trained(parts), "image", [])
    trainer.save_checkpoint(FOLDER / "compiled_part.ckpt")
    state = torch.load(FOLDER / "compiled_part.ckpt", weights_only=False)["state_dict"]
    case("compiled_part", onnx("conv", net, x), "compiled_part.ckpt", load(net, state, "model."), x)


def tied() -> None:
    net = TiedNet()
    trainer = train(Trained(net), "tokens", [])
    trainer.save_checkpoint(FOLDER / "tied.ckpt")
    state = torch.load(FOLDER / "tied.ckpt", weights_only=False)["state_dict"]
    x = torch.randint(11, (2, 5))
    case("tied", onnx("tied", net, x), "tied.ckpt", load(net, state, "model."), x)
    case("tied_folded", onnx("tied_folded", net, x, optimize=True), "tied.ckpt", load(net, state, "model."), x, expect="unbindable", left=["model.mlp.0.weight", "perhaps 'model.mlp.0.weight', which the exporter transposed"])


def repacked() -> None:
    """ONNX orders an LSTM's gates otherwise: its weights cannot be bound by name, and that must be said."""
    net = RecurrentNet()
    trainer = train(Trained(net), "sequence", [])
    trainer.save_checkpoint(FOLDER / "lstm.ckpt")
    state = torch.load(FOLDER / "lstm.ckpt", weights_only=False)["state_dict"]
    x = torch.randn(2, 4, 3)
    trained = load(net, state, "model.")
    case("lstm", onnx("lstm", net, x, dynamo=False), "lstm.ckpt", trained, x, expect="unbindable", left=["model.lstm.weight_ih_l0"])
    for file in torch_graphs("lstm", net, x):
        case("lstm_" + file[5:], file, "lstm.ckpt", trained, x)


def listed(value: object, path: list, tensors: list, storages: dict) -> None:
    """Every tensor of a checkpoint, as PyTorch sees it."""
    if isinstance(value, torch.Tensor):
        stored = value.detach().int_repr() if value.is_quantized else value.detach()
        raw = stored.contiguous().flatten().view(torch.uint8).numpy().tobytes() if stored.numel() else b""
        storages.setdefault(value.untyped_storage().data_ptr(), []).append(len(tensors))
        tensors.append({"path": path, "dtype": str(value.dtype).removeprefix("torch."), "shape": list(value.shape), "strides": list(value.stride()),
                        "storage_offset": value.storage_offset(), "sha256": hashlib.sha256(raw).hexdigest()})
    elif isinstance(value, dict):
        for key, item in value.items():
            listed(item, [*path, key], tensors, storages)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            listed(item, [*path, index], tensors, storages)


def dtypes_and_views() -> None:
    """Checkpoints of every dtype and of all ways in which tensors lie in memory; index.json is for tests/model_pack."""
    t = torch.arange(24.0).reshape(2, 3, 4) / 8
    kinds = {
        "views": {"t": t, "transposed": t.transpose(0, 2), "part": t[:, 1:, ::2], "row": t[1, 2], "expanded": t[:1, :1].expand(2, 5, 4), "scalar": t[0, 0, 3]},
        "dtypes": [t.to(d) for d in (torch.float64, torch.float16, torch.bfloat16, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.bool,
                                      torch.complex64, torch.complex128, torch.float8_e4m3fn, torch.float8_e5m2, torch.uint16, torch.uint32, torch.uint64)],
        "quantized": (torch.quantize_per_tensor(t, 0.1, 3, torch.quint8), torch.quantize_per_channel(t, torch.tensor([0.1, 0.2, 0.3]), torch.tensor([1, 2, 3]), 1, torch.qint8)),
        "parameter": nn.Parameter(t[0].clone()), "empty": torch.empty(0, 3), "numpy": np.asfortranarray(t.numpy()), "number": np.float64(0.1),
        "others": [torch.device("cpu"), torch.float16, t.shape, 2**80, b"bytes", 1 + 2j, slice(1, 2), {3, 4}],
    }
    old = {key: kinds[key] for key in ("views", "parameter", "empty", "numpy")}
    torch.save(kinds, FOLDER / "kinds.pt")
    torch.save(old, FOLDER / "kinds_legacy.pt", _use_new_zipfile_serialization=False)
    torch.serialization.set_crc32_options(False)
    torch.save(kinds, FOLDER / "kinds_unchecked.pt")
    torch.serialization.set_crc32_options(True)
    torch.save(kinds, FOLDER / "kinds_protocol4.pt", pickle_protocol=4)
    with zipfile.ZipFile(FOLDER / "kinds.pt") as archive, zipfile.ZipFile(FOLDER / "kinds_deflated.pt", "w", zipfile.ZIP_DEFLATED) as other:
        for name in archive.namelist():
            other.writestr(name, archive.read(name))
    index = []
    for path in sorted(FOLDER.glob("*.pt")) + sorted(FOLDER.glob("*.ckpt")) + sorted(FOLDER.glob("*.pth")):
        if path.name in ("conv.pt", "lstm.pt", "conv_module.pth"):
            continue
        tensors, storages = [], {}
        listed(torch.load(path, weights_only=False), [], tensors, storages)
        shared = sorted(group for group in storages.values() if len(group) > 1 and all(0 not in tensors[i]["shape"] for i in group))
        (FOLDER / f"{path.name}.json").write_text(json.dumps({"tensors": tensors, "shared_storage": shared}))
        index.append({"path": path.name, "format": "lightning" if path.suffix == ".ckpt" else "torch_state", "tensors_file": f"{path.name}.json"})
    (FOLDER / "index.json").write_text(json.dumps(index, indent=1) + "\n")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.*"):
        old.unlink()
    lightning.seed_everything(6)
    convolutional()
    averaged()
    compiled()
    tied()
    repacked()
    dtypes_and_views()
    shutil.rmtree(RUNS, ignore_errors=True)
    (FOLDER / "cases.json").write_text(json.dumps(CASES, indent=1) + "\n")
    print(len(CASES), "cases,", sum(f.stat().st_size for f in FOLDER.iterdir() if f.is_file()), "bytes")


if __name__ == "__main__":
    main()
