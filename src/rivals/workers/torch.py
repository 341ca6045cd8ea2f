"""PyTorch: TorchScript and torch.export files. Calls run in inference_mode on tensors made beforehand."""
PACKAGES = ["torch==2.13.0", "numpy==2.4.6"]


def flatten(value):
    if isinstance(value, dict):
        return [item for v in value.values() for item in flatten(v)]
    if isinstance(value, (list, tuple)):
        return [item for v in value for item in flatten(v)]
    return [value]


class Engine:
    timed = "the module called under torch.inference_mode on tensors made beforehand"

    def __init__(self):
        import torch
        self.torch = torch

    def versions(self):
        return {"torch": self.torch.__version__}

    def open(self, model, threads, options):
        torch = self.torch
        torch.set_num_threads(threads)
        try:
            torch.set_num_interop_threads(1)
        except RuntimeError:
            pass
        if options.get("precision") == "bf16":
            torch.set_float32_matmul_precision("medium")
        if options.get("format") == "pt2":
            self.program = torch.export.load(model)
            self.module = self.program.module()
            spec = self.program.graph_signature
            values = {n.name: n.meta.get("val") for n in self.program.graph.nodes}
            self.inputs = [self.describe(n, values.get(n)) for n in spec.user_inputs if isinstance(n, str)]
        else:
            module = torch.jit.load(model, map_location="cpu").eval()
            method = options.get("signature") or "forward"
            schema = getattr(module, method).schema
            self.kinds = [str(a.type) for a in schema.arguments[1:]]
            self.inputs = [(a.name, {"int": "int64", "float": "float64", "bool": "bool"}.get(str(a.type), "any"), None)
                           for a in schema.arguments[1:] if not a.has_default_value()]
            if options.get("optimized", True) and method == "forward":
                try:
                    module = torch.jit.optimize_for_inference(torch.jit.freeze(module))
                except Exception as error:  # modules with state it cannot freeze run as they are
                    print("not frozen:", error)
            self.module = module if method == "forward" else getattr(module, method)
        if options.get("compile"):
            self.module = torch.compile(self.module, mode=options.get("mode") or None)

    def describe(self, name, value):
        if hasattr(value, "shape"):
            dims = [d if isinstance(d, int) else None for d in value.shape]
            return name, str(value.dtype).replace("torch.", ""), dims
        return name, {bool: "bool", int: "int64", float: "float64"}.get(type(value), "any"), []

    def signature(self):
        return self.inputs, []

    def bind(self, inputs):
        torch, kinds = self.torch, getattr(self, "kinds", [])
        made = [torch.from_numpy(a.copy()) for a in inputs]
        # Python numbers of a TorchScript method, not tensors.
        self.arguments = [t.item() if i < len(kinds) and kinds[i] in ("int", "float", "bool") else t for i, t in enumerate(made)]
        self.last = None

    def runner(self):
        module, arguments, torch = self.module, self.arguments, self.torch
        # The mode belongs to a thread: entered once by each thread that runs.
        local = __import__("threading").local()

        def run():
            if not hasattr(local, "mode"):
                local.mode = torch.inference_mode()
                local.mode.__enter__()
            self.last = module(*arguments)
        return run

    def outputs(self):
        return [(f"output_{i}", t.detach().cpu().numpy()) for i, t in enumerate(flatten(self.last)) if hasattr(t, "detach")]
