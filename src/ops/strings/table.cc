// Strings of bytes; domain kThane.
#include "ops/families.h"
#include "ops/infer_shapes.h"
#include "ops/strings/strings.h"

namespace thane {
namespace {

constexpr Param kText{.name = "text", .types = kStringOnly};
constexpr Param kTexts[] = {kText};
constexpr Param kNumbers[] = {{.name = "numbers", .types = kNumeric | kBoolOnly}};
constexpr Param kInt32s[] = {{.name = "output", .types = mask_of(DType::kInt32)}};
constexpr Param kInt64s[] = {{.name = "output", .types = kInt64Only}};
constexpr Param kSubstringIn[] = {kText,
                                  {.name = "position", .types = kIndexInts, .variable = 'I'},
                                  {.name = "length", .types = kIndexInts, .variable = 'I'}};
constexpr Param kPartsOut[] = {{.name = "indices", .types = kInt64Only},
                               {.name = "values", .types = kStringOnly},
                               {.name = "shape", .types = kInt64Only}};
constexpr Param kBytesOut[] = {{.name = "bytes", .types = kFixedSize}};
constexpr Param kRaggedIn[] = {{.name = "shape", .types = kIndexInts},
                               {.name = "values", .types = kAnyTensor, .variable = 'T'},
                               {.name = "default", .types = kAnyTensor, .variable = 'T'},
                               {.name = "partition", .types = kIndexInts}};
constexpr Param kRaggedOut[] = {{.name = "dense", .types = kAnyTensor, .variable = 'T'}};

constexpr Param kRowsOfText[] = {kText, {.name = "splits", .types = kIndexInts, .variable = 'I'}};

constexpr Param kFeatures[] = {{.name = "features", .types = kStringOnly | kInt64Only}};

constexpr OpDef text_map(std::string_view name, const AttrsSchema* attrs, Status (*eval)(KernelContext&)) {
  return {.name = name,
          .domain = Domain::kThane,
          .inputs = kTexts,
          .min_inputs = 1,
          .outputs = kTexts,
          .attrs = attrs,
          .infer = infer_same,
          .eval = eval};
}

constexpr OpDef kOps[] = {
    text_map("StringCase", &attrs_schema<StringCaseAttrs>, eval_string_case),
    text_map("StringStrip", nullptr, eval_string_strip),
    text_map("RegexReplace", &attrs_schema<RegexReplaceAttrs>, eval_regex_replace),
    {.name = "StringLength",
     .domain = Domain::kThane,
     .inputs = kTexts,
     .min_inputs = 1,
     .outputs = kInt32s,
     .attrs = &attrs_schema<StringUnitAttrs>,
     .infer = infer_same_dims_as<DType::kInt32>,
     .eval = eval_string_length},
    {.name = "Substring",
     .domain = Domain::kThane,
     .inputs = kSubstringIn,
     .min_inputs = 3,
     .outputs = kTexts,
     .attrs = &attrs_schema<StringUnitAttrs>,
     .infer = infer_substring,
     .eval = eval_substring},
    {.name = "StringParts",
     .domain = Domain::kThane,
     .inputs = kTexts,
     .min_inputs = 1,
     .outputs = kPartsOut,
     .min_outputs = 3,
     .attrs = &attrs_schema<StringPartsAttrs>,
     .infer = infer_string_parts,
     .eval = eval_string_parts},
    {.name = "NumberToString",
     .domain = Domain::kThane,
     .inputs = kNumbers,
     .min_inputs = 1,
     .outputs = kTexts,
     .attrs = &attrs_schema<NumberToStringAttrs>,
     .infer = infer_same_dims_as<DType::kString>,
     .eval = eval_number_to_string},
    {.name = "HashBucket",
     .domain = Domain::kThane,
     .inputs = kTexts,
     .min_inputs = 1,
     .outputs = kInt64s,
     .attrs = &attrs_schema<HashBucketAttrs>,
     .infer = infer_same_dims_as<DType::kInt64>,
     .eval = eval_hash_bucket},
    {.name = "HashCross",
     .domain = Domain::kThane,
     .inputs = kFeatures,
     .min_inputs = 1,
     .input_arity = Arity::kVariadic,
     .outputs = kInt64s,
     .attrs = &attrs_schema<HashCrossAttrs>,
     .infer = infer_hash_cross,
     .eval = eval_hash_cross},
    {.name = "StringReduceJoin",
     .domain = Domain::kThane,
     .inputs = kTexts,
     .min_inputs = 1,
     .outputs = kTexts,
     .attrs = &attrs_schema<StringReduceJoinAttrs>,
     .infer = infer_string_reduce_join,
     .eval = eval_string_reduce_join},
    {.name = "StringBytes",
     .domain = Domain::kThane,
     .inputs = kTexts,
     .min_inputs = 1,
     .outputs = kBytesOut,
     .attrs = &attrs_schema<StringBytesAttrs>,
     .infer = infer_string_bytes,
     .eval = eval_string_bytes},
    {.name = "StringNGrams",
     .domain = Domain::kThane,
     .inputs = kRowsOfText,
     .min_inputs = 2,
     .outputs = kRowsOfText,
     .min_outputs = 2,
     .attrs = &attrs_schema<StringNGramsAttrs>,
     .infer = infer_string_ngrams,
     .eval = eval_string_ngrams},
    {.name = "RaggedToDense",
     .domain = Domain::kThane,
     .inputs = kRaggedIn,
     .min_inputs = 4,
     .input_arity = Arity::kVariadic,
     .outputs = kRaggedOut,
     .attrs = &attrs_schema<RaggedToDenseAttrs>,
     .infer = infer_ragged_to_dense,
     .eval = eval_ragged_to_dense},
};

}  // namespace

std::span<const OpDef> strings_ops() { return kOps; }

}  // namespace thane
