// Fourier transforms. Complex numbers are pairs along a last axis, as DFT takes and gives them.
#include "base/format.h"
#include "formats/tensorflow/call.h"

namespace thane::tensorflow {
namespace signal_ops {
namespace {

// The transform along one axis of data that end with an axis of 1 or 2 parts.
Edge transform(Call& call, const Edge& x, int64_t axis, bool inverse, bool onesided, const Edge& length = {}) {
  return call.emit("DFT", {x, length, call.int_edge(axis)},
                   {{"inverse", int64_t{inverse}}, {"onesided", int64_t{onesided}}});
}
Edge element(Call& call, const Edge& list, int64_t i) { return call.squeeze(call.slice(list, {i}, {i + 1}, {0}), {0}); }

template <int kAxes, bool kInverse>
void complex_transform(Call& call) {
  if (!call.is_complex(0)) return call.fail(invalid_model("its input is not complex"));
  Edge x = call.item(0).edge;
  for (int64_t i = 0; i < kAxes; ++i) x = transform(call, x, -2 - i, kInverse, false);
  call.out_complex(0, x);
}

// Real input of the lengths asked for: cut or padded with zeros by DFT itself.
template <int kAxes>
void real_transform(Call& call) {
  const Edge lengths = call.to_int64(call.in(1));
  Edge x = call.unsqueeze(call.in(0), {-1});
  x = transform(call, x, -2, false, true, element(call, lengths, kAxes - 1));
  for (int64_t i = 1; i < kAxes; ++i)
    x = transform(call, x, -2 - i, false, false, element(call, lengths, kAxes - 1 - i));
  call.out_complex(0, x);
}

template <int kAxes>
void inverse_real(Call& call) {
  if (!call.is_complex(0)) return call.fail(invalid_model("its input is not complex"));
  const Dims lengths = call.need_ints(1);
  Edge x = call.item(0).edge;
  if (call.failed() || lengths.size() != kAxes) return;
  for (int64_t i = kAxes - 1; i >= 1; --i)
    x = transform(call, x, -2 - i, true, false, call.int_edge(lengths[static_cast<size_t>(kAxes - 1 - i)]));
  // The half that is not there mirrors the one that is: y[n - k] = conj(y[k]).
  const int64_t n = lengths.back(), half = n / 2 + 1;
  if (n < 1) return call.fail(invalid_model(format("a transform of length {}", n)));
  const Dim there = call.dim(x, -2);
  if (!there.is_number()) return call.need_shapes("the length of its axis is not known before running");
  if (there.number() > half) x = call.slice(x, {0}, {half}, {-2});
  if (there.number() < half) {
    const int64_t rank = call.rank(x);
    Dims pads(static_cast<size_t>(2 * rank), 0);
    pads[static_cast<size_t>(2 * rank - 2)] = half - there.number();
    x = call.emit("Pad", {x, call.ints_edge(pads)});
  }
  if (n > 2) {
    const Edge mirrored = call.slice(x, {n - half}, {0}, {-2}, {-1});
    const Tensor flip = Tensor::vector<float>(std::vector<float>{1, -1});
    x = call.concat({x, call.mul(mirrored, call.cast(call.constant(flip), call.dtype(x)))}, -2);
  }
  // The imaginary parts of what must be real do not count.
  const Edge y = transform(call, x, -2, true, false);
  call.out(call.squeeze(call.slice(y, {0}, {1}, {-1}), {-1}));
}

constexpr OpRow kRows[] = {
    {"FFT", complex_transform<1, false>},
    {"FFT2D", complex_transform<2, false>},
    {"FFT3D", complex_transform<3, false>},
    {"IFFT", complex_transform<1, true>},
    {"IFFT2D", complex_transform<2, true>},
    {"IFFT3D", complex_transform<3, true>},
    {"RFFT", real_transform<1>},
    {"RFFT2D", real_transform<2>},
    {"RFFT3D", real_transform<3>},
    {"IRFFT", inverse_real<1>},
    {"IRFFT2D", inverse_real<2>},
    {"IRFFT3D", inverse_real<3>},
};

}  // namespace
}  // namespace signal_ops

std::span<const OpRow> signal_rows() { return signal_ops::kRows; }

}  // namespace thane::tensorflow
