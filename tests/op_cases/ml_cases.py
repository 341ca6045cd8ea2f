#!/usr/bin/env python3
"""Random models of every op of ai.onnx.ml, judged by ONNX Runtime: FOLDER/index.json.

    python tests/op_cases/ml_cases.py FOLDER
"""
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto as T
from onnx import helper, numpy_helper

from op_pack import Pack, generator, one_op

ML = "ai.onnx.ml"
TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")
LABELS = {"ints": {"classlabels_ints": [7, 3, 11, 5]}, "strings": {"classlabels_strings": ["ant", "bee", "cow", "dog"]}}


def floats(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


def as_list(array):
    return [float(v) for v in np.ravel(array)]


def inputs_of(rng, rows, columns, dtype):
    x = rng.standard_normal((rows, columns)) * 3
    return (np.rint(x) if np.dtype(dtype).kind == "i" else x).astype(dtype)


def linear(pack):
    for transform in TRANSFORMS:
        for classes in (1, 2, 3):
            for kind, dtype in (("ints", np.float32), ("strings", np.int64)):
                rng = generator(f"linear{transform}{classes}{kind}")
                labels = {k: v[:max(2, classes)] for k, v in LABELS[kind].items()}
                attributes = dict(coefficients=as_list(floats(rng, classes, 4) / 4), intercepts=as_list(floats(rng, classes) / 4),
                                  post_transform=transform, **labels)
                feed = {"X": inputs_of(rng, 5, 4, dtype)}
                model = one_op("LinearClassifier", feed, {"Y": T.INT64 if kind == "ints" else T.STRING, "Z": T.FLOAT},
                               attributes, ML)
                if not (transform == "PROBIT" and classes == 1):  # ONNX Runtime leaves the second column unwritten
                    pack.add(f"linear_classifier_{transform}_{classes}_{kind}", model, feed)
        for targets in (1, 3):
            rng = generator(f"regress{transform}{targets}")
            attributes = dict(coefficients=as_list(floats(rng, targets, 4) / 4), intercepts=as_list(floats(rng, targets) / 4),
                              targets=targets, post_transform=transform)
            feed = {"X": floats(rng, 5, 4)}
            pack.add(f"linear_regressor_{transform}_{targets}", one_op("LinearRegressor", feed, {"Y": T.FLOAT}, attributes, ML), feed)


def svm(pack):
    for kernel in ("LINEAR", "POLY", "RBF", "SIGMOID"):
        for classes in (2, 4):
            for transform in TRANSFORMS:
                for proba in (False, True):
                    rng = generator(f"svm{kernel}{classes}{transform}{proba}")
                    per_class = [3, 2, 4, 1][:classes]
                    vectors, pairs = sum(per_class), classes * (classes - 1) // 2
                    attributes = dict(kernel_type=kernel, kernel_params=[0.3, 0.1, 3.0], post_transform=transform,
                                      support_vectors=as_list(floats(rng, vectors, 5)), vectors_per_class=per_class,
                                      coefficients=as_list(floats(rng, classes - 1, vectors)), rho=as_list(floats(rng, pairs)),
                                      classlabels_ints=[7, 3, 11, 5][:classes])
                    if proba:
                        attributes |= dict(prob_a=as_list(-np.abs(floats(rng, pairs)) - 0.5), prob_b=as_list(floats(rng, pairs) / 5))
                    feed = {"X": floats(rng, 6, 5)}
                    if transform == "PROBIT" and classes == 2 and not proba:
                        continue  # the second column is left unwritten
                    pack.add(f"svm_classifier_{kernel}_{classes}_{transform}_{'proba' if proba else 'raw'}",
                             one_op("SVMClassifier", feed, {"Y": T.INT64, "Z": T.FLOAT}, attributes, ML), feed)
        rng = generator(f"svr{kernel}")
        for one_class in (0, 1):
            attributes = dict(kernel_type=kernel, kernel_params=[0.3, 0.1, 2.0], n_supports=4, one_class=one_class,
                              support_vectors=as_list(floats(rng, 4, 5)), coefficients=as_list(floats(rng, 4)), rho=[0.25])
            feed = {"X": floats(rng, 6, 5)}
            pack.add(f"svm_regressor_{kernel}_{one_class}", one_op("SVMRegressor", feed, {"Y": T.FLOAT}, attributes, ML), feed)
    for classes in (2, 3):
        rng = generator(f"liblinear{classes}")
        attributes = dict(coefficients=as_list(floats(rng, classes, 5)), rho=[0.1], kernel_params=[0.0, 0.0, 0.0],
                          classlabels_strings=["x", "y", "z"][:classes])
        feed = {"X": inputs_of(rng, 6, 5, np.int64)}
        pack.add(f"svm_classifier_liblinear_{classes}",
                 one_op("SVMClassifier", feed, {"Y": T.STRING, "Z": T.FLOAT}, attributes, ML), feed)
    feed = {"X": floats(rng, 6, 5)}
    attributes = dict(coefficients=as_list(floats(rng, 5)), rho=[0.1], n_supports=0, kernel_params=[0.0, 0.0, 0.0])
    pack.add("svm_regressor_linear", one_op("SVMRegressor", feed, {"Y": T.FLOAT}, attributes, ML), feed)


class Trees:
    """Random forests as the older ops' node lists. Splits are multiples of 1/4, so that equality tests hit."""

    def __init__(self, rng, trees, depth, features, modes, missing=False):
        self.rng, self.modes, self.features = rng, modes, features
        self.lists = {k: [] for k in ("falsenodeids", "truenodeids", "featureids", "nodeids", "treeids", "values", "modes")}
        self.missing = missing
        self.leaves = []
        for tree in range(trees):
            self.grow(tree, depth)

    def grow(self, tree, depth):
        nodes, todo = [], [(0, depth)]
        count = 1
        while todo:
            node, left = todo.pop(0)
            leaf = left == 0 or (left < depth and self.rng.random() < 0.2)
            if leaf:
                nodes.append((node, 0, 0, 0, 0.0, "LEAF"))
                self.leaves.append((tree, node))
                continue
            value = float(np.rint(self.rng.standard_normal() * 4) / 4)
            nodes.append((node, count, count + 1, int(self.rng.integers(self.features)), value,
                          self.modes[int(self.rng.integers(len(self.modes)))]))
            todo += [(count, left - 1), (count + 1, left - 1)]
            count += 2
        for node, on_true, on_false, feature, value, mode in nodes:
            for key, item in zip(("nodeids", "truenodeids", "falsenodeids", "featureids", "values", "modes", "treeids"),
                                 (node, on_true, on_false, feature, value, mode, tree)):
                self.lists[key].append(item)

    def attributes(self, as_tensor=False):
        result = {f"nodes_{k}": v for k, v in self.lists.items()}
        if as_tensor:
            result["nodes_values_as_tensor"] = numpy_helper.from_array(np.array(result.pop("nodes_values")), "v")
        if self.missing:
            result["nodes_missing_value_tracks_true"] = [int(v) for v in self.rng.integers(0, 2, len(self.lists["modes"]))]
        return result

    def votes(self, prefix, targets, as_tensor=False, positive=False, one=None, all_targets=False):
        ids, nodes, trees, weights = [], [], [], []
        for tree, node in self.leaves:
            chosen = range(targets) if all_targets else [one if one is not None else int(self.rng.integers(targets))]
            for target in chosen:
                weight = float(self.rng.standard_normal())
                ids.append(target), nodes.append(node), trees.append(tree), weights.append(abs(weight) / 4 if positive else weight)
        result = {f"{prefix}_ids": ids, f"{prefix}_nodeids": nodes, f"{prefix}_treeids": trees}
        if as_tensor:
            return result | {f"{prefix}_weights_as_tensor": numpy_helper.from_array(np.array(weights), "w")}
        return result | {f"{prefix}_weights": weights}


def tree_input(rng, dtype, missing=False):
    x = np.rint(rng.standard_normal((9, 6)) * 4) / 4
    if missing:
        x[rng.random(x.shape) < 0.2] = np.nan
    return x.astype(dtype)


def trees(pack):
    every = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")
    for mode in (*every, "MIXED"):
        for missing in (False, True):
            rng = generator(f"tree{mode}{missing}")
            forest = Trees(rng, 6, 4, 6, every if mode == "MIXED" else (mode,), missing)
            feed = {"X": tree_input(rng, np.float32, missing)}
            attributes = forest.attributes() | forest.votes("target", 1) | {"n_targets": 1}
            pack.add(f"tree_regressor_{mode}_{'nan' if missing else 'full'}",
                     one_op("TreeEnsembleRegressor", feed, {"Y": T.FLOAT}, attributes, ML, ml_opset=3), feed)
    for aggregate in ("SUM", "AVERAGE", "MIN", "MAX"):
        for transform in TRANSFORMS:
            for targets in (1, 3):
                rng = generator(f"agg{aggregate}{transform}{targets}")
                forest = Trees(rng, 7, 3, 6, ("BRANCH_LEQ",))
                double = transform == "NONE" and targets == 3
                attributes = forest.attributes(double) | forest.votes("target", targets, double, all_targets=True)
                attributes |= {"n_targets": targets, "aggregate_function": aggregate, "post_transform": transform}
                if transform in ("NONE", "SOFTMAX"):
                    attributes["base_values"] = as_list(floats(rng, targets))
                feed = {"X": tree_input(rng, np.float64 if double else np.float32)}
                if double:
                    attributes["base_values_as_tensor"] = numpy_helper.from_array(np.array(attributes.pop("base_values")), "b")
                pack.add(f"tree_regressor_{aggregate}_{transform}_{targets}",
                         one_op("TreeEnsembleRegressor", feed, {"Y": T.FLOAT}, attributes, ML, ml_opset=3), feed)
    for transform in TRANSFORMS:
        for classes, one, positive in ((2, 0, True), (2, 0, False), (2, None, False), (3, None, False), (1, None, False)):
            for base in (0, 1, 2, 3):
                if (base == 1 and classes == 3) or (base == 2 and classes != 2) or (base == 3 and classes != 3):
                    continue
                if transform == "PROBIT" and classes == 2 and (one is not None or base == 1):
                    continue  # a column is left unwritten
                rng = generator(f"class{transform}{classes}{one}{positive}{base}")
                forest = Trees(rng, 8, 3, 6, ("BRANCH_LEQ", "BRANCH_LT"))
                attributes = forest.attributes() | forest.votes("class", classes, positive=positive, one=one, all_targets=one is None)
                attributes |= {"post_transform": transform}
                if base:
                    attributes["base_values"] = as_list(floats(rng, base) / 2)
                strings = base == 0 and classes > 1
                attributes |= {"classlabels_strings": ["ant", "bee", "cow"][:classes]} if strings else \
                    {"classlabels_int64s": [10, 20, 30][:classes]}
                feed = {"X": tree_input(rng, np.int64 if base == 2 else np.float32)}
                pack.add(f"tree_classifier_{transform}_{classes}_{one}_{positive}_{base}",
                         one_op("TreeEnsembleClassifier", feed, {"Y": T.STRING if strings else T.INT64, "Z": T.FLOAT}, attributes, ML, ml_opset=3),
                         feed)
    rng = generator("classdouble")
    forest = Trees(rng, 8, 3, 6, ("BRANCH_GTE",))
    attributes = forest.attributes(True) | forest.votes("class", 3, True) | {"classlabels_int64s": [10, 20, 30]}
    feed = {"X": tree_input(rng, np.float64)}
    pack.add("tree_classifier_double", one_op("TreeEnsembleClassifier", feed, {"Y": T.INT64, "Z": T.FLOAT}, attributes, ML, ml_opset=3), feed)


def tree_ensemble(pack):
    """The new op: random binary trees over interior nodes and leaves."""
    for dtype in (np.float32, np.float64):
        for aggregate in range(4):
            for transform in (0, 3, 4):  # ONNX Runtime takes 1 for LOGISTIC and 2 for SOFTMAX; the specification says the reverse
                rng = generator(f"ensemble{dtype}{aggregate}{transform}")
                nodes, leaves, roots, members, targets = [], [], [], [], 2
                def grow(depth):
                    """(index, is leaf)"""
                    if depth == 0:
                        leaves.append((int(rng.integers(targets)), float(rng.standard_normal())))
                        return len(leaves) - 1, 1
                    at = len(nodes)
                    nodes.append(None)
                    mode = int(rng.integers(7)) if transform == 0 else 0
                    if mode == 6:
                        members.append((at, [float(v) for v in rng.choice(np.arange(1, 6), 3, replace=False)]))
                    on_true, on_false = grow(depth - 1), grow(depth - 1 if rng.random() < 0.7 else 0)
                    nodes[at] = (int(rng.integers(6)), mode, float(np.rint(rng.standard_normal() * 4) / 4), on_true, on_false)
                    return at, 0
                for _ in range(5):
                    roots.append(grow(3)[0])
                sets = [v for _, chosen in sorted(members) for v in (*chosen, np.nan)]
                attributes = dict(
                    aggregate_function=aggregate, post_transform=transform, n_targets=targets, tree_roots=roots,
                    nodes_featureids=[n[0] for n in nodes], nodes_truenodeids=[n[3][0] for n in nodes],
                    nodes_modes=numpy_helper.from_array(np.array([n[1] for n in nodes], np.uint8), "m"),
                    nodes_splits=numpy_helper.from_array(np.array([n[2] for n in nodes], dtype), "s"),
                    nodes_trueleafs=[n[3][1] for n in nodes], nodes_falsenodeids=[n[4][0] for n in nodes],
                    nodes_falseleafs=[n[4][1] for n in nodes], leaf_targetids=[leaf[0] for leaf in leaves],
                    leaf_weights=numpy_helper.from_array(np.array([leaf[1] for leaf in leaves], dtype), "w"))
                if sets:
                    attributes["membership_values"] = numpy_helper.from_array(np.array(sets, dtype), "ms")
                feed = {"X": tree_input(rng, dtype)}
                pack.add(f"tree_ensemble_{np.dtype(dtype).name}_{aggregate}_{transform}",
                         one_op("TreeEnsemble", feed, {"Y": helper.np_dtype_to_tensor_dtype(np.dtype(dtype))}, attributes, ML), feed)


def features(pack):
    rng = generator("features")
    for dtype in (np.float32, np.float64, np.int64, np.int32):
        name, kind = np.dtype(dtype).name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        x = inputs_of(rng, 4, 5, dtype)
        for op, outputs, attributes in (
                ("Binarizer", {"Y": kind}, {"threshold": 0.5}),
                ("Normalizer", {"Y": T.FLOAT}, {"norm": "MAX"}), ("Normalizer", {"Y": T.FLOAT}, {"norm": "L1"}),
                ("Normalizer", {"Y": T.FLOAT}, {"norm": "L2"}),
                ("Scaler", {"Y": T.FLOAT}, {"offset": [0.5], "scale": [2.0]}),
                ("Scaler", {"Y": T.FLOAT}, {"offset": as_list(floats(rng, 5)), "scale": as_list(floats(rng, 5))})):
            suffix = attributes.get("norm", str(len(attributes.get("scale", [0]))))
            pack.add(f"{op.lower()}_{name}_{suffix}", one_op(op, {"X": x}, outputs, attributes, ML), {"X": x})
        feed = {"X": x, "I": rng.integers(0, 5, (1, 3))}
        pack.add(f"extract_{name}", one_op("ArrayFeatureExtractor", feed, {"Z": kind}, None, ML), feed)
        feed = {"A": x, "B": inputs_of(rng, 4, 2, dtype), "C": inputs_of(rng, 4, 3, dtype)}
        pack.add(f"vectorizer_{name}", one_op("FeatureVectorizer", feed, {"Y": T.FLOAT}, {"inputdimensions": [5, 3, 2]}, ML), feed)
    for columns in (1, 5):
        x = inputs_of(rng, 6, 5, np.float32)
        x[rng.random(x.shape) < 0.3] = np.nan
        pack.add(f"imputer_nan_{columns}", one_op("Imputer", {"X": x}, {"Y": T.FLOAT}, dict(
            imputed_value_floats=as_list(floats(rng, columns)), replaced_value_float=float("nan")), ML), {"X": x})
        x = rng.integers(-1, 3, (6, 5))
        pack.add(f"imputer_int_{columns}", one_op("Imputer", {"X": x}, {"Y": T.INT64}, dict(
            imputed_value_int64s=[int(v) for v in rng.integers(10, 99, columns)], replaced_value_int64=-1), ML), {"X": x})


def encoders(pack):
    words = np.array([["ant", "bee", "eel"], ["cow", "", "bee"]], dtype=object)
    numbers = np.array([[1, 2, 9], [3, 7, 1]])
    some = np.array([[1.0, np.nan, 0.5], [2.5, -0.0, 4.0]], np.float32)
    lists = {"strings": (["ant", "bee", "cow"], words, T.STRING), "int64s": ([1, 2, 3], numbers, T.INT64),
             "floats": ([1.0, float("nan"), 0.0], some, T.FLOAT)}
    for key, (keys, x, _) in lists.items():
        for value, (_, _, kind) in lists.items():
            values = {"strings": ["x", "y", "zz"], "int64s": [10, -20, 30], "floats": [0.5, -1.5, 2.5]}[value]
            for default in (False, True):
                attributes = {f"keys_{key}": keys, f"values_{value}": values}
                if default:
                    attributes["default_" + value.rstrip("s")] = {"strings": "none", "int64s": 77, "floats": 7.5}[value]
                pack.add(f"label_{key}_{value}_{int(default)}", one_op("LabelEncoder", {"X": x}, {"Y": kind}, attributes, ML), {"X": x})
    for dtype in (np.int64, np.float32, np.float64, np.int16, np.int32):
        x = numbers.astype(dtype)
        attributes = dict(keys_tensor=numpy_helper.from_array(np.array([1, 2, 3], dtype), "k"),
                          values_tensor=numpy_helper.from_array(np.array([5, 6, 8], dtype), "v"),
                          default_tensor=numpy_helper.from_array(np.array([4], dtype), "d"))
        pack.add(f"label_tensor_{np.dtype(dtype).name}",
                 one_op("LabelEncoder", {"X": x}, {"Y": helper.np_dtype_to_tensor_dtype(np.dtype(dtype))}, attributes, ML), {"X": x})
    mapper = dict(cats_strings=["ant", "bee", "cow"], cats_int64s=[1, 2, 3], default_int64=-5, default_string="?")
    pack.add("mapper_strings", one_op("CategoryMapper", {"X": words}, {"Y": T.INT64}, mapper, ML), {"X": words})
    pack.add("mapper_ints", one_op("CategoryMapper", {"X": numbers}, {"Y": T.STRING}, mapper, ML), {"X": numbers})
    for name, x, attributes in (("strings", words, {"cats_strings": ["ant", "bee", "cow"]}),
                                ("int64", numbers, {"cats_int64s": [1, 2, 3]}),
                                ("int32", numbers.astype(np.int32), {"cats_int64s": [1, 2, 3]}),
                                ("float", numbers.astype(np.float32) + 0.25, {"cats_int64s": [1, 2, 3]}),
                                ("double", numbers.astype(np.float64) + 0.75, {"cats_int64s": [1, 2, 3]})):
        pack.add(f"onehot_{name}", one_op("OneHotEncoder", {"X": x}, {"Y": T.FLOAT}, attributes, ML), {"X": x})


FAMILIES = (linear, svm, trees, tree_ensemble, features, encoders)


def main():
    pack = Pack(Path(sys.argv[1]), verbose=True)
    for family in FAMILIES:
        family(pack)
    pack.finish()


if __name__ == "__main__":
    main()
