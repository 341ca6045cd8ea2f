// Classical machine learning: ai.onnx.ml.
#include "ops/families.h"
#include "ops/ml/encoders.h"
#include "ops/ml/features.h"
#include "ops/ml/linear.h"
#include "ops/ml/trees.h"

namespace thane {
namespace {

using namespace ml;  // the attribute structs and functions of this family

constexpr DTypeMask kTreeTypes = mask_of(DType::kFloat16, DType::kFloat32, DType::kFloat64);
constexpr DTypeMask kEncoded =
    mask_of(DType::kString, DType::kInt64, DType::kFloat32, DType::kInt32, DType::kInt16, DType::kFloat64);
constexpr DTypeMask kFloat32 = mask_of(DType::kFloat32);

constexpr Param kNumbers[] = {{.name = "X", .types = kMlNumeric, .variable = 'T'}};
constexpr Param kSameNumbers[] = {{.name = "Y", .types = kMlNumeric, .variable = 'T'}};
constexpr Param kFloatOut[] = {{.name = "Y", .types = kFloat32}};
constexpr Param kClassified[] = {{.name = "Y", .types = kLabelTypes}, {.name = "Z", .types = kFloat32}};
constexpr Param kFeatures[] = {{.name = "X", .types = kMlNumeric | kStringOnly, .variable = 'T'},
                               {.name = "Y", .types = kInt64Only}};
constexpr Param kExtracted[] = {{.name = "Z", .types = kMlNumeric | kStringOnly, .variable = 'T'}};
constexpr Param kManyNumbers[] = {{.name = "X", .types = kMlNumeric}};
constexpr Param kMap[] = {{.name = "X", .types = kMapKind}};
constexpr Param kFromMap[] = {{.name = "Y", .types = kMlNumeric | kStringOnly}};
constexpr Param kLabels[] = {{.name = "X", .types = kLabelTypes}};
constexpr Param kOtherLabels[] = {{.name = "Y", .types = kLabelTypes}};
constexpr Param kCodes[] = {{.name = "X", .types = kEncoded}};
constexpr Param kOtherCodes[] = {{.name = "Y", .types = kEncoded}};
constexpr Param kCategories[] = {{.name = "X", .types = kMlNumeric | kStringOnly}};
constexpr Param kTreeIn[] = {{.name = "X", .types = kTreeTypes, .variable = 'T'}};
constexpr Param kTreeOut[] = {{.name = "Y", .types = kTreeTypes, .variable = 'T'}};
constexpr Param kZipIn[] = {{.name = "X", .types = kFloat32}};
constexpr Param kZipOut[] = {{.name = "Z", .types = kSequenceKind}};

template <class A>
constexpr OpDef row(std::string_view name, std::span<const Param> in, std::span<const Param> out,
                    Status (*infer)(InferContext&), Status (*eval)(KernelContext&), uint32_t flags = kNoFlags) {
  return {.name = name,
          .domain = Domain::kMl,
          .inputs = in,
          .min_inputs = static_cast<int>(in.size()),
          .outputs = out,
          .min_outputs = static_cast<int>(out.size()),
          .attrs = &attrs_schema<A>,
          .infer = infer,
          .eval = eval,
          .flags = flags};
}

constexpr OpDef with_many_inputs(OpDef op) {
  op.input_arity = Arity::kVariadic;
  return op;
}

constexpr OpDef without_attrs(OpDef op) {
  op.attrs = nullptr;
  return op;
}

constexpr uint32_t kMapped = kElementwise | kInPlace;

constexpr OpDef kOps[] = {
    without_attrs(row<BinarizerAttrs>("ArrayFeatureExtractor", kFeatures, kExtracted, infer_array_feature_extractor,
                                      eval_array_feature_extractor)),
    row<BinarizerAttrs>("Binarizer", kNumbers, kSameNumbers, infer_binarizer, eval_binarizer, kMapped),
    row<CastMapAttrs>("CastMap", kMap, kFromMap, infer_cast_map, eval_cast_map),
    row<CategoryMapperAttrs>("CategoryMapper", kLabels, kOtherLabels, infer_category_mapper, eval_category_mapper),
    row<DictVectorizerAttrs>("DictVectorizer", kMap, kFromMap, infer_dict_vectorizer, eval_dict_vectorizer),
    with_many_inputs(row<FeatureVectorizerAttrs>("FeatureVectorizer", kManyNumbers, kFloatOut, infer_feature_vectorizer,
                                                 eval_feature_vectorizer)),
    row<ImputerAttrs>("Imputer", kNumbers, kSameNumbers, infer_imputer, eval_imputer),
    row<LabelEncoderAttrs>("LabelEncoder", kCodes, kOtherCodes, infer_label_encoder, eval_label_encoder),
    row<LinearClassifierAttrs>("LinearClassifier", kNumbers, kClassified, infer_linear_classifier,
                               eval_linear_classifier),
    row<LinearRegressorAttrs>("LinearRegressor", kNumbers, kFloatOut, infer_linear_regressor, eval_linear_regressor),
    row<NormalizerAttrs>("Normalizer", kNumbers, kFloatOut, infer_normalizer, eval_normalizer),
    row<OneHotEncoderAttrs>("OneHotEncoder", kCategories, kFloatOut, infer_one_hot_encoder, eval_one_hot_encoder),
    row<SvmClassifierAttrs>("SVMClassifier", kNumbers, kClassified, infer_svm_classifier, eval_svm_classifier),
    row<SvmRegressorAttrs>("SVMRegressor", kNumbers, kFloatOut, infer_svm_regressor, eval_svm_regressor),
    row<ScalerAttrs>("Scaler", kNumbers, kFloatOut, infer_scaler, eval_scaler),
    row<TreeEnsembleAttrs>("TreeEnsemble", kTreeIn, kTreeOut, infer_tree_ensemble, eval_tree_ensemble),
    row<TreeClassifierAttrs>("TreeEnsembleClassifier", kNumbers, kClassified, infer_tree_classifier,
                             eval_tree_classifier),
    row<TreeRegressorAttrs>("TreeEnsembleRegressor", kNumbers, kFloatOut, infer_tree_regressor, eval_tree_regressor),
    row<ZipMapAttrs>("ZipMap", kZipIn, kZipOut, infer_zip_map, eval_zip_map),
};

}  // namespace

std::span<const OpDef> ml_ops() { return kOps; }

}  // namespace thane
