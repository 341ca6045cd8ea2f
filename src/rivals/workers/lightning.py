"""PyTorch Lightning: a LightningModule class from the user's file, its checkpoint, bare or through Trainer.predict. The
file and the checkpoint are the user's own and are executed, as Lightning does."""
import importlib.util
import os
import sys

PACKAGES = ["lightning==2.6.6", "torch==2.13.0", "numpy==2.4.6"]


class Engine:
    timed = "the LightningModule called bare under torch.inference_mode on tensors made beforehand"

    def __init__(self):
        import lightning
        import torch
        self.lightning, self.torch = lightning, torch

    def versions(self):
        return {"lightning": self.lightning.__version__, "torch": self.torch.__version__}

    def open(self, model, threads, options):
        torch = self.torch
        torch.set_num_threads(threads)
        source, name = options["source"], options.get("class")
        sys.path.insert(0, os.path.dirname(os.path.abspath(source)))
        spec = importlib.util.spec_from_file_location("thane_user_module", source)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        base = self.lightning.LightningModule
        classes = [c for c in vars(module).values() if isinstance(c, type) and issubclass(c, base) and c is not base
                   and c.__module__ == spec.name]
        if name:
            chosen = getattr(module, name)
        elif len(classes) == 1:
            chosen = classes[0]
        else:
            raise ValueError(f"{source} has {len(classes)} LightningModules ({', '.join(c.__name__ for c in classes)}): name one")
        self.module = chosen.load_from_checkpoint(model, map_location="cpu", weights_only=bool(options.get("weights_only", True))).eval()
        self.trainer = bool(options.get("trainer"))
        if self.trainer:
            self.timed = "Trainer.predict over one prepared batch, loops and callbacks included"
        if options.get("compile"):
            self.module = torch.compile(self.module)

    def signature(self):
        import inspect
        parameters = list(inspect.signature(self.module.forward).parameters.values())
        return [(p.name, "any", None) for p in parameters if p.default is p.empty and p.kind == p.POSITIONAL_OR_KEYWORD], []

    def bind(self, inputs):
        self.arguments = [self.torch.from_numpy(a.copy()) for a in inputs]
        self.last = None

    def runner(self):
        torch = self.torch
        if self.trainer:
            trainer = self.lightning.Trainer(accelerator="cpu", devices=1, logger=False, enable_checkpointing=False,
                                             enable_progress_bar=False, enable_model_summary=False, use_distributed_sampler=False)
            batch = self.arguments[0] if len(self.arguments) == 1 else self.arguments

            class OneBatch(torch.utils.data.IterableDataset):
                def __iter__(self):
                    yield batch
            loader = torch.utils.data.DataLoader(OneBatch(), batch_size=None)

            def predict():
                self.last = trainer.predict(self.module, loader)
            return predict
        local = __import__("threading").local()

        def run():
            if not hasattr(local, "mode"):
                local.mode = torch.inference_mode()
                local.mode.__enter__()
            self.last = self.module(*self.arguments)
        return run

    def outputs(self):
        def flatten(value):
            if isinstance(value, dict):
                value = list(value.values())
            return [item for v in value for item in flatten(v)] if isinstance(value, (list, tuple)) else [value]
        return [(f"output_{i}", t.detach().cpu().numpy()) for i, t in enumerate(flatten(self.last)) if hasattr(t, "detach")]
