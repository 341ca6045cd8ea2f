#!/usr/bin/env python3
"""Makes tests/data/ml: small models trained with scikit-learn and exported by skl2onnx, a folder for each kind of input,
which X.npy there holds. generate.py adds ONNX Runtime's answers.

The models are committed, since training needs packages the tests do without (scikit-learn 1.9.1, skl2onnx 1.20.0):

    python tests/op_cases/sklearn_models.py tests/data/ml
"""
import shutil
import sys
import warnings
from pathlib import Path

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn import cluster, datasets, ensemble, feature_extraction, impute, linear_model, mixture, naive_bayes, neighbors
from sklearn import neural_network, pipeline, preprocessing, svm, tree
from sklearn.compose import ColumnTransformer

warnings.filterwarnings("ignore")
SEED = {"random_state": 7}


def data():
    iris = datasets.load_iris()
    x, y = iris.data.astype(np.float32), iris.target
    return x, y, np.array(["setosa", "versicolor", "virginica"])[y]


def classifiers():
    binary, many, words = "binary", "many", "words"
    yield "logistic", linear_model.LogisticRegression(max_iter=500), (binary, many, words)
    yield "ridge", linear_model.RidgeClassifier(), (binary, many)
    yield "sgd", linear_model.SGDClassifier(loss="log_loss", **SEED), (binary, many)
    yield "linear_svc", svm.LinearSVC(), (binary, many, words)
    yield "svc", svm.SVC(), (binary, many)
    yield "svc_proba", svm.SVC(probability=True, kernel="poly", **SEED), (binary, many, words)
    yield "nu_svc", svm.NuSVC(kernel="sigmoid", nu=0.2), (binary,)
    yield "tree", tree.DecisionTreeClassifier(max_depth=4, **SEED), (binary, many, words)
    yield "forest", ensemble.RandomForestClassifier(8, max_depth=4, **SEED), (binary, many, words)
    yield "extra_trees", ensemble.ExtraTreesClassifier(5, max_depth=4, **SEED), (many,)
    yield "boosting", ensemble.GradientBoostingClassifier(n_estimators=6, **SEED), (binary, many)
    yield "hist_boosting", ensemble.HistGradientBoostingClassifier(max_iter=6, **SEED), (binary, many)
    yield "ada", ensemble.AdaBoostClassifier(n_estimators=4, **SEED), (binary, many)
    yield "bagging", ensemble.BaggingClassifier(n_estimators=3, **SEED), (many,)
    yield "voting", ensemble.VotingClassifier([("a", tree.DecisionTreeClassifier(max_depth=2, **SEED)),
                                               ("b", linear_model.LogisticRegression(max_iter=500))], voting="soft"), (many,)
    yield "bayes", naive_bayes.GaussianNB(), (many, words)
    yield "neighbors", neighbors.KNeighborsClassifier(3), (many,)
    yield "mlp", neural_network.MLPClassifier((8,), max_iter=150, **SEED), (binary, many)
    yield "pipeline", pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()), (words,)


def regressors():
    yield "linear", linear_model.LinearRegression()
    yield "svr", svm.SVR()
    yield "tree", tree.DecisionTreeRegressor(max_depth=4, **SEED)
    yield "forest", ensemble.RandomForestRegressor(6, max_depth=4, **SEED)
    yield "boosting", ensemble.GradientBoostingRegressor(n_estimators=6, **SEED)
    yield "hist_boosting", ensemble.HistGradientBoostingRegressor(max_iter=6, **SEED)
    yield "mlp", neural_network.MLPRegressor(hidden_layer_sizes=(6,), max_iter=100, **SEED)
    yield "poisson", linear_model.PoissonRegressor()


def others(x):
    holes = x.copy()
    holes[::3, 1] = np.nan
    yield "scaler", preprocessing.StandardScaler(), x
    yield "min_max", preprocessing.MinMaxScaler(), x
    yield "robust", preprocessing.RobustScaler(), x
    for norm in ("l1", "l2", "max"):
        yield f"normalizer_{norm}", preprocessing.Normalizer(norm), x
    yield "binarizer", preprocessing.Binarizer(threshold=2.0), x
    yield "imputer", impute.SimpleImputer(), holes
    yield "polynomial", preprocessing.PolynomialFeatures(2), x
    yield "bins", preprocessing.KBinsDiscretizer(4, encode="ordinal", quantile_method="averaged_inverted_cdf"), x
    yield "kmeans", cluster.KMeans(3, n_init=2, **SEED), x
    yield "outliers", ensemble.IsolationForest(n_estimators=5, **SEED), x
    yield "mixture", mixture.GaussianMixture(3, **SEED), x
    yield "one_class", svm.OneClassSVM(), x


class Folders:
    def __init__(self, root):
        self.root = root
        shutil.rmtree(root, ignore_errors=True)

    def add(self, folder, name, model, feed_type, feed):
        place = self.root / folder
        place.mkdir(parents=True, exist_ok=True)
        np.save(place / "X.npy", feed.astype("U") if feed.dtype == object else feed)
        wanted = {"initial_types": [("X", feed_type)], "target_opset": {"": 18, "ai.onnx.ml": 3}}
        for options in ({"zipmap": False}, None):  # not every model has the option
            try:
                onx = to_onnx(model, options=options, **wanted)
                break
            except Exception as error:
                failure = type(error).__name__
        else:  # what this skl2onnx cannot say of that scikit-learn
            print(f"left out: {name}: {failure}")
            return
        (place / f"{name}.onnx").write_bytes(onx.SerializeToString())


def main():
    out = Folders(Path(sys.argv[1]))
    x, y, names = data()
    few = x[::11]
    targets = {"binary": (y > 0).astype(np.int64), "many": y, "words": names}
    for name, model, kinds in classifiers():
        for kind in kinds:
            out.add("iris", f"classify_{name}_{kind}", model.fit(x, targets[kind]), FloatTensorType([None, 4]), few)
    for name, model in regressors():
        out.add("petals", f"regress_{name}", model.fit(x[:, :3], x[:, 3]), FloatTensorType([None, 3]), few[:, :3])
    for name, model, sample in others(x):
        folder = "holes" if np.isnan(sample).any() else "iris"
        out.add(folder, name, model.fit(sample), FloatTensorType([None, 4]), sample[::11])
    words = np.array([["red", "small"], ["green", "large"], ["blue", "small"], ["red", "large"], ["blue", "medium"]], dtype=object)
    for name, model in (("one_hot", preprocessing.OneHotEncoder(handle_unknown="ignore")), ("ordinal", preprocessing.OrdinalEncoder())):
        out.add("words", name, model.fit(words), StringTensorType([None, 2]), words)
    text = np.array([["the cat sat on the mat"], ["the dog"], ["a dog and a cat"]], dtype=object)
    for name, model in (("counts", feature_extraction.text.CountVectorizer()), ("tfidf", feature_extraction.text.TfidfVectorizer())):
        out.add("text", name, model.fit(text.ravel()), StringTensorType([None, 1]), text)
    mixed = ColumnTransformer([("scale", preprocessing.StandardScaler(), [0, 1]), ("bins", preprocessing.Binarizer(threshold=1.5), [2, 3])])
    out.add("iris", "columns", mixed.fit(x), FloatTensorType([None, 4]), few)


if __name__ == "__main__":
    main()
