"""OpenVINO, CPU device, latency hint. float32 is asked for: the device would choose bfloat16 by itself where it can."""
PACKAGES = ["openvino==2026.4.1", "numpy==2.4.6"]


class Engine:
    timed = "InferRequest.infer, input tensors set beforehand (shared memory), outputs left in the request"

    def __init__(self):
        import openvino
        self.ov = openvino

    def versions(self):
        return {"openvino": self.ov.__version__}

    def open(self, model, threads, options):
        core = self.ov.Core()
        self.path, self.model = model, core.read_model(model)
        bf16 = options.get("precision") == "bf16"
        self.config = {"INFERENCE_NUM_THREADS": str(threads), "PERFORMANCE_HINT": options.get("hint", "LATENCY"),
                       "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32", "CACHE_DIR": ""}
        if streams := options.get("streams"):
            self.config["NUM_STREAMS"] = str(streams)
        self.core = core
        self.compiled = core.compile_model(self.model, "CPU", self.config)

    def describe(self, ports):
        found = []
        for i, port in enumerate(ports):
            names = sorted(port.get_names())
            name = port.get_any_name() if names else f"port_{i}"
            shape = port.get_partial_shape()
            dims = [None if d.is_dynamic else d.get_length() for d in shape] if shape.rank.is_static else None
            found.append((name, port.get_element_type().to_dtype().name, dims))
        return found

    def signature(self):
        return self.describe(self.model.inputs), self.describe(self.model.outputs)

    def bind(self, inputs):
        shapes = {port: list(a.shape) for port, a in zip(self.model.inputs, inputs)}
        if any(port.get_partial_shape().is_dynamic for port in self.model.inputs):
            # Static shapes are documented as the faster way when they are known.
            self.model.reshape(shapes)
            self.compiled = self.core.compile_model(self.model, "CPU", self.config)
        self.tensors = [self.ov.Tensor(a, shared_memory=True) if a.flags.writeable else self.ov.Tensor(a.copy()) for a in inputs]
        self.first = None

    def runner(self):
        request = self.compiled.create_infer_request()
        for i, tensor in enumerate(self.tensors):
            request.set_input_tensor(i, tensor)
        self.first = self.first or request
        return lambda: request.infer(share_outputs=True)

    def inside(self, names):
        """Intermediates by name: the model with further results, as compiled for the same settings."""
        model, found = self.core.read_model(self.path), []
        for name in names:
            try:
                model.add_outputs(name)
                found.append(name)
            except RuntimeError:  # folded or renamed by its importer
                pass
        request = self.core.compile_model(model, "CPU", self.config).create_infer_request()
        for i, tensor in enumerate(self.tensors):
            request.set_input_tensor(i, tensor)
        request.infer()
        return [(name, request.get_tensor(name).data.copy()) for name in found]

    def outputs(self):
        names = [name for name, _, _ in self.describe(self.model.outputs)]
        return [(name, self.first.get_output_tensor(i).data) for i, name in enumerate(names)]
