// Recurrent layers.
#include "ops/families.h"
#include "ops/recurrent/kernels.h"
#include "ops/recurrent/recurrent.h"

namespace thane {
namespace {

constexpr Param kInputs[] = {
    {.name = "X", .types = kFloats, .variable = 'T'},
    {.name = "W", .types = kFloats, .variable = 'T'},
    {.name = "R", .types = kFloats, .variable = 'T'},
    {.name = "B", .types = kFloats, .variable = 'T', .optional = true},
    {.name = "sequence_lens", .types = mask_of(DType::kInt32), .optional = true},
    {.name = "initial_h", .types = kFloats, .variable = 'T', .optional = true},
    {.name = "initial_c", .types = kFloats, .variable = 'T', .optional = true},
    {.name = "P", .types = kFloats, .variable = 'T', .optional = true},
};
constexpr Param kOutputs[] = {
    {.name = "Y", .types = kFloats, .variable = 'T', .optional = true},
    {.name = "Y_h", .types = kFloats, .variable = 'T', .optional = true},
    {.name = "Y_c", .types = kFloats, .variable = 'T', .optional = true},
};
// Without a cell state.
constexpr std::span<const Param> kPlainInputs = std::span(kInputs).first(6);
constexpr std::span<const Param> kPlainOutputs = std::span(kOutputs).first(2);

constexpr const Kernel* kGruKernels[] = {&kPackedGru};
constexpr const Kernel* kLstmKernels[] = {&kPackedLstm};

constexpr OpDef kOps[] = {
    {.name = "RNN",
     .inputs = kPlainInputs,
     .min_inputs = 3,
     .outputs = kPlainOutputs,
     .min_outputs = 0,
     .attrs = &attrs_schema<RnnAttrs>,
     .infer = infer_rnn,
     .eval = eval_rnn,
     .flags = kHeavy},
    {.name = "GRU",
     .inputs = kPlainInputs,
     .min_inputs = 3,
     .outputs = kPlainOutputs,
     .min_outputs = 0,
     .attrs = &attrs_schema<GruAttrs>,
     .infer = infer_gru,
     .eval = eval_gru,
     .kernels = kGruKernels,
     .flags = kHeavy},
    {.name = "LSTM",
     .inputs = kInputs,
     .min_inputs = 3,
     .outputs = kOutputs,
     .min_outputs = 0,
     .attrs = &attrs_schema<LstmAttrs>,
     .infer = infer_lstm,
     .eval = eval_lstm,
     .kernels = kLstmKernels,
     .flags = kHeavy},
};

}  // namespace

std::span<const OpDef> recurrent_ops() { return kOps; }

}  // namespace thane
