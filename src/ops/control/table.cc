#include "ops/control/control.h"
#include "ops/families.h"

namespace thane {
namespace {

constexpr Param kCondition{.name = "cond", .types = kBoolOnly};
constexpr Param kAny{.name = "value", .types = kAnyValue};

constexpr Param kAssertIn[] = {kAny, kCondition};
constexpr Param kIfIn[] = {kCondition};
constexpr Param kAnyOut[] = {kAny};
constexpr Param kLoopIn[] = {{.name = "M", .types = kInt64Only | kOptionalKind, .optional = true},
                             {.name = "cond", .types = kBoolOnly | kOptionalKind, .optional = true},
                             {.name = "v_initial", .types = kAnyValue, .optional = true}};
constexpr Param kScanIn[] = {{.name = "input", .types = kAnyTensor}};
constexpr Param kMapIn[] = {{.name = "input_sequence", .types = kSequenceKind}, kAny};
constexpr Param kMapOut[] = {{.name = "out_sequence", .types = kSequenceKind}};

constexpr std::string_view kBranches[] = {"then_branch", "else_branch"};
constexpr std::string_view kBody[] = {"body"};

// A body may do anything, and its cost is not seen from outside: none of these is folded.
constexpr OpDef kOps[] = {
    {.name = "If",
     .inputs = kIfIn,
     .min_inputs = 1,
     .outputs = kAnyOut,
     .output_arity = Arity::kVariadic,
     .subgraphs = kBranches,
     .infer = infer_if,
     .eval = eval_if,
     .flags = kHeavy},
    {.name = "Loop",
     .inputs = kLoopIn,
     .min_inputs = 0,
     .input_arity = Arity::kVariadic,
     .outputs = kAnyOut,
     .output_arity = Arity::kVariadic,
     .subgraphs = kBody,
     .infer = infer_loop,
     .eval = eval_loop,
     .flags = kHeavy},
    {.name = "Scan",
     .inputs = kScanIn,
     .min_inputs = 1,
     .input_arity = Arity::kVariadic,
     .outputs = kAnyOut,
     .output_arity = Arity::kVariadic,
     .attrs = &attrs_schema<ScanAttrs>,
     .subgraphs = kBody,
     .infer = infer_scan,
     .eval = eval_scan,
     .flags = kHeavy},
    {.name = "SequenceMap",
     .inputs = kMapIn,
     .min_inputs = 1,
     .input_arity = Arity::kVariadic,
     .outputs = kMapOut,
     .output_arity = Arity::kVariadic,
     .subgraphs = kBody,
     .infer = infer_sequence_map,
     .eval = eval_sequence_map,
     .flags = kHeavy},
    {.name = "Assert",
     .domain = Domain::kThane,
     .inputs = kAssertIn,
     .min_inputs = 2,
     .outputs = kAnyOut,
     .attrs = &attrs_schema<AssertAttrs>,
     .infer = infer_assert,
     .eval = eval_assert,
     .flags = kHeavy},
};

}  // namespace

std::span<const OpDef> control_ops() { return kOps; }

}  // namespace thane
