"""MNN. ONNX and TFLite files are converted by its own converter while loading, which is timed as loading."""
import os
import subprocess
import sys
import tempfile

PACKAGES = ["MNN==3.6.1", "numpy==2.4.6"]


class Engine:
    timed = "Interpreter.runSession, input copied to its tensor beforehand, output left in the session"

    def __init__(self):
        import MNN
        import numpy
        self.MNN, self.numpy = MNN, numpy

    def versions(self):
        from importlib import metadata
        return {"MNN": metadata.version("MNN")}

    def open(self, model, threads, options):
        kind = {"onnx": "ONNX", "tflite": "TFLITE"}[options["format"]]
        with tempfile.TemporaryDirectory(dir=options["scratch"]) as folder:
            target = os.path.join(folder, "model.mnn")
            code = "import sys; from MNN.tools import mnnconvert; sys.exit(mnnconvert.main())"
            done = subprocess.run([sys.executable, "-I", "-B", "-c", code, "-f", kind, "--modelFile", model, "--MNNModel", target,
                                   "--bizCode", "thane"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if not os.path.exists(target):
                raise RuntimeError("its converter refuses the file: " + " ".join(done.stdout.split())[-300:])
            self.interpreter = self.MNN.Interpreter(target)
        self.settings = {"backend": "CPU", "numThread": threads, "precision": "normal"}
        self.session = self.interpreter.createSession(self.settings)
        self.names_in = list(self.interpreter.getSessionInputAll(self.session))
        self.names_out = list(self.interpreter.getSessionOutputAll(self.session))

    def dtype(self, tensor):
        return str(self.numpy.dtype({self.MNN.Halide_Type_Int: "int32", self.MNN.Halide_Type_Int64: "int64",
                                     self.MNN.Halide_Type_Uint8: "uint8"}.get(tensor.getDataType(), "float32")))

    def signature(self):
        def describe(tensors):
            return [(name, self.dtype(t), [None if d <= 0 else d for d in t.getShape()]) for name, t in tensors.items()]
        return describe(self.interpreter.getSessionInputAll(self.session)), describe(self.interpreter.getSessionOutputAll(self.session))

    def bind(self, inputs):
        for name, array in zip(self.names_in, inputs):
            tensor = self.interpreter.getSessionInput(self.session, name)
            if tuple(tensor.getShape()) != tuple(array.shape):
                self.interpreter.resizeTensor(tensor, tuple(array.shape))
        self.interpreter.resizeSession(self.session)
        for name, array in zip(self.names_in, inputs):
            tensor = self.interpreter.getSessionInput(self.session, name)
            holder = self.MNN.Tensor(tuple(array.shape), tensor.getDataType(), self.numpy.ascontiguousarray(array),
                                     tensor.getDimensionType())
            tensor.copyFrom(holder)

    def runner(self):
        interpreter, session = self.interpreter, self.session
        return lambda: interpreter.runSession(session)

    def outputs(self):
        named = []
        for name in self.names_out:
            tensor = self.interpreter.getSessionOutput(self.session, name)
            holder = self.MNN.Tensor(tensor.getShape(), tensor.getDataType(),
                                     self.numpy.zeros(tensor.getShape(), self.dtype(tensor)), tensor.getDimensionType())
            tensor.copyToHostTensor(holder)
            named.append((name, self.numpy.array(holder.getNumpyData(), copy=True).reshape(tensor.getShape())))
        return named
