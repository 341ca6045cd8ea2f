"""LiteRT (formerly TensorFlow Lite) with its XNNPACK delegate. Fastest documented call: the compiled model's run on buffers
made beforehand where the package has it, else Interpreter.invoke with the inputs set beforehand."""
import numpy

PACKAGES = ["ai-edge-litert==2.3.0", "numpy==2.4.6"]


class Engine:
    timed = "Interpreter.invoke, input tensors set beforehand, outputs left in the interpreter"

    def __init__(self):
        import ai_edge_litert
        from ai_edge_litert import interpreter
        self.module = interpreter
        self.version = getattr(ai_edge_litert, "__version__", None)

    def versions(self):
        from importlib import metadata
        return {"ai-edge-litert": self.version or metadata.version("ai-edge-litert")}

    def make(self):
        return self.module.Interpreter(model_path=self.model, num_threads=self.threads)

    def open(self, model, threads, options):
        self.model, self.threads, self.arrays = model, threads, None
        self.interpreter = self.make()
        self.interpreter.allocate_tensors()
        self.signatures = self.interpreter.get_signature_list()
        wanted = options.get("signature") or ("serving_default" if "serving_default" in self.signatures else next(iter(self.signatures), None))
        self.key = wanted if wanted in self.signatures else None

    def ordered(self, interpreter):
        """Inputs and outputs as (public name, details): signature keys where there is a signature."""
        ins, outs = interpreter.get_input_details(), interpreter.get_output_details()
        if self.key is None or len(self.signatures) > 1:
            return [(d["name"], d) for d in ins], [(d["name"], d) for d in outs]
        runner = interpreter.get_signature_runner(self.key)

        def public(described, details):
            by_index = {d["index"]: name for name, d in described.items()}
            return [(by_index.get(d["index"], d["name"]), d) for d in details]
        return public(runner.get_input_details(), ins), public(runner.get_output_details(), outs)

    def signature(self):
        def describe(pairs):
            shapes = []
            for name, d in pairs:
                dims = d.get("shape_signature", d["shape"])
                dims = d["shape"] if len(dims) != len(d["shape"]) else dims
                shapes.append((name, numpy.dtype(d["dtype"]).name, [None if x < 0 else int(x) for x in dims]))
            return shapes
        ins, outs = self.ordered(self.interpreter)
        return describe(ins), describe(outs)

    def prepare(self, interpreter):
        details = interpreter.get_input_details()
        if any(list(a.shape) != list(d["shape"]) for a, d in zip(self.arrays, details)):
            for array, d in zip(self.arrays, details):
                interpreter.resize_tensor_input(d["index"], list(array.shape))
            interpreter.allocate_tensors()
        for array, d in zip(self.arrays, details):
            interpreter.set_tensor(d["index"], array)

    def bind(self, inputs):
        self.arrays, self.free = inputs, [self.interpreter]
        self.prepare(self.interpreter)

    def runner(self):
        interpreter = self.free.pop() if self.free else self.make()
        if interpreter is not self.interpreter:
            interpreter.allocate_tensors()
            self.prepare(interpreter)
        return interpreter.invoke

    def outputs(self):
        return [(name, self.interpreter.get_tensor(d["index"])) for name, d in self.ordered(self.interpreter)[1]]
