"""TensorFlow: SavedModels through their signature's concrete function, frozen graphs, Keras files. The call is the concrete
function on tensors made beforehand."""
PACKAGES = ["tensorflow==2.21.0"]


class Engine:
    timed = "ConcreteFunction called on eager tensors made beforehand, until its results can be read"

    def __init__(self):
        import tensorflow
        self.tf = tensorflow

    def versions(self):
        return {"tensorflow": self.tf.__version__}

    def open(self, model, threads, options):
        tf = self.tf
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        self.order = None
        if options.get("format") == "graphdef":
            self.function = self.frozen(model, options)
        elif model.endswith((".keras", ".h5")):
            self.keep = tf.keras.models.load_model(model, compile=False)
            spec = [tf.TensorSpec(i.shape, i.dtype, name=i.name) for i in self.keep.inputs]
            self.function = tf.function(self.keep, jit_compile=bool(options.get("xla"))).get_concrete_function(*spec)
        else:
            try:
                self.keep = tf.saved_model.load(model)
            except AttributeError as error:
                # What Keras 2 saved beside the graph (an optimizer's slots) has no class here: the graph and its variables are enough.
                from tensorflow.python.saved_model import load_v1_in_v2
                print("opened without its Python objects:", error)
                self.keep = load_v1_in_v2.load(model, ["serve"])
            names = list(self.keep.signatures)
            name = options.get("signature") or ("serving_default" if "serving_default" in names else names[0])
            self.function = self.keep.signatures[name]
        self.function_plain = self.function
        if options.get("xla"):
            inner = self.function
            self.function = tf.function(lambda **k: inner(**k), jit_compile=True)

    def frozen(self, path, options):
        tf = self.tf
        definition = tf.compat.v1.GraphDef()
        with open(path, "rb") as file:
            definition.ParseFromString(file.read())
        inputs = [n.name for n in definition.node if n.op == "Placeholder"]
        read = {i.lstrip("^").split(":")[0] for n in definition.node for i in n.input}
        outputs = options.get("outputs") or [n.name for n in definition.node if n.name not in read and n.op not in ("NoOp", "Const", "Placeholder")]
        wrapped = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(definition, name=""), [])
        pick = [wrapped.graph.get_tensor_by_name(n if ":" in n else n + ":0") for n in inputs]
        give = {n: wrapped.graph.get_tensor_by_name(n if ":" in n else n + ":0") for n in outputs}
        return wrapped.prune(pick, give)

    def items(self):
        """Names and specs, in the order of the function's keywords (signatures) or arguments."""
        arguments, keywords = self.function_plain.structured_input_signature
        if keywords:
            return [(name, spec) for name, spec in keywords.items()]
        return [((spec.name or f"input_{i}").split(":")[0], spec) for i, spec in enumerate(self.tf.nest.flatten(arguments))]

    def signature(self):
        def describe(name, spec):
            shape = [None] if spec.shape.rank is None else [None if d is None else int(d) for d in spec.shape.as_list()]
            return name, spec.dtype.name, shape
        outs = self.function_plain.structured_outputs
        outs = list(outs.items()) if isinstance(outs, dict) else [(f"output_{i}", s) for i, s in enumerate(self.tf.nest.flatten(outs))]
        return [describe(n, s) for n, s in self.items()], [describe(n, s) for n, s in outs]

    def bind(self, inputs):
        by_keyword = bool(self.function_plain.structured_input_signature[1])
        tensors = [self.tf.constant(a) for a in inputs]
        self.arguments = [] if by_keyword else tensors
        self.keywords = dict(zip([n for n, _ in self.items()], tensors)) if by_keyword else {}
        self.last = None

    def runner(self):
        function, arguments, keywords, nest = self.function, self.arguments, self.keywords, self.tf.nest

        def run():
            self.last = function(*arguments, **keywords)
        return run

    def outputs(self):
        if isinstance(self.last, dict):
            return [(n, t.numpy()) for n, t in self.last.items()]
        return [(f"output_{i}", t.numpy()) for i, t in enumerate(self.tf.nest.flatten(self.last))]
