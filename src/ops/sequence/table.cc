#include "ops/families.h"
#include "ops/sequence/lists.h"
#include "ops/sequence/sequence.h"

namespace thane {
namespace {

constexpr Param kSequence{.name = "sequence", .types = kSequenceKind};
constexpr Param kPosition{.name = "position", .types = kIndexInts};
constexpr Param kOptionalPosition{.name = "position", .types = kIndexInts, .optional = true};
constexpr Param kTensor{.name = "tensor", .types = kAnyTensor, .variable = 'T'};
constexpr Param kAny{.name = "value", .types = kAnyValue};

constexpr Param kSequences[] = {kSequence};
constexpr Param kTensors[] = {kTensor};
constexpr Param kSequenceAt[] = {kSequence, kPosition};
constexpr Param kSequenceMaybeAt[] = {kSequence, kOptionalPosition};
constexpr Param kInsertIn[] = {kSequence, {.name = "tensor", .types = kAnyValue}, kOptionalPosition};
constexpr Param kAnyOut[] = {kAny};
constexpr Param kInt64Out[] = {{.name = "length", .types = kInt64Only}};
constexpr Param kSplitIn[] = {kTensor, {.name = "split", .types = kIndexInts, .optional = true}};
constexpr Param kOptionalIn[] = {{.name = "input", .types = kAnyValue, .optional = true}};
constexpr Param kBoolOut[] = {{.name = "output", .types = kBoolOnly}};

constexpr Param kReserveIn[] = {{.name = "count", .types = kIndexInts}, {.name = "shape", .types = kIndexInts}};
constexpr Param kSetIn[] = {kSequence, kPosition, {.name = "item", .types = kAnyValue}};
constexpr Param kScatterIn[] = {
    kSequence, {.name = "positions", .types = kIndexInts}, {.name = "tensor", .types = kAnyTensor}};
constexpr Param kTensorOut[] = {{.name = "tensor", .types = kAnyTensor}};

constexpr OpDef kOps[] = {
    {.name = "SequenceEmpty",
     .outputs = kSequences,
     .attrs = &attrs_schema<SequenceEmptyAttrs>,
     .infer = infer_sequence_empty,
     .eval = eval_sequence_empty},
    {.name = "SequenceConstruct",
     .inputs = kTensors,
     .min_inputs = 1,
     .input_arity = Arity::kVariadic,
     .outputs = kSequences,
     .infer = infer_sequence_construct,
     .eval = eval_sequence_construct},
    {.name = "SequenceAt",
     .inputs = kSequenceAt,
     .min_inputs = 2,
     .outputs = kAnyOut,
     .infer = infer_sequence_at,
     .eval = eval_sequence_at},
    {.name = "SequenceErase",
     .inputs = kSequenceMaybeAt,
     .min_inputs = 1,
     .outputs = kSequences,
     .infer = infer_sequence_erase,
     .eval = eval_sequence_erase},
    {.name = "SequenceInsert",
     .inputs = kInsertIn,
     .min_inputs = 2,
     .outputs = kSequences,
     .infer = infer_sequence_insert,
     .eval = eval_sequence_insert},
    {.name = "SequenceLength",
     .inputs = kSequences,
     .min_inputs = 1,
     .outputs = kInt64Out,
     .infer = infer_sequence_length,
     .eval = eval_sequence_length},
    {.name = "SplitToSequence",
     .inputs = kSplitIn,
     .min_inputs = 1,
     .outputs = kSequences,
     .attrs = &attrs_schema<SplitToSequenceAttrs>,
     .infer = infer_split_to_sequence,
     .eval = eval_split_to_sequence},
    {.name = "ConcatFromSequence",
     .inputs = kSequences,
     .min_inputs = 1,
     .outputs = kTensors,
     .attrs = &attrs_schema<ConcatFromSequenceAttrs>,
     .infer = infer_concat_from_sequence,
     .eval = eval_concat_from_sequence},
    {.name = "Optional",
     .inputs = kOptionalIn,
     .outputs = kAnyOut,
     .attrs = &attrs_schema<OptionalAttrs>,
     .infer = infer_optional,
     .eval = eval_optional},
    {.name = "OptionalGetElement",
     .inputs = kAnyOut,
     .min_inputs = 1,
     .outputs = kAnyOut,
     .infer = infer_optional_get_element,
     .eval = eval_optional_get_element},
    {.name = "OptionalHasElement",
     .inputs = kOptionalIn,
     .outputs = kBoolOut,
     .infer = infer_optional_has_element,
     .eval = eval_optional_has_element},
    {.name = "ListReserve",
     .domain = Domain::kThane,
     .inputs = kReserveIn,
     .min_inputs = 2,
     .outputs = kSequences,
     .attrs = &attrs_schema<ListReserveAttrs>,
     .infer = infer_list_reserve,
     .eval = eval_list_reserve},
    {.name = "ListSet",
     .domain = Domain::kThane,
     .inputs = kSetIn,
     .min_inputs = 3,
     .outputs = kSequences,
     .infer = infer_list_set,
     .eval = eval_list_set},
    {.name = "ListScatter",
     .domain = Domain::kThane,
     .inputs = kScatterIn,
     .min_inputs = 3,
     .outputs = kSequences,
     .infer = infer_list_scatter,
     .eval = eval_list_scatter},
    {.name = "ListGet",
     .domain = Domain::kThane,
     .inputs = kSequenceAt,
     .min_inputs = 2,
     .outputs = kAnyOut,
     .attrs = &attrs_schema<ListItemAttrs>,
     .infer = infer_list_get,
     .eval = eval_list_get},
    {.name = "ListStack",
     .domain = Domain::kThane,
     .inputs = kSequences,
     .min_inputs = 1,
     .outputs = kTensorOut,
     .attrs = &attrs_schema<ListItemAttrs>,
     .infer = infer_list_stack,
     .eval = eval_list_stack},
};

}  // namespace

std::span<const OpDef> sequence_ops() { return kOps; }

}  // namespace thane
