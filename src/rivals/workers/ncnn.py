"""ncnn. TorchScript and ONNX files are converted by pnnx while loading, which is timed as loading. ncnn networks have no
batch axis: a batch is run row by row."""
import os
import re
import subprocess
import tempfile

PACKAGES = ["ncnn==1.0.20261020", "pnnx==20261020", "numpy==2.4.6"]


class Engine:
    timed = "for each row: an Extractor made, fed with a Mat made beforehand, and asked for its outputs"

    def __init__(self):
        import importlib.util
        import ncnn
        import numpy
        self.ncnn, self.numpy = ncnn, numpy
        # The package's program; importing the package would import PyTorch, which the program does without.
        self.pnnx = os.path.join(importlib.util.find_spec("pnnx").submodule_search_locations[0], "pnnx")

    def versions(self):
        from importlib import metadata
        return {"ncnn": metadata.version("ncnn"), "pnnx": metadata.version("pnnx")}

    def open(self, model, threads, options):
        self.model, self.threads, self.options, self.net = model, threads, options, None

    def signature(self):
        shapes = self.options.get("shapes") or []
        return [(f"in{i}", "float32", shape) for i, shape in enumerate(shapes)], []

    def convert(self, inputs):
        with tempfile.TemporaryDirectory(dir=self.options["scratch"]) as folder:
            target = os.path.join(folder, "m" + os.path.splitext(self.model)[1])
            os.symlink(os.path.abspath(self.model), target)
            shapes = ",".join("[" + ",".join(map(str, (1, *a.shape[1:]))) + "]" for a in inputs)
            done = subprocess.run([self.pnnx, target, "inputshape=" + shapes, "fp16=0"], cwd=folder, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
            param, binary = os.path.join(folder, "m.ncnn.param"), os.path.join(folder, "m.ncnn.bin")
            if not os.path.exists(param):
                if done.returncode < 0:
                    raise RuntimeError(f"its converter pnnx crashes on the file (signal {-done.returncode}); of TorchScript it takes traced modules")
                raise RuntimeError("its converter pnnx refuses the file: " + " ".join(done.stdout.split())[-300:])
            net = self.ncnn.Net()
            net.opt.num_threads = self.threads
            net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = net.opt.use_bf16_storage = False
            if net.load_param(param) or net.load_model(binary):
                raise RuntimeError("ncnn cannot load what pnnx wrote")
            text = open(param).read()
            self.names_in = sorted(set(re.findall(r"\bin\d+\b", text)), key=lambda n: int(n[2:]))
            self.names_out = sorted(set(re.findall(r"\bout\d+\b", text)), key=lambda n: int(n[3:]))
        return net

    def bind(self, inputs):
        if any(a.dtype != self.numpy.float32 or a.ndim < 2 or a.shape[0] != inputs[0].shape[0] for a in inputs):
            raise ValueError("ncnn takes float32 inputs with a common batch in front")
        self.net = self.convert(inputs)
        self.rows = [[self.ncnn.Mat(self.numpy.ascontiguousarray(a[row])).clone() for a in inputs] for row in range(inputs[0].shape[0])]
        self.last = None

    def runner(self):
        def run():
            results = []
            for mats in self.rows:
                extractor = self.net.create_extractor()
                for name, mat in zip(self.names_in, mats):
                    extractor.input(name, mat)
                results.append([extractor.extract(name)[1] for name in self.names_out])
            self.last = results
        return run

    def outputs(self):
        return [(name, self.numpy.stack([self.numpy.array(row[i]) for row in self.last])) for i, name in enumerate(self.names_out)]
