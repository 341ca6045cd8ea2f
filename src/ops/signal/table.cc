// Fourier transforms, windows, MelWeightMatrix.
#include "ops/families.h"
#include "ops/signal/signal.h"

namespace thane {
namespace {

constexpr Param kDftInputs[] = {{.name = "input", .types = kFloats, .variable = 'T'},
                                {.name = "dft_length", .types = kIndexInts, .optional = true},
                                {.name = "axis", .types = kInt64Only, .optional = true}};
constexpr Param kFloatOut[] = {{.name = "output", .types = kFloats, .variable = 'T'}};
constexpr Param kStftInputs[] = {{.name = "signal", .types = kFloats, .variable = 'T'},
                                 {.name = "frame_step", .types = kIndexInts, .variable = 'I'},
                                 {.name = "window", .types = kFloats, .variable = 'T', .optional = true},
                                 {.name = "frame_length", .types = kIndexInts, .variable = 'I', .optional = true}};
constexpr Param kSize[] = {{.name = "size", .types = kIndexInts}};
constexpr Param kNumericOut[] = {{.name = "output", .types = kNumeric}};
constexpr Param kMelInputs[] = {{.name = "num_mel_bins", .types = kIndexInts, .variable = 'I'},
                                {.name = "dft_length", .types = kIndexInts, .variable = 'I'},
                                {.name = "sample_rate", .types = kIndexInts, .variable = 'I'},
                                {.name = "lower_edge_hertz", .types = kFloats, .variable = 'T'},
                                {.name = "upper_edge_hertz", .types = kFloats, .variable = 'T'}};

constexpr OpDef window(std::string_view name, Status (*eval)(KernelContext&)) {
  return {.name = name,
          .inputs = kSize,
          .min_inputs = 1,
          .outputs = kNumericOut,
          .attrs = &attrs_schema<SignalWindowAttrs>,
          .infer = infer_window,
          .eval = eval};
}

constexpr OpDef kOps[] = {
    {.name = "DFT",
     .inputs = kDftInputs,
     .min_inputs = 1,
     .outputs = kFloatOut,
     .attrs = &attrs_schema<DftAttrs>,
     .infer = infer_dft,
     .eval = eval_dft},
    {.name = "STFT",
     .inputs = kStftInputs,
     .min_inputs = 2,
     .outputs = kFloatOut,
     .attrs = &attrs_schema<StftAttrs>,
     .infer = infer_stft,
     .eval = eval_stft},
    window("HannWindow", eval_hann_window),
    window("HammingWindow", eval_hamming_window),
    window("BlackmanWindow", eval_blackman_window),
    {.name = "MelWeightMatrix",
     .inputs = kMelInputs,
     .min_inputs = 5,
     .outputs = kNumericOut,
     .attrs = &attrs_schema<MelWeightMatrixAttrs>,
     .infer = infer_mel_weight_matrix,
     .eval = eval_mel_weight_matrix},
};

}  // namespace

std::span<const OpDef> signal_ops() { return kOps; }

}  // namespace thane
