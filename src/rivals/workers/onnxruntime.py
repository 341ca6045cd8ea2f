"""ONNX Runtime, CPU provider. Fastest documented call: run_with_iobinding with inputs and outputs bound beforehand."""
PACKAGES = ["onnxruntime==1.32.0", "numpy==2.4.6", "onnx==1.22.0"]
DTYPES = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16", "tensor(bfloat16)": "bfloat16",
          "tensor(int8)": "int8", "tensor(uint8)": "uint8", "tensor(int16)": "int16", "tensor(uint16)": "uint16",
          "tensor(int32)": "int32", "tensor(uint32)": "uint32", "tensor(int64)": "int64", "tensor(uint64)": "uint64",
          "tensor(bool)": "bool", "tensor(string)": "string"}


class Engine:
    timed = "InferenceSession.run_with_iobinding, inputs and outputs bound beforehand"

    def __init__(self):
        import onnxruntime
        self.ort = onnxruntime
        onnxruntime.set_default_logger_severity(4)

    def versions(self):
        return {"onnxruntime": self.ort.__version__}

    def open(self, model, threads, options):
        settings = self.ort.SessionOptions()
        settings.intra_op_num_threads = threads
        settings.inter_op_num_threads = 1
        if not options.get("spinning", True):
            settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if options.get("fastmath"):
            settings.add_session_config_entry("session.set_denormal_as_zero", "1")
        self.model = model
        self.session = self.ort.InferenceSession(model, settings, providers=["CPUExecutionProvider"])

    def signature(self):
        def describe(values):
            return [(v.name, DTYPES.get(v.type, v.type), [d if isinstance(d, int) else None for d in v.shape]) for v in values]
        return describe(self.session.get_inputs()), describe(self.session.get_outputs())

    def bind(self, inputs):
        self.inputs = [self.ort.OrtValue.ortvalue_from_numpy(a) for a in inputs]
        self.first = None

    def runner(self):
        binding = self.session.io_binding()
        for info, value in zip(self.session.get_inputs(), self.inputs):
            binding.bind_ortvalue_input(info.name, value)
        # A first run tells the outputs' shapes; then they are bound to memory that is kept.
        for info in self.session.get_outputs():
            binding.bind_output(info.name, "cpu")
        session = self.session

        def run():
            session.run_with_iobinding(binding)
        self.first = self.first or binding
        return run

    def outputs(self):
        names = [v.name for v in self.session.get_outputs()]
        return list(zip(names, [v.numpy() for v in self.first.get_outputs()]))

    def inside(self, names):
        """Intermediates by name: a copy of the model that lists them as outputs, unoptimised."""
        import onnx
        model = onnx.load(self.model)
        there = {o for node in model.graph.node for o in node.output}
        chosen = [n for n in names if n in there]
        for name in chosen:
            model.graph.output.append(onnx.ValueInfoProto(name=name))
        settings = self.ort.SessionOptions()
        settings.graph_optimization_level = self.ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = self.ort.InferenceSession(model.SerializeToString(), settings, providers=["CPUExecutionProvider"])
        feed = {i.name: v.numpy() for i, v in zip(self.session.get_inputs(), self.inputs)}
        return list(zip(chosen, session.run(chosen, feed)))
