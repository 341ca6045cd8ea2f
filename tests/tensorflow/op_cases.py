"""The cases of generate.py: one small graph per op (and per dtype or attribute that matters), as plain functions of TensorFlow.

A case is (name, function, inputs). The function gets placeholders and returns a tensor or several.
"""
import numpy as np
import tensorflow as tf

R = tf.raw_ops
rng = np.random.default_rng(7)


def f32(*shape, low=None, high=None):
    if low is None:
        return rng.standard_normal(shape).astype(np.float32)
    return rng.uniform(low, high, shape).astype(np.float32)


def ints(*shape, low=-5, high=6, dtype=np.int32):
    return rng.integers(low, high, shape).astype(dtype)


def bools(*shape):
    return rng.random(shape) < 0.5


def text(*values):
    return np.array(values, dtype=object)


CASES = []


def case(name, function, *inputs, **options):
    CASES.append((name, function, [np.asarray(x) if not (isinstance(x, np.ndarray)) else x for x in inputs], options))


def unary():
    anywhere = ["Abs", "Neg", "Sign", "Square", "Exp", "Expm1", "Sin", "Cos", "Tan", "Atan", "Sinh", "Cosh", "Tanh", "Asinh", "Sigmoid",
                "Softplus", "Softsign", "Relu", "Relu6", "Elu", "Selu", "Erf", "Erfc", "Floor", "Ceil", "Round", "Rint", "Reciprocal", "Inv",
                "BesselI0e", "BesselI1e", "IsNan", "IsInf", "IsFinite", "ZerosLike", "OnesLike"]
    arguments = {"Relu": "features", "Relu6": "features", "Elu": "features", "Selu": "features", "Softplus": "features", "Softsign": "features"}
    for op in anywhere:
        key = arguments.get(op, "x")
        case(op, lambda x, op=op, key=key: getattr(R, op)(**{key: x}), f32(3, 4))
    for op in ["Sqrt", "Rsqrt", "Log", "Log1p", "Lgamma", "Digamma", "BesselI0", "BesselI1"]:
        function = {"BesselI0": tf.math.bessel_i0, "BesselI1": tf.math.bessel_i1}.get(op, lambda x, op=op: getattr(R, op)(x=x))
        case(op, function, f32(3, 4, low=0.1, high=4))
    for op in ["Asin", "Acos", "Atanh", "Erfinv"]:
        case(op, lambda x, op=op: getattr(R, op)(x=x), f32(3, 4, low=-0.95, high=0.95))
    case("Acosh", lambda x: R.Acosh(x=x), f32(3, 4, low=1.1, high=4))
    case("Ndtri", lambda x: R.Ndtri(x=x), f32(3, 4, low=0.02, high=0.98))
    for op in ["BesselJ0", "BesselJ1", "BesselY0", "BesselY1"]:
        case(op, lambda x, op=op: getattr(R, op)(x=x), f32(5, low=0.5, high=8))
    for dtype in [np.int32, np.int64, np.float64]:
        for op in ["Abs", "Neg", "Sign", "Square"]:
            case(f"{op}_{np.dtype(dtype).name}", lambda x, op=op: getattr(R, op)(x=x), ints(5, dtype=dtype))
    case("Relu_half", lambda x: R.Relu(features=x), f32(4).astype(np.float16))
    case("Exp_double", lambda x: R.Exp(x=x), f32(4).astype(np.float64))
    case("LeakyRelu", lambda x: R.LeakyRelu(features=x, alpha=0.3), f32(3, 4))
    case("LogicalNot", lambda x: R.LogicalNot(x=x), bools(6))
    case("Invert", lambda x: R.Invert(x=x), ints(6))
    case("Identity", lambda x: R.Identity(input=x) + 1.0, f32(3))
    case("StopGradient", lambda x: R.StopGradient(input=x) * 2.0, f32(3))
    case("CheckNumerics", lambda x: R.CheckNumerics(tensor=x, message="no") * 2.0, f32(3))
    case("Cast_float_int", lambda x: tf.cast(x, tf.int32), f32(6) * 10)
    case("Cast_int_float", lambda x: tf.cast(x, tf.float32), ints(6))
    case("Cast_bool", lambda x: tf.cast(x, tf.bool), ints(6, low=0, high=2))
    case("Cast_half", lambda x: tf.cast(tf.cast(x, tf.float16), tf.float32), f32(6))
    case("Bitcast", lambda x: R.Bitcast(input=x, type=tf.int32), f32(6))
    case("gelu", lambda x: tf.nn.gelu(x), f32(3, 4))
    case("gelu_approximate", lambda x: tf.nn.gelu(x, approximate=True), f32(3, 4))
    case("swish", lambda x: tf.nn.silu(x), f32(3, 4))
    case("hard_sigmoid", lambda x: tf.keras.activations.hard_sigmoid(x), f32(3, 4))
    case("mish", lambda x: tf.keras.activations.mish(x), f32(3, 4))


def binary():
    for op in ["Add", "AddV2", "Sub", "Mul", "Maximum", "Minimum", "SquaredDifference"]:
        case(op, lambda x, y, op=op: getattr(R, op)(x=x, y=y), f32(3, 4), f32(4))
        case(op + "_int", lambda x, y, op=op: getattr(R, op)(x=x, y=y), ints(3, 1), ints(4))
    for op in ["Div", "RealDiv", "DivNoNan", "MulNoNan", "Xdivy", "FloorDiv", "FloorMod", "TruncateDiv", "TruncateMod", "Mod"]:
        if op == "TruncateMod" or op == "Mod" or op == "FloorMod":
            case(op, lambda x, y, op=op: getattr(R, op)(x=x, y=y), f32(3, 4) * 5, f32(4) * 2)
        elif op != "TruncateDiv":
            case(op, lambda x, y, op=op: getattr(R, op)(x=x, y=y), f32(3, 4) * 5, f32(4) * 2)
    zero = f32(4)
    zero[1] = 0
    for op in ["DivNoNan", "MulNoNan", "Xdivy"]:
        case(op + "_zero", lambda x, y, op=op: getattr(R, op)(x=x, y=y), zero if op == "Xdivy" else f32(4), f32(4) if op == "Xdivy" else zero)
    nonzero = np.array([3, -2, 4, -3, 5, 1], np.int32)
    for op in ["FloorDiv", "FloorMod", "TruncateDiv", "TruncateMod"]:
        case(op + "_int", lambda x, y, op=op: getattr(R, op)(x=x, y=y), ints(4, 6, low=-20, high=20), nonzero)
    case("Xlogy", lambda x, y: R.Xlogy(x=x, y=y), zero, f32(4, low=0.1, high=3))
    case("Xlog1py", lambda x, y: R.Xlog1py(x=x, y=y), zero, f32(4, low=0.1, high=3))
    case("Pow", lambda x, y: R.Pow(x=x, y=y), f32(3, 4, low=0.1, high=3), f32(4))
    case("Atan2", lambda x, y: R.Atan2(y=x, x=y), f32(3, 4), f32(4))
    case("NextAfter", lambda x, y: R.NextAfter(x1=x, x2=y), f32(4), f32(4))
    case("Igamma", lambda x, y: R.Igamma(a=x, x=y), f32(6, low=0.2, high=5), f32(6, low=0.2, high=5))
    case("Igammac", lambda x, y: R.Igammac(a=x, x=y), f32(6, low=0.2, high=5), f32(6, low=0.2, high=5))
    case("Zeta", lambda x, y: R.Zeta(x=x, q=y), f32(6, low=1.5, high=5), f32(6, low=0.5, high=5))
    case("Polygamma", lambda x, y: R.Polygamma(a=x, x=y), np.array([0, 1, 2, 3], np.float32), f32(4, low=0.5, high=4))
    case("Betainc", lambda a, b, x: R.Betainc(a=a, b=b, x=x), f32(5, low=0.5, high=4), f32(5, low=0.5, high=4), f32(5, low=0.05, high=0.95))
    for op in ["Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual"]:
        case(op, lambda x, y, op=op: getattr(R, op)(x=x, y=y), ints(3, 4, low=0, high=3), ints(4, low=0, high=3))
        case(op + "_float", lambda x, y, op=op: getattr(R, op)(x=x, y=y), f32(3, 4), f32(4))
    case("Equal_string", lambda x: R.Equal(x=x, y=tf.constant("b")), text("a", "b", "c"))
    case("ApproximateEqual", lambda x: R.ApproximateEqual(x=x, y=x + 1e-6, tolerance=1e-5), f32(4))
    for op in ["LogicalAnd", "LogicalOr"]:
        case(op, lambda x, y, op=op: getattr(R, op)(x=x, y=y), bools(3, 4), bools(4))
    for op in ["BitwiseAnd", "BitwiseOr", "BitwiseXor"]:
        case(op, lambda x, y, op=op: getattr(R, op)(x=x, y=y), ints(6), ints(6))
    case("LeftShift", lambda x, y: R.LeftShift(x=x, y=y), ints(6), ints(6, low=0, high=5))
    case("RightShift", lambda x, y: R.RightShift(x=x, y=y), ints(6, low=-50, high=50), ints(6, low=0, high=5))
    case("AddN", lambda x, y, z: R.AddN(inputs=[x, y, z]), f32(3), f32(3), f32(3))
    case("ClipByValue", lambda x: R.ClipByValue(t=x, clip_value_min=-0.5, clip_value_max=0.7), f32(3, 4))
    case("BiasAdd", lambda x, y: R.BiasAdd(value=x, bias=y), f32(2, 3, 4), f32(4))
    case("BiasAdd_nchw", lambda x, y: R.BiasAdd(value=x, bias=y, data_format="NCHW"), f32(2, 3, 4, 4), f32(3))
    case("Cross", lambda x, y: R.Cross(a=x, b=y), f32(4, 3), f32(4, 3))
    case("Complex_Mul_Abs", lambda x, y: tf.abs(tf.complex(x, y) * tf.complex(y, x)), f32(4), f32(4))
    case("Complex_Div", lambda x, y: tf.math.real(tf.complex(x, y) / tf.complex(y, x + 3.0)), f32(4), f32(4))
    case("Angle", lambda x, y: tf.math.angle(tf.complex(x, y)), f32(4), f32(4))
    case("Conj_Imag", lambda x, y: tf.math.imag(tf.math.conj(tf.complex(x, y))), f32(4), f32(4))


def reductions():
    for op in ["Sum", "Mean", "Max", "Min", "Prod"]:
        for axes, keep in [([1], False), ([0, 2], True), ([], False), ([-1], False)]:
            case(f"{op}_{len(axes)}{'k' if keep else ''}{axes}".replace(" ", "").replace("[", "").replace("]", "").replace(",", "_"),
                 lambda x, op=op, axes=axes, keep=keep: getattr(R, op)(input=x, axis=np.array(axes, np.int32), keep_dims=keep), f32(2, 3, 4))
        case(f"{op}_int", lambda x, op=op: getattr(R, op)(input=x, axis=[0]), ints(3, 4))
    for op in ["All", "Any"]:
        case(op, lambda x, op=op: getattr(R, op)(input=x, axis=[1]), bools(3, 4))
    case("EuclideanNorm", lambda x: R.EuclideanNorm(input=x, axis=[1]), f32(3, 4))
    case("reduce_logsumexp", lambda x: tf.reduce_logsumexp(x, axis=1), f32(3, 4))
    case("reduce_std", lambda x: tf.math.reduce_std(x, axis=1), f32(3, 4))
    case("moments", lambda x: tf.nn.moments(x, [0, 1]), f32(3, 4, 2))
    for op in ["ArgMax", "ArgMin"]:
        case(op, lambda x, op=op: getattr(R, op)(input=x, dimension=1), f32(3, 4))
        case(op + "_int32", lambda x, op=op: getattr(R, op)(input=x, dimension=0, output_type=tf.int32), ints(3, 4))
    for exclusive in [False, True]:
        for reverse in [False, True]:
            suffix = f"_{int(exclusive)}{int(reverse)}"
            case("Cumsum" + suffix, lambda x, e=exclusive, r=reverse: R.Cumsum(x=x, axis=1, exclusive=e, reverse=r), f32(3, 4))
            case("Cumprod" + suffix, lambda x, e=exclusive, r=reverse: R.Cumprod(x=x, axis=0, exclusive=e, reverse=r), f32(3, 4))
    case("CumulativeLogsumexp", lambda x: R.CumulativeLogsumexp(x=x, axis=1), f32(3, 4))
    for op in ["Softmax", "LogSoftmax"]:
        case(op, lambda x, op=op: getattr(R, op)(logits=x), f32(3, 4))
    case("softmax_axis", lambda x: tf.nn.softmax(x, axis=1), f32(2, 3, 4))
    ids = np.array([0, 0, 1, 3, 3], np.int32)
    for op in ["SegmentSum", "SegmentMean", "SegmentMax", "SegmentMin", "SegmentProd"]:
        case(op, lambda x, i, op=op: getattr(R, op)(data=x, segment_ids=i), f32(5, 2), ids)
    for op in ["UnsortedSegmentSum", "UnsortedSegmentMax", "UnsortedSegmentMin", "UnsortedSegmentProd"]:
        case(op, lambda x, i, op=op: getattr(R, op)(data=x, segment_ids=i, num_segments=5), f32(5, 2), np.array([3, 0, 1, -1, 3], np.int32))
    for op in ["SparseSegmentSum", "SparseSegmentMean", "SparseSegmentSqrtN"]:
        case(op, lambda x, op=op: getattr(R, op)(data=x, indices=[0, 2, 3, 1], segment_ids=[0, 0, 1, 3]), f32(5, 2))
    case("Bincount", lambda x: R.Bincount(arr=x, size=6, weights=tf.zeros([0], tf.int32)), ints(10, low=0, high=8))
    case("DenseBincount", lambda x: R.DenseBincount(input=x, size=6, weights=tf.zeros([0], tf.float32), binary_output=True), ints(2, 5, low=0, high=6))
    case("DenseBincount_weights", lambda x, w: R.DenseBincount(input=x, size=6, weights=w), ints(2, 5, low=0, high=6), f32(2, 5))
    case("L2Loss", lambda x: R.L2Loss(t=x), f32(3, 4))
    case("SoftmaxCrossEntropyWithLogits", lambda x, y: R.SoftmaxCrossEntropyWithLogits(features=x, labels=y), f32(3, 4), f32(3, 4, low=0, high=1))
    case("SparseSoftmaxCrossEntropyWithLogits", lambda x, y: R.SparseSoftmaxCrossEntropyWithLogits(features=x, labels=y), f32(3, 4),
         np.array([0, 3, 1], np.int32))
    case("InTopKV2", lambda x, y: R.InTopKV2(predictions=x, targets=y, k=2), f32(3, 4), np.array([0, 3, 1], np.int32))


def shapes():
    case("Shape", lambda x: R.Shape(input=x), f32(2, 3))
    case("Shape_64", lambda x: R.Shape(input=x, out_type=tf.int64), f32(2, 3))
    case("ShapeN", lambda x, y: R.ShapeN(input=[x, y]), f32(2, 3), f32(4, 1))
    case("Size", lambda x: R.Size(input=x), f32(2, 3))
    case("Rank", lambda x: R.Rank(input=x), f32(2, 3))
    case("Reshape", lambda x: R.Reshape(tensor=x, shape=[3, -1]), f32(2, 3, 2))
    case("Reshape_dynamic", lambda x: tf.reshape(x, [tf.shape(x)[0], -1]), f32(2, 3, 2))
    case("Squeeze", lambda x: R.Squeeze(input=x, axis=[1]), f32(2, 1, 3))
    case("Squeeze_all", lambda x: R.Squeeze(input=x, axis=[]), f32(2, 1, 3, 1))
    case("ExpandDims", lambda x: R.ExpandDims(input=x, axis=-1), f32(2, 3))
    case("Transpose", lambda x: R.Transpose(x=x, perm=[2, 0, 1]), f32(2, 3, 4))
    case("Fill", lambda x: tf.fill(tf.shape(x), 7.0) + x, f32(2, 3))
    case("BroadcastTo", lambda x: R.BroadcastTo(input=x, shape=[2, 3, 4]), f32(3, 1))
    case("BroadcastArgs", lambda x, y: R.BroadcastArgs(s0=tf.shape(x), s1=tf.shape(y)), f32(3, 1), f32(4))
    case("Range", lambda x: R.Range(start=0, limit=x, delta=2), np.array(9, np.int32))
    case("Range_float", lambda x: R.Range(start=x, limit=3.0, delta=0.5), np.array(0.5, np.float32))
    case("LinSpace", lambda x: R.LinSpace(start=x, stop=5.0, num=7), np.array(1.5, np.float32))
    case("Pack", lambda x, y: R.Pack(values=[x, y], axis=1), f32(2, 3), f32(2, 3))
    case("Unpack", lambda x: R.Unpack(value=x, num=3, axis=1), f32(2, 3))
    case("ConcatV2", lambda x, y: R.ConcatV2(values=[x, y], axis=-1), f32(2, 3), f32(2, 2))
    case("Concat", lambda x, y: R.Concat(concat_dim=0, values=[x, y]), f32(2, 3), f32(1, 3))
    case("Split", lambda x: R.Split(axis=1, value=x, num_split=2), f32(2, 4))
    case("SplitV", lambda x: R.SplitV(value=x, size_splits=[1, -1, 2], axis=1, num_split=3), f32(2, 6))
    case("Tile", lambda x: R.Tile(input=x, multiples=[2, 3]), f32(2, 3))
    case("Pad", lambda x: R.Pad(input=x, paddings=[[1, 0], [0, 2]]), f32(2, 3))
    case("PadV2", lambda x: R.PadV2(input=x, paddings=[[1, 0], [0, 2]], constant_values=3.0), f32(2, 3))
    case("MirrorPad_reflect", lambda x: R.MirrorPad(input=x, paddings=[[1, 1], [2, 0]], mode="REFLECT"), f32(3, 4))
    case("MirrorPad_symmetric", lambda x: R.MirrorPad(input=x, paddings=[[1, 2], [2, 0]], mode="SYMMETRIC"), f32(3, 4))
    case("ReverseV2", lambda x: R.ReverseV2(tensor=x, axis=[0, -1]), f32(2, 3, 4))
    case("ReverseSequence", lambda x, n: R.ReverseSequence(input=x, seq_lengths=n, seq_dim=1, batch_dim=0), f32(3, 4, 2), np.array([4, 2, 1], np.int64))
    case("ReverseSequence_late", lambda x, n: R.ReverseSequence(input=x, seq_lengths=n, seq_dim=0, batch_dim=2), f32(4, 2, 3), np.array([4, 2, 1], np.int32))
    case("InvertPermutation", lambda x: R.InvertPermutation(x=x), np.array([2, 0, 3, 1], np.int32))
    case("Roll", lambda x: tf.roll(x, [1, -2], [0, 1]), f32(3, 4))
    case("Select", lambda c, x, y: R.Select(condition=c, x=x, y=y), bools(3), f32(3, 2), f32(3, 2))
    case("SelectV2", lambda c, x, y: R.SelectV2(condition=c, t=x, e=y), bools(3, 1), f32(3, 2), f32(2))
    case("Where", lambda x: R.Where(condition=x), bools(3, 4))
    case("Where_float", lambda x: R.Where(condition=x), ints(3, 4, low=0, high=2).astype(np.float32))
    case("OneHot", lambda x: R.OneHot(indices=x, depth=4, on_value=2.0, off_value=-1.0), np.array([0, 3, -1, 5], np.int32))
    case("OneHot_axis", lambda x: R.OneHot(indices=x, depth=3, on_value=1, off_value=0, axis=0), ints(4, low=0, high=3))
    case("SpaceToBatchND", lambda x: R.SpaceToBatchND(input=x, block_shape=[2, 2], paddings=[[0, 0], [1, 1]]), f32(1, 4, 4, 3))
    case("BatchToSpaceND", lambda x: R.BatchToSpaceND(input=x, block_shape=[2, 2], crops=[[0, 1], [1, 0]]), f32(4, 2, 3, 2))
    case("SpaceToBatchND_1", lambda x: R.SpaceToBatchND(input=x, block_shape=[3], paddings=[[1, 1]]), f32(2, 4, 3))
    case("SpaceToDepth", lambda x: R.SpaceToDepth(input=x, block_size=2), f32(1, 4, 4, 3))
    case("DepthToSpace", lambda x: R.DepthToSpace(input=x, block_size=2), f32(1, 2, 3, 8))
    case("Slice", lambda x: R.Slice(input=x, begin=[0, 1], size=[2, -1]), f32(3, 4))
    case("Slice_dynamic", lambda x, b: R.Slice(input=x, begin=b, size=[2, 2]), f32(3, 4), np.array([1, 1], np.int32))
    for name, function in {
            "basic": lambda x: x[1:3, ::2], "negative": lambda x: x[-2:, -1], "newaxis": lambda x: x[:, tf.newaxis, 1], "ellipsis": lambda x: x[..., 0],
            "ellipsis_new": lambda x: x[..., tf.newaxis], "reverse": lambda x: x[::-1, 3:0:-2], "shrink": lambda x: x[1], "open": lambda x: x[:2],
            "empty": lambda x: x[2:2], "dynamic": lambda x: x[: tf.shape(x)[0] - 1, tf.shape(x)[1] - 2]}.items():
        case("StridedSlice_" + name, function, f32(4, 5, 3))
    case("TensorStridedSliceUpdate", lambda x, y: R.TensorStridedSliceUpdate(input=x, begin=[1, 0], end=[3, 4], strides=[1, 2], value=y), f32(4, 5), f32(2, 2))
    case("meshgrid", lambda x, y: tf.meshgrid(x, y), f32(3), f32(2))
    case("EnsureShape", lambda x: tf.ensure_shape(x, [None, 3]) + 1.0, f32(2, 3))
    case("Repeat", lambda x: tf.repeat(x, 3, axis=1), f32(2, 2))
    case("SequenceMask", lambda x: tf.sequence_mask(x, 5), np.array([1, 4, 0], np.int32))


def indexing():
    case("GatherV2", lambda x, i: R.GatherV2(params=x, indices=i, axis=1), f32(3, 4, 2), np.array([[0, 2], [3, 1]], np.int32))
    case("GatherV2_batch", lambda x, i: tf.gather(x, i, axis=2, batch_dims=1), f32(2, 3, 4), np.array([[0, 2], [3, 1]], np.int32))
    case("Gather", lambda x, i: R.Gather(params=x, indices=i), f32(3, 4), np.array([2, 0], np.int32))
    case("GatherNd", lambda x, i: R.GatherNd(params=x, indices=i), f32(3, 4, 2), np.array([[0, 2], [2, 1]], np.int32))
    case("ScatterNd", lambda i, u: R.ScatterNd(indices=i, updates=u, shape=[5, 2]), np.array([[0], [2], [0]], np.int32), f32(3, 2))
    for op in ["Update", "Add", "Sub", "Max", "Min"]:
        case("TensorScatter" + op, lambda x, u, op=op: getattr(R, "TensorScatter" + op)(tensor=x, indices=[[0], [2]], updates=u), f32(4, 2), f32(2, 2))
    case("TopKV2", lambda x: R.TopKV2(input=x, k=3), f32(2, 6))
    case("NthElement", lambda x: R.NthElement(input=x, n=2), f32(2, 6))
    case("Unique", lambda x: R.Unique(x=x), np.array([4, 2, 4, 1, 2], np.int32))
    case("UniqueV2", lambda x: R.UniqueV2(x=x, axis=np.zeros([0], np.int64)), np.array([4, 2, 4, 1, 2], np.int32))
    case("UniqueWithCounts", lambda x: R.UniqueWithCounts(x=x), np.array([4, 2, 4, 1, 2], np.int32))
    case("ListDiff", lambda x: R.ListDiff(x=x, y=[2, 3]), np.array([4, 2, 4, 1, 2], np.int32))
    case("DynamicStitch", lambda x, y: R.DynamicStitch(indices=[[0, 2], [1, 3]], data=[x, y]), f32(2, 3), f32(2, 3))
    case("DynamicPartition", lambda x, p: R.DynamicPartition(data=x, partitions=p, num_partitions=2), f32(4, 2), np.array([0, 1, 1, 0], np.int32))
    case("LowerBound", lambda x: R.LowerBound(sorted_inputs=[[1.0, 2.0, 3.0]], values=x), np.array([[0.5, 2.0, 9.0]], np.float32))
    case("UpperBound", lambda x: R.UpperBound(sorted_inputs=[[1.0, 2.0, 3.0]], values=x), np.array([[0.5, 2.0, 9.0]], np.float32))
    case("Bucketize", lambda x: R.Bucketize(input=x, boundaries=[-0.5, 0.0, 0.7]), f32(3, 4))
    case("SparseToDense", lambda v: R.SparseToDense(sparse_indices=[[0, 1], [2, 0]], output_shape=[3, 2], sparse_values=v, default_value=0.5), f32(2))
    case("SparseTensorDenseMatMul", lambda v, d: R.SparseTensorDenseMatMul(a_indices=np.array([[0, 1], [2, 0], [2, 2]], np.int64), a_values=v, a_shape=np.array([3, 3], np.int64), b=d), f32(3), f32(3, 2))
    case("SparseReorder", lambda v: R.SparseReorder(input_indices=np.array([[2, 0], [0, 1]], np.int64), input_values=v, input_shape=np.array([3, 2], np.int64)), f32(2))
    case("SparseReshape", lambda s: R.SparseReshape(input_indices=np.array([[2, 0], [0, 1]], np.int64), input_shape=s, new_shape=np.array([-1, 3], np.int64)), np.array([3, 2], np.int64))
    case("SparseFillEmptyRows", lambda v: R.SparseFillEmptyRows(indices=np.array([[0, 1], [2, 0]], np.int64), values=v, dense_shape=np.array([4, 2], np.int64), default_value=9.0)[:3], f32(2))
    case("embedding_lookup", lambda x, i: tf.nn.embedding_lookup(x, i), f32(6, 3), np.array([[0, 5], [2, 2]], np.int32))


def matrices():
    for a, b in [(False, False), (True, False), (False, True)]:
        case(f"MatMul_{int(a)}{int(b)}", lambda x, y, a=a, b=b: R.MatMul(a=x, b=y, transpose_a=a, transpose_b=b),
             f32(*((4, 3) if a else (3, 4))), f32(*((2, 4) if b else (4, 2))))
    case("MatMul_int", lambda x, y: R.MatMul(a=x, b=y), ints(3, 4), ints(4, 2))
    case("BatchMatMulV2", lambda x, y: R.BatchMatMulV2(x=x, y=y, adj_y=True), f32(2, 3, 4), f32(2, 5, 4))
    case("BatchMatMul", lambda x, y: R.BatchMatMul(x=x, y=y, adj_x=True), f32(2, 4, 3), f32(2, 4, 5))
    case("Einsum", lambda x, y: R.Einsum(inputs=[x, y], equation="abc,cde->abde"), f32(2, 3, 4), f32(4, 2, 2))
    case("Einsum_attention", lambda x, y: R.Einsum(inputs=[x, y], equation="aecd,abcd->acbe"), f32(2, 3, 2, 4), f32(2, 5, 2, 4))
    case("tensordot", lambda x, y: tf.tensordot(x, y, [[2], [0]]), f32(2, 3, 4), f32(4, 5))
    case("MatrixBandPart", lambda x: R.MatrixBandPart(input=x, num_lower=1, num_upper=0), f32(4, 4))
    case("MatrixBandPart_all", lambda x: R.MatrixBandPart(input=x, num_lower=-1, num_upper=1), f32(2, 3, 5))
    case("MatrixDiag", lambda x: R.MatrixDiag(diagonal=x), f32(2, 3))
    case("MatrixDiagV3", lambda x: R.MatrixDiagV3(diagonal=x, k=0, num_rows=-1, num_cols=-1, padding_value=0.0), f32(2, 3))
    case("MatrixDiagV3_upper", lambda x: R.MatrixDiagV3(diagonal=x, k=1, num_rows=-1, num_cols=-1, padding_value=0.0), f32(2, 3))
    case("MatrixDiagV3_lower", lambda x: R.MatrixDiagV3(diagonal=x, k=-2, num_rows=-1, num_cols=-1, padding_value=0.0), f32(2, 3))
    case("MatrixDiagPart", lambda x: R.MatrixDiagPart(input=x), f32(2, 3, 4))
    case("MatrixDiagPartV3", lambda x: R.MatrixDiagPartV3(input=x, k=1, padding_value=0.0), f32(2, 3, 4))
    case("MatrixSetDiag", lambda x, d: R.MatrixSetDiag(input=x, diagonal=d), f32(2, 3, 3), f32(2, 3))
    case("Diag", lambda x: R.Diag(diagonal=x), f32(3))
    case("DiagPart", lambda x: R.DiagPart(input=x), f32(3, 3))
    square = f32(2, 3, 3) + 4 * np.eye(3, dtype=np.float32)
    case("MatrixInverse", lambda x: R.MatrixInverse(input=x), square)
    case("MatrixDeterminant", lambda x: R.MatrixDeterminant(input=x), square)
    case("LogMatrixDeterminant", lambda x: R.LogMatrixDeterminant(input=x), square)
    case("MatrixSolve", lambda x, y: R.MatrixSolve(matrix=x, rhs=y), square, f32(2, 3, 2))
    case("MatrixTriangularSolve", lambda x, y: R.MatrixTriangularSolve(matrix=x, rhs=y), square, f32(2, 3, 2))
    case("eye", lambda x: tf.eye(3) + x, f32(3, 3))
    case("linalg_trace", lambda x: tf.linalg.trace(x), f32(3, 3))


def convolutions():
    for padding in ["SAME", "VALID"]:
        for stride in [1, 2]:
            case(f"Conv2D_{padding}_{stride}", lambda x, w, p=padding, s=stride: R.Conv2D(input=x, filter=w, strides=[1, s, s, 1], padding=p), f32(1, 7, 6, 3), f32(3, 3, 3, 4))
            case(f"Depthwise_{padding}_{stride}", lambda x, w, p=padding, s=stride: R.DepthwiseConv2dNative(input=x, filter=w, strides=[1, s, s, 1], padding=p), f32(1, 7, 6, 3), f32(3, 3, 3, 2))
            case(f"MaxPool_{padding}_{stride}", lambda x, p=padding, s=stride: R.MaxPool(input=x, ksize=[1, 3, 2, 1], strides=[1, s, s, 1], padding=p), f32(1, 7, 6, 3))
            case(f"AvgPool_{padding}_{stride}", lambda x, p=padding, s=stride: R.AvgPool(value=x, ksize=[1, 3, 2, 1], strides=[1, s, s, 1], padding=p), f32(1, 7, 6, 3))
            case(f"Conv2DTranspose_{padding}_{stride}", lambda x, w, p=padding, s=stride: tf.nn.conv2d_transpose(x, w, [1, 5 * s if p == "SAME" else 5 * s + (3 - s if s < 3 else 0), 4 * s if p == "SAME" else 4 * s + (3 - s if s < 3 else 0), 2], [1, s, s, 1], p), f32(1, 5, 4, 3), f32(3, 3, 2, 3))
    case("Conv2D_dilated", lambda x, w: R.Conv2D(input=x, filter=w, strides=[1, 1, 1, 1], dilations=[1, 2, 2, 1], padding="SAME"), f32(1, 8, 8, 2), f32(3, 3, 2, 3))
    case("Conv2D_groups", lambda x, w: R.Conv2D(input=x, filter=w, strides=[1, 1, 1, 1], padding="SAME"), f32(1, 6, 6, 4), f32(3, 3, 2, 6))
    case("Conv2D_explicit", lambda x, w: R.Conv2D(input=x, filter=w, strides=[1, 2, 2, 1], padding="EXPLICIT", explicit_paddings=[0, 0, 1, 2, 0, 1, 0, 0]), f32(1, 6, 6, 2), f32(3, 3, 2, 3))
    case("Conv2D_1x1", lambda x, w: R.Conv2D(input=x, filter=w, strides=[1, 1, 1, 1], padding="VALID"), f32(2, 4, 4, 3), f32(1, 1, 3, 5))
    case("Depthwise_dilated", lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME", dilations=[2, 2]), f32(1, 8, 8, 2), f32(3, 3, 2, 1))
    case("Conv1D", lambda x, w: tf.nn.conv1d(x, w, 2, "SAME"), f32(2, 9, 3), f32(3, 3, 4))
    case("Conv3D", lambda x, w: R.Conv3D(input=x, filter=w, strides=[1, 1, 2, 1, 1], padding="SAME"), f32(1, 4, 5, 4, 2), f32(2, 3, 3, 2, 3))
    case("Conv3DTranspose", lambda x, w: tf.nn.conv3d_transpose(x, w, [1, 4, 4, 4, 2], [1, 2, 2, 2, 1], "SAME"), f32(1, 2, 2, 2, 3), f32(3, 3, 3, 2, 3))
    case("MaxPool3D", lambda x: R.MaxPool3D(input=x, ksize=[1, 2, 2, 2, 1], strides=[1, 2, 2, 2, 1], padding="VALID"), f32(1, 4, 4, 4, 2))
    case("AvgPool3D", lambda x: R.AvgPool3D(input=x, ksize=[1, 2, 2, 2, 1], strides=[1, 1, 2, 2, 1], padding="SAME"), f32(1, 4, 3, 4, 2))
    case("MaxPoolWithArgmax", lambda x: R.MaxPoolWithArgmax(input=x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID"), f32(2, 4, 4, 3))
    case("Dilation2D", lambda x, w: R.Dilation2D(input=x, filter=w, strides=[1, 1, 1, 1], rates=[1, 1, 1, 1], padding="SAME"), f32(1, 5, 5, 2), f32(3, 3, 2))
    case("LRN", lambda x: R.LRN(input=x, depth_radius=2, bias=1.5, alpha=0.3, beta=0.6), f32(1, 3, 3, 7))
    for op in ["FusedBatchNorm", "FusedBatchNormV3"]:
        case(op, lambda x, s, o, m, v, op=op: getattr(R, op)(x=x, scale=s, offset=o, mean=m, variance=v, epsilon=0.01, is_training=False)[0],
             f32(2, 3, 3, 4), f32(4), f32(4), f32(4), f32(4, low=0.5, high=2))
    case("FusedBatchNormV3_training", lambda x, s, o: R.FusedBatchNormV3(x=x, scale=s, offset=o, mean=tf.zeros([0]), variance=tf.zeros([0]), epsilon=0.01, is_training=True)[0], f32(2, 3, 3, 4), f32(4), f32(4))
    case("batch_normalization", lambda x, m, v: tf.nn.batch_normalization(x, m, v, 0.1, 1.2, 1e-3), f32(3, 4), f32(4), f32(4, low=0.5, high=2))
    case("layer_norm", lambda x: (x - tf.reduce_mean(x, -1, True)) * tf.math.rsqrt(tf.math.reduce_variance(x, -1, True) + 1e-6), f32(3, 4))
    case("l2_normalize", lambda x: tf.math.l2_normalize(x, axis=-1), f32(3, 4))
    case("ExtractImagePatches", lambda x: R.ExtractImagePatches(images=x, ksizes=[1, 2, 2, 1], strides=[1, 2, 2, 1], rates=[1, 1, 1, 1], padding="SAME"), f32(1, 5, 5, 2))


def images():
    for align, half in [(False, False), (True, False), (False, True)]:
        for size in [(7, 9), (3, 2)]:
            suffix = f"_{int(align)}{int(half)}_{size[0]}"
            case("ResizeBilinear" + suffix, lambda x, a=align, h=half, s=size: R.ResizeBilinear(images=x, size=s, align_corners=a, half_pixel_centers=h), f32(1, 4, 5, 2))
            case("ResizeNearestNeighbor" + suffix, lambda x, a=align, h=half, s=size: R.ResizeNearestNeighbor(images=x, size=s, align_corners=a, half_pixel_centers=h), f32(1, 4, 5, 2))
            case("ResizeBicubic" + suffix, lambda x, a=align, h=half, s=size: R.ResizeBicubic(images=x, size=s, align_corners=a, half_pixel_centers=h), f32(1, 4, 5, 2), rtol=2e-2, atol=2e-3)
    case("ResizeBilinear_uint8", lambda x: R.ResizeBilinear(images=x, size=(6, 6), half_pixel_centers=True), ints(1, 4, 4, 3, low=0, high=255, dtype=np.uint8))
    case("ResizeArea", lambda x: R.ResizeArea(images=x, size=(2, 3)), f32(1, 5, 6, 2))
    case("resize_antialias", lambda x: tf.image.resize(x, (3, 4), antialias=True), f32(1, 8, 9, 2))
    case("resize_lanczos", lambda x: tf.image.resize(x, (10, 4), method="lanczos3", antialias=True), f32(1, 8, 9, 2))
    case("CropAndResize", lambda x, b: R.CropAndResize(image=x, boxes=b, box_ind=[0, 1], crop_size=[3, 4]), f32(2, 6, 6, 2), np.array([[0.1, 0, 0.8, 1], [0.2, 0.3, 1.2, 0.9]], np.float32))
    case("CropAndResize_nearest", lambda x, b: R.CropAndResize(image=x, boxes=b, box_ind=[0], crop_size=[2, 2], method="nearest"), f32(1, 6, 6, 2), np.array([[0.1, 0, 0.8, 1]], np.float32))
    case("RGBToHSV", lambda x: R.RGBToHSV(images=x), f32(2, 4, 3, low=0, high=1))
    case("HSVToRGB", lambda x: R.HSVToRGB(images=x), f32(2, 4, 3, low=0, high=1))
    case("AdjustContrastv2", lambda x: R.AdjustContrastv2(images=x, contrast_factor=1.7), f32(4, 4, 3))
    case("rgb_to_grayscale", lambda x: tf.image.rgb_to_grayscale(x), f32(4, 4, 3))
    case("per_image_standardization", lambda x: tf.image.per_image_standardization(x), f32(4, 4, 3))
    boxes = np.array([[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, -0.1, 1, 0.9], [0, 10, 1, 11], [0, 10.1, 1, 11.1], [0, 100, 1, 101]], np.float32)
    scores = np.array([0.9, 0.75, 0.6, 0.95, 0.5, 0.3], np.float32)
    case("NonMaxSuppressionV2", lambda b, s: R.NonMaxSuppressionV2(boxes=b, scores=s, max_output_size=3, iou_threshold=0.5), boxes, scores)
    case("NonMaxSuppressionV3", lambda b, s: R.NonMaxSuppressionV3(boxes=b, scores=s, max_output_size=3, iou_threshold=0.5, score_threshold=0.4), boxes, scores)
    case("NonMaxSuppressionV4", lambda b, s: R.NonMaxSuppressionV4(boxes=b, scores=s, max_output_size=5, iou_threshold=0.5, score_threshold=0.0, pad_to_max_output_size=True), boxes, scores)
    case("NonMaxSuppressionV5", lambda b, s: R.NonMaxSuppressionV5(boxes=b, scores=s, max_output_size=6, iou_threshold=0.5, score_threshold=0.0, soft_nms_sigma=0.5), boxes, scores)
    case("CombinedNonMaxSuppression", lambda b, s: R.CombinedNonMaxSuppression(boxes=b, scores=s, max_output_size_per_class=2, max_total_size=4, iou_threshold=0.5, score_threshold=0.2),
         f32(2, 6, 1, 4, low=0, high=1), f32(2, 6, 3, low=0, high=1))
    for bits, narrow in [(8, False), (8, True), (4, False)]:
        case(f"FakeQuantArgs_{bits}{int(narrow)}", lambda x, b=bits, n=narrow: R.FakeQuantWithMinMaxArgs(inputs=x, min=-1.3, max=2.1, num_bits=b, narrow_range=n), f32(3, 4) * 2)
    case("FakeQuantVars", lambda x: R.FakeQuantWithMinMaxVars(inputs=x, min=-0.7, max=1.9), f32(3, 4) * 2)
    case("FakeQuantPerChannel", lambda x: R.FakeQuantWithMinMaxVarsPerChannel(inputs=x, min=[-0.7, -1.0], max=[1.9, 0.5]), f32(3, 2) * 2)
    case("Dequantize", lambda x: R.Dequantize(input=tf.bitcast(x, tf.quint8), min_range=-1.0, max_range=2.0), ints(6, low=0, high=255, dtype=np.uint8))
    case("QuantizeAndDequantizeV2", lambda x: R.QuantizeAndDequantizeV2(input=x, input_min=-1.0, input_max=1.0, range_given=True), f32(3, 4))


def signals():
    case("RFFT_abs", lambda x: tf.abs(tf.signal.rfft(x)), f32(2, 8))
    case("RFFT_length", lambda x: tf.math.real(tf.signal.rfft(x, [12])), f32(2, 8))
    case("IRFFT", lambda x: tf.signal.irfft(tf.signal.rfft(x) * tf.complex(2.0, 0.0)), f32(2, 8))
    case("IRFFT_odd", lambda x: tf.signal.irfft(tf.signal.rfft(x), [9]), f32(2, 9))
    case("FFT", lambda x, y: tf.math.imag(tf.signal.fft(tf.complex(x, y))), f32(2, 8), f32(2, 8))
    case("IFFT", lambda x, y: tf.math.real(tf.signal.ifft(tf.complex(x, y))), f32(2, 6), f32(2, 6))
    case("FFT2D", lambda x, y: tf.abs(tf.signal.fft2d(tf.complex(x, y))), f32(2, 4, 6), f32(2, 4, 6))
    case("RFFT2D", lambda x: tf.abs(tf.signal.rfft2d(x)), f32(2, 4, 6))
    case("stft", lambda x: tf.abs(tf.signal.stft(x, 8, 4)), f32(1, 32))
    case("mel", lambda x: tf.matmul(tf.abs(tf.signal.stft(x, 16, 8)), tf.signal.linear_to_mel_weight_matrix(4, 9, 8000, 100.0, 3000.0)), f32(1, 64))
    case("inverse_stft", lambda x: tf.signal.inverse_stft(tf.signal.stft(x, 8, 4), 8, 4), f32(1, 32))
    case("frame", lambda x: tf.signal.frame(x, 4, 2), f32(2, 12))
    case("dct", lambda x: tf.signal.dct(x), f32(2, 8))
    case("mfcc", lambda x: tf.signal.mfccs_from_log_mel_spectrograms(x), f32(2, 3, 8))


def strings():
    words = text("Hello World", "  foo bar ", "a-b_c", "")
    case("StringLower", lambda x: R.StringLower(input=x), words)
    case("StringUpper", lambda x: R.StringUpper(input=x, encoding="utf-8"), text("éa", "x"))
    case("StringStrip", lambda x: R.StringStrip(input=x), words)
    case("StringLength", lambda x: R.StringLength(input=x), words)
    case("StringLength_utf8", lambda x: R.StringLength(input=x, unit="UTF8_CHAR"), text("héé", "日本"))
    case("Substr", lambda x: R.Substr(input=x, pos=1, len=3), text("hello", "world"))
    case("RegexReplace", lambda x: R.RegexReplace(input=x, pattern=r"[aeiou]+", rewrite="*"), words)
    case("StaticRegexReplace", lambda x: R.StaticRegexReplace(input=x, pattern=r"(\w+) (\w+)", rewrite=r"\2-\1"), words)
    case("StaticRegexReplace_empty", lambda x: R.StaticRegexReplace(input=x, pattern=r"b*", rewrite="-"), text("abc", "bb", ""))
    case("StaticRegexReplace_once", lambda x: R.StaticRegexReplace(input=x, pattern=r"o", rewrite="0", replace_global=False), words)
    case("StaticRegexReplace_punctuation", lambda x: tf.strings.regex_replace(x, r'[!"#$%&()\*\+,-\./:;<=>?@\[\\\]^_`{|}~\']', ""), words)
    case("StaticRegexFullMatch", lambda x: R.StaticRegexFullMatch(input=x, pattern="[a-z_-]+"), words)
    case("StringJoin", lambda x, y: R.StringJoin(inputs=[x, y], separator="+"), text("a", "b"), text("c", "d"))
    case("ReduceJoin", lambda x: R.ReduceJoin(inputs=x, reduction_indices=[1], separator=","), np.array([["a", "b"], ["c", "d"]], dtype=object))
    case("StringSplit", lambda x: R.StringSplit(input=x, delimiter=" "), words)
    case("StringSplitV2", lambda x: R.StringSplitV2(input=x, sep=""), words)
    case("StringSplitV2_sep", lambda x: R.StringSplitV2(input=x, sep="o", maxsplit=1), words)
    case("AsString", lambda x: R.AsString(input=x), ints(4))
    case("AsString_float", lambda x: R.AsString(input=x, precision=3), f32(4))
    case("StringToNumber", lambda x: R.StringToNumber(string_tensor=x), text("1.5", "-2", "3e2"))
    case("StringToNumber_int", lambda x: R.StringToNumber(string_tensor=x, out_type=tf.int64), text("15", "-2"))
    long = text("", "a", "abcd", "abcdefghi", "x" * 20, "y" * 40, "z" * 70, "The quick brown fox jumps over the lazy dog, twice or thrice, who knows, for ever and ever and ever and ever")
    case("StringToHashBucketFast", lambda x: R.StringToHashBucketFast(input=x, num_buckets=1000003), long)
    for hashed in [[text("cat", "dog"), text("a", "b")], [ints(2, low=0, high=9, dtype=np.int64), text("a", "b")]]:
        columns = [column.reshape(2, 1) for column in hashed]
        case("SparseCrossHashed", lambda x, y: tf.sparse.to_dense(tf.sparse.cross_hashed([x, y], num_buckets=1000)), *columns)
    case("StringToHashBucketStrong", lambda x: R.StringToHashBucketStrong(input=x, num_buckets=1000003, key=[13, 97]), long)
    case("StringToHashBucket", lambda x: R.StringToHashBucket(string_tensor=x, num_buckets=1000003), long)
    case("ragged_to_tensor", lambda x: tf.strings.split(x).to_tensor(default_value="-", shape=[None, 3]), words)
    case("ragged_lengths", lambda x: tf.strings.split(x).row_lengths(), words)
    case("ragged_values", lambda x: tf.ragged.map_flat_values(tf.strings.length, tf.strings.split(x)).to_tensor(), words)
    case("table", lambda x: tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a", "b"], tf.constant([3, 4], tf.int64)), -1).lookup(x), text("b", "z", "a"), tables=True)
    case("table_int", lambda x: tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(tf.constant([7, 9], tf.int64), ["p", "q"]), "?").lookup(x), np.array([9, 1, 7], np.int64), tables=True)


def control():
    case("cond", lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: x * 2.0, lambda: x - 1.0), f32(3))
    case("case", lambda i, x: tf.switch_case(i, [lambda: x + 1.0, lambda: x * 2.0, lambda: -x]), np.array(1, np.int32), f32(3))
    case("case_default", lambda i, x: tf.switch_case(i, [lambda: x + 1.0, lambda: x * 2.0], default=lambda: -x), np.array(7, np.int32), f32(3))
    case("while", lambda x: tf.while_loop(lambda i, y: i < 5, lambda i, y: (i + 1, y * 1.5), [0, x])[1], f32(3))
    case("while_data", lambda x: tf.while_loop(lambda y: tf.reduce_sum(y) < 100.0, lambda y: y * 2.0 + 1.0, [tf.abs(x)]), f32(3))
    case("while_growing", lambda x: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.concat([y, y[:1]], 0)), [0, x], shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])])[1], f32(2))
    case("map_fn", lambda x: tf.map_fn(lambda row: row * 2.0 + tf.reduce_sum(row), x), f32(4, 3))
    case("scan", lambda x: tf.scan(lambda a, row: a + row, x), f32(4, 3))
    case("foldl", lambda x: tf.foldl(lambda a, row: a * 0.5 + row, x), f32(4, 3))
    case("TensorArray", lambda x: tf.while_loop(lambda i, ta: i < 4, lambda i, ta: (i + 1, ta.write(i, x[i] * tf.cast(i, tf.float32))), [0, tf.TensorArray(tf.float32, 4, element_shape=[3])])[1].stack(), f32(4, 3))
    case("nested_while", lambda x: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.while_loop(lambda j, z: j < i, lambda j, z: (j + 1, z + 1.0), [0, y])[1] * 1.1), [0, x])[1], f32(2))
    case("cond_in_while", lambda x: tf.while_loop(lambda i, y: i < 4, lambda i, y: (i + 1, tf.cond(tf.equal(i % 2, 0), lambda: y + 1.0, lambda: y * 2.0)), [0, x])[1], f32(2))
    v1 = dict(v1=True)
    case("v1_cond", lambda x: tf.compat.v1.cond(tf.reduce_sum(x) > 0, lambda: x * 2.0, lambda: x - 1.0), f32(3), **v1)
    case("v1_cond_two", lambda x: tf.compat.v1.cond(tf.reduce_sum(x) > 0, lambda: (x * 2.0, x), lambda: (x - 1.0, tf.ones_like(x))), f32(3), **v1)
    case("v1_cond_nested", lambda x: tf.compat.v1.cond(tf.reduce_sum(x) > 0, lambda: tf.compat.v1.cond(x[0] > 0, lambda: x * 2.0, lambda: x * 3.0), lambda: tf.constant([1.0, 2.0, 3.0])), f32(3), **v1)
    case("v1_while", lambda x: tf.compat.v1.while_loop(lambda i, y: i < 5, lambda i, y: (i + 1, y * 1.5 + x), [0, x])[1], f32(3), **v1)
    case("v1_nested_while", lambda x: tf.compat.v1.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.compat.v1.while_loop(lambda j, z: j < i, lambda j, z: (j + 1, z + 1.0), [0, y])[1] * 1.1), [0, x])[1], f32(2), **v1)
    case("v1_cond_in_while", lambda x: tf.compat.v1.while_loop(lambda i, y: i < 4, lambda i, y: (i + 1, tf.compat.v1.cond(tf.equal(i % 2, 0), lambda: y + 1.0, lambda: y * 2.0)), [0, x])[1], f32(2), **v1)
    case("v1_while_in_cond", lambda x: tf.compat.v1.cond(tf.reduce_sum(x) > -100.0, lambda: tf.compat.v1.while_loop(lambda i, y: i < 4, lambda i, y: (i + 1, y * 2.0), [0, x])[1], lambda: x), f32(2), **v1)
    case("v1_map_fn", lambda x: tf.compat.v1.map_fn(lambda row: row * 2.0 + tf.reduce_sum(row), x), f32(4, 3), **v1)
    case("v1_TensorArray", lambda x: tf.compat.v1.while_loop(lambda i, ta: i < 4, lambda i, ta: (i + 1, ta.write(i, x[i] * 2.0)), [0, tf.compat.v1.TensorArray(tf.float32, 4)])[1].stack(), f32(4, 3), **v1)


for group in [unary, binary, reductions, shapes, indexing, matrices, convolutions, images, signals, strings, control]:
    group()
