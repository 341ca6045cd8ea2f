// Windows and MelWeightMatrix: tables made from a few numbers.
#include <algorithm>
#include <array>
#include <cmath>

#include "base/format.h"
#include "ops/shape_values.h"
#include "ops/signal/signal.h"

namespace thane {
namespace {

constexpr double kPi = 3.14159265358979323846;

Status check_output(DType dtype) {
  if (mask_of(dtype) & kNumeric) return ok();
  return invalid_model(format("output_datatype is {}", dtype_name(dtype)))
      .expecting("an integer or floating-point type");
}

// A length taken from an input: unknown, or not negative.
Result<Dim> length_of(const InferContext& context, size_t i, std::string_view name) {
  THANE_ASSIGN(const auto length, known_int(context, i, name));
  if (!length) return Dim::unknown();
  if (*length < 0) return invalid_model(format("{} is {}", name, *length)).expecting("0 or more");
  return Dim(*length);
}

// Stores a number of [-1, 1] as the output's type; integers cut off.
void fill_window(KernelContext& context, const std::array<double, 3>& a) {
  Tensor& out = context.output(0);
  const int64_t size = out.dim(0);
  const int64_t period = context.attrs<SignalWindowAttrs>().periodic ? size : size - 1;
  dispatch_numeric(out.dtype(), [&]<class T>() {
    for (int64_t i = 0; i < size; ++i) {
      // A symmetric window of one number is its middle.
      const double turn = period == 0 ? 0.5 : static_cast<double>(i) / static_cast<double>(period);
      out.data<T>()[i] = T(a[0] - a[1] * std::cos(2 * kPi * turn) + a[2] * std::cos(4 * kPi * turn));
    }
  });
}

enum Input : size_t { kBands, kDftLength, kSampleRate, kLowerEdge, kUpperEdge };

double to_mel(double hertz) { return 2595 * std::log10(1 + hertz / 700); }
double to_hertz(double mel) { return 700 * (std::pow(10, mel / 2595) - 1); }

// The band's rising and falling edge over the bins it covers; [lower, center] and (center, upper).
template <class T>
void fill_band(T* column, int64_t stride, int64_t bins, int64_t lower, int64_t center, int64_t upper) {
  const auto set = [&](int64_t bin, double weight) {
    if (bin >= 0 && bin < bins) column[bin * stride] = T(weight);
  };
  if (lower == center) set(center, 1);
  for (int64_t j = std::max<int64_t>(lower, 0); lower < center && j <= std::min(center, bins - 1); ++j) {
    set(j, static_cast<double>(j - lower) / static_cast<double>(center - lower));
  }
  for (int64_t j = std::max<int64_t>(center, 0); j < std::min(upper, bins); ++j) {
    set(j, static_cast<double>(upper - j) / static_cast<double>(upper - center));
  }
}

}  // namespace

Status infer_window(InferContext& context) {
  const auto& attrs = context.attrs<SignalWindowAttrs>();
  THANE_TRY(check_output(attrs.output_datatype));
  THANE_ASSIGN(const Dim size, length_of(context, 0, "size"));
  context.set(0, attrs.output_datatype, SymDims{size});
  return ok();
}

Status eval_hann_window(KernelContext& context) { return fill_window(context, {0.5, 0.5, 0}), ok(); }
Status eval_hamming_window(KernelContext& context) { return fill_window(context, {25.0 / 46, 21.0 / 46, 0}), ok(); }
Status eval_blackman_window(KernelContext& context) { return fill_window(context, {0.42, 0.5, 0.08}), ok(); }

Status infer_mel_weight_matrix(InferContext& context) {
  const auto& attrs = context.attrs<MelWeightMatrixAttrs>();
  THANE_TRY(check_output(attrs.output_datatype));
  THANE_ASSIGN(const Dim bands, length_of(context, kBands, "num_mel_bins"));
  THANE_ASSIGN(const Dim length, length_of(context, kDftLength, "dft_length"));
  for (size_t i = kSampleRate; i <= kUpperEdge; ++i) {
    if (const auto count = known_length(context, i); count && *count != 1) {
      return invalid_model(format("input '{}' has {} elements", context.node().op->input_param(i)->name, *count))
          .expecting("1");
    }
  }
  context.set(0, attrs.output_datatype, SymDims{Dim::floor_div(length, Dim(2)) + Dim(1), bands});
  return ok();
}

Status eval_mel_weight_matrix(KernelContext& context) {
  Tensor& out = context.output(0);
  const int64_t bins = out.dim(0), bands = out.dim(1);
  const auto dft_length = context.input(kDftLength).as_double(0);
  const auto sample_rate = context.input(kSampleRate).as_double(0);
  if (!(sample_rate > 0)) {
    return runtime_error(format("sample_rate is {}", sample_rate)).expecting("a positive number");
  }
  const double low = to_mel(context.input(kLowerEdge).as_double(0));
  const double high = to_mel(context.input(kUpperEdge).as_double(0));
  if (!std::isfinite(low) || !std::isfinite(high) || low > high) {
    return runtime_error("lower_edge_hertz and upper_edge_hertz are no interval").expecting("0 <= lower <= upper");
  }
  const double step = (high - low) / (static_cast<double>(bands) + 2);
  const auto bin_of = [&](int64_t i) {
    const double bin = std::floor((dft_length + 1) * to_hertz(low + static_cast<double>(i) * step) / sample_rate);
    return static_cast<int64_t>(std::clamp(bin, -1e15, 1e15));
  };
  dispatch_numeric(out.dtype(), [&]<class T>() {
    std::fill_n(out.data<T>(), out.size(), T(0));
    for (int64_t i = 0; i < bands; ++i) {
      fill_band(out.data<T>() + i, bands, bins, bin_of(i), bin_of(i + 1), bin_of(i + 2));
    }
  });
  return ok();
}

}  // namespace thane
