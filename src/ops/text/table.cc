#include "ops/families.h"
#include "ops/text/text.h"

namespace thane {
namespace {

constexpr Param kString{.name = "X", .types = kStringOnly};
constexpr Param kInt64{.name = "counts", .types = kInt64Only};

constexpr Param kOne[] = {kString};
constexpr Param kTwo[] = {kString, kString};
constexpr Param kSplitOut[] = {kString, kInt64};
constexpr Param kBoolOut[] = {{.name = "Y", .types = kBoolOnly}};
constexpr Param kItems[] = {{.name = "X", .types = kStringOnly | kIndexInts}};
constexpr Param kFloatOut[] = {{.name = "Y", .types = mask_of(DType::kFloat32)}};

constexpr OpDef kOps[] = {
    {.name = "StringConcat",
     .inputs = kTwo,
     .min_inputs = 2,
     .outputs = kOne,
     .infer = infer_string_concat,
     .eval = eval_string_concat},
    {.name = "StringSplit",
     .inputs = kOne,
     .min_inputs = 1,
     .outputs = kSplitOut,
     .min_outputs = 2,
     .attrs = &attrs_schema<StringSplitAttrs>,
     .infer = infer_string_split,
     .eval = eval_string_split},
    {.name = "StringNormalizer",
     .inputs = kOne,
     .min_inputs = 1,
     .outputs = kOne,
     .attrs = &attrs_schema<StringNormalizerAttrs>,
     .infer = infer_string_normalizer,
     .eval = eval_string_normalizer},
    {.name = "RegexFullMatch",
     .inputs = kOne,
     .min_inputs = 1,
     .outputs = kBoolOut,
     .attrs = &attrs_schema<RegexFullMatchAttrs>,
     .infer = infer_regex_full_match,
     .eval = eval_regex_full_match},
    {.name = "TfIdfVectorizer",
     .inputs = kItems,
     .min_inputs = 1,
     .outputs = kFloatOut,
     .attrs = &attrs_schema<TfIdfVectorizerAttrs>,
     .infer = infer_tf_idf_vectorizer,
     .eval = eval_tf_idf_vectorizer},
};

}  // namespace

std::span<const OpDef> text_ops() { return kOps; }

}  // namespace thane
