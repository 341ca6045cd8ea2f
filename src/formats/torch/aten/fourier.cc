// Fourier transforms. Complex tensors pass through the DFT node as pairs of real numbers.
#include <algorithm>
#include <cmath>

#include "formats/torch/aten/complex.h"
#include "formats/torch/aten/limits.h"

namespace thane::aten {
namespace fourier_ops {
namespace {

enum class Norm { kNone, kByRoot, kByCount };

// One axis of […, 2] (or […, 1] for real input), not normalised either way. `count`: zero-padded or cut to it first.
Edge transform(Call& c, const Edge& pairs, int64_t axis, int64_t count, bool inverse, bool onesided = false) {
  const Edge y = c.op("DFT", {pairs, c.int64(count), c.int64(axis)},
                      {{"inverse", int64_t{inverse}}, {"onesided", int64_t{onesided}}});
  return inverse ? c.mul(y, static_cast<double>(count)) : y;  // the node divides by the count
}
Edge scaled(Call& c, const Edge& x, Norm norm, double count) {
  if (norm == Norm::kByCount) return c.div(x, count);
  return norm == Norm::kByRoot ? c.div(x, std::sqrt(count)) : x;
}
// torch's words: which direction carries the factor.
Norm norm_of(Call& c, bool inverse) {
  const std::string word = c.text("norm", "backward");
  if (word == "ortho") return Norm::kByRoot;
  return (word == "forward") != inverse ? Norm::kByCount : Norm::kNone;
}
// c10's numbers: 0 none, 1 by the root, 2 by the count.
Norm norm_number(Call& c) {
  const int64_t number = c.integer("normalization");
  return number == 0 ? Norm::kNone : number == 1 ? Norm::kByRoot : Norm::kByCount;
}

Edge real_pairs(Call& c, const Edge& x) { return c.unsqueeze(x, {-1}); }
Edge to_pairs(Call& c, const Edge& x) {
  if (is_complex(x.dtype())) return c.own("ViewAsReal", {x});
  const Edge real = c.unsqueeze(x, {-1});
  return c.concat({real, c.mul(real, 0)}, -1);
}
Edge from_pairs(Call& c, const Edge& x) { return c.own("ViewAsComplex", {x}); }
Edge as_float(Call& c, const Edge& x) {
  if (is_complex(x.dtype()) || x.dtype() == DType::kFloat64) return x;
  return c.cast(x, DType::kFloat32);
}

// The axes and lengths of a transform over several: sizes given by `s`, −1 or none for what the tensor has.
struct Axes {
  Dims axes, counts;
};
Axes axes_of(Call& c, const Edge& x, size_t least) {
  Axes result;
  const bool several = c.declares("s");
  Dims sizes = several ? c.ints("s") : c.has("n") ? Dims{c.integer("n")} : Dims{};
  Dims dims = c.ints("dim");
  if (dims.empty()) {
    const size_t n = !sizes.empty() ? sizes.size() : several ? c.rank(x) : least;
    for (size_t i = 0; i < n; ++i) dims.push_back(static_cast<int64_t>(c.rank(x) - n + i));
  }
  for (size_t i = 0; i < dims.size(); ++i) {
    const auto axis = static_cast<int64_t>(c.axis(dims[i], c.rank(x)));
    result.axes.push_back(axis);
    const bool given = i < sizes.size() && sizes[i] > 0;
    result.counts.push_back(given ? sizes[i] : c.number(x, axis));
  }
  return result;
}
double product(const Dims& counts) {
  double total = 1;
  for (const int64_t n : counts) total *= static_cast<double>(n);
  return total;
}

Edge complex_to_complex(Call& c, const Edge& x, const Axes& a, bool inverse, Norm norm) {
  Edge pairs = to_pairs(c, x);
  for (size_t i = 0; i < a.axes.size(); ++i) pairs = transform(c, pairs, a.axes[i], a.counts[i], inverse);
  return from_pairs(c, scaled(c, pairs, norm, product(a.counts)));
}
// The last axis is the half of a symmetric spectrum.
Edge real_to_complex(Call& c, const Edge& x, const Axes& a, bool onesided, Norm norm) {
  const size_t last = a.axes.size() - 1;
  Edge pairs = transform(c, real_pairs(c, x), a.axes[last], a.counts[last], false, onesided);
  for (size_t i = 0; i < last; ++i) pairs = transform(c, pairs, a.axes[i], a.counts[i], false);
  return from_pairs(c, scaled(c, pairs, norm, product(a.counts)));
}
Edge complex_to_real(Call& c, const Edge& x, const Axes& a, Norm norm) {
  const size_t last = a.axes.size() - 1;
  Edge pairs = to_pairs(c, x);
  for (size_t i = 0; i < last; ++i) pairs = transform(c, pairs, a.axes[i], a.counts[i], true);
  pairs = transform(c, pairs, a.axes[last], a.counts[last], true, true);
  return c.squeeze(scaled(c, pairs, norm, product(a.counts)), {-1});
}

template <bool kInverse>
Value fft(Call& c) {
  const Edge x = as_float(c, c.edge("self"));
  return c.tensor(complex_to_complex(c, x, axes_of(c, x, 1), kInverse, norm_of(c, kInverse)));
}
Value rfft(Call& c) {
  const Edge x = as_float(c, c.edge("self"));
  return c.tensor(real_to_complex(c, x, axes_of(c, x, 1), true, norm_of(c, false)));
}
// The length of a real signal is not in its spectrum: 2 (m − 1) unless given.
Axes real_axes(Call& c, const Edge& x) {
  Axes a = axes_of(c, x, 1);
  const Dims sizes = c.declares("s") ? c.ints("s") : c.has("n") ? Dims{c.integer("n")} : Dims{};
  if (sizes.size() < a.axes.size() || sizes.back() <= 0) a.counts.back() = 2 * (c.number(x, a.axes.back()) - 1);
  return a;
}
Value irfft(Call& c) {
  const Edge x = as_float(c, c.edge("self"));
  return c.tensor(complex_to_real(c, x, real_axes(c, x), norm_of(c, true)));
}
// Of a signal whose spectrum is real: conjugates of the above.
Value hfft(Call& c) {
  Edge x = as_float(c, c.edge("self"));
  if (is_complex(x.dtype())) x = complex_unary(c, "Conj", x);
  return c.tensor(complex_to_real(c, x, real_axes(c, x), norm_of(c, false)));
}
Value ihfft(Call& c) {
  const Edge x = as_float(c, c.edge("self"));
  return c.tensor(complex_unary(c, "Conj", real_to_complex(c, x, axes_of(c, x, 1), true, norm_of(c, true))));
}

// --- the forms that programs are decomposed to

Axes listed_axes(Call& c, const Edge& x) {
  Axes a;
  for (const size_t axis : c.axes(c.ints("dim"), c.rank(x))) {
    a.axes.push_back(static_cast<int64_t>(axis));
    a.counts.push_back(c.number(x, a.axes.back()));
  }
  return a;
}
Value fft_c2c(Call& c) {
  const Edge x = c.edge("self");
  return c.tensor(complex_to_complex(c, x, listed_axes(c, x), !c.flag("forward"), norm_number(c)));
}
Value fft_r2c(Call& c) {
  const Edge x = c.edge("self");
  return c.tensor(real_to_complex(c, x, listed_axes(c, x), c.flag("onesided"), norm_number(c)));
}
Value fft_c2r(Call& c) {
  const Edge x = c.edge("self");
  Axes a = listed_axes(c, x);
  a.counts.back() = c.integer("last_dim_size");
  return c.tensor(complex_to_real(c, x, a, norm_number(c)));
}

// --- frequencies and shifts

template <bool kReal>
Value frequencies(Call& c) {
  const int64_t n = c.integer("n");
  if (bounded(n, "frequencies") == 0) fail(invalid_model("no frequencies"));
  const int64_t count = kReal ? n / 2 + 1 : n;
  thane::Tensor values = must(thane::Tensor::allocate(DType::kFloat64, {count}));
  for (int64_t i = 0; i < count; ++i) {
    const int64_t k = !kReal && i >= (n + 1) / 2 ? i - n : i;
    values.data<double>()[i] = static_cast<double>(k) / (static_cast<double>(n) * c.real("d", 1));
  }
  return c.tensor(c.cast(c.constant(std::move(values)), c.dtype_argument("dtype", DType::kFloat32)));
}
template <bool kBack>
Value shift(Call& c) {
  Edge x = c.edge("self");
  const Dims given = c.ints("dim");
  const auto axes = given.empty() ? c.axes(c.all_axes(x), c.rank(x)) : c.axes(given, c.rank(x));
  for (const size_t axis : axes) {
    const auto at = static_cast<int64_t>(axis);
    const int64_t n = c.number(x, at), by = kBack ? n / 2 : (n + 1) / 2;
    if (by > 0 && by < n) x = c.concat({c.slice(x, at, by, n), c.slice(x, at, 0, by)}, at);
  }
  return c.tensor(c.op("Identity", {x}));
}

// --- short-time transforms

// The window as long as a frame, centred.
Edge window_of(Call& c, int64_t frame, DType dtype) {
  const int64_t length = c.integer("win_length", frame);
  Edge window = c.has("window") ? c.cast(c.edge("window"), dtype) : c.full(Dims{length}, 1, dtype);
  const int64_t left = (frame - length) / 2;
  return c.pad(window, {left}, {frame - length - left});
}
Value stft(Call& c) {
  Edge x = c.edge("self");
  const bool complex = is_complex(x.dtype());
  const int64_t frame = c.integer("n_fft"), hop = c.integer("hop_length", frame / 4);
  const bool single = c.rank(x) == 1;
  if (single) x = c.unsqueeze(x, {0});
  // The node takes pairs; their axis is the last.
  const DType real = real_of(x.dtype());
  x = complex ? c.own("ViewAsReal", {x}) : c.unsqueeze(x, {-1});
  if (c.flag("center", false)) {
    const std::string mode = c.text("pad_mode", "reflect");
    const Edge pads = c.int64s({0, frame / 2, 0, 0, frame / 2, 0});
    if (mode != "reflect" && mode != "constant" && mode != "replicate") c.refuse(format("padding mode '{}'", mode));
    x = c.op("Pad", {x, pads}, {{"mode", mode == "replicate" ? std::string("edge") : mode}});
  }
  const bool onesided = c.flag("onesided", !complex);
  Edge y =
      c.op("STFT", {x, c.int64(hop), window_of(c, frame, real), c.int64(frame)}, {{"onesided", int64_t{onesided}}});
  y = c.transpose(y, {0, 2, 1, 3});  // [batch, bins, frames, 2]
  if (c.flag("normalized")) y = c.div(y, std::sqrt(static_cast<double>(frame)));
  if (single) y = c.squeeze(y, {0});
  return c.tensor(c.flag("return_complex", true) ? from_pairs(c, y) : y);
}
// Frames are transformed back, windowed and added up; what the windows add up to is divided out.
Value istft(Call& c) {
  const Edge x = c.edge("self");
  const int64_t frame = c.integer("n_fft"), hop = c.integer("hop_length", frame / 4);
  if (c.flag("return_complex")) c.refuse("a complex signal from its short-time transform");
  Edge pairs = to_pairs(c, x);
  const bool single = c.rank(x) == 2;
  if (single) pairs = c.unsqueeze(pairs, {0});
  const int64_t frames = c.number(pairs, 2);
  Edge rows = c.transpose(pairs, {0, 2, 1, 3});  // [batch, frames, bins, 2]
  const bool onesided = c.has("onesided") ? c.flag("onesided") : c.number(rows, 2) != frame;
  rows = c.div(transform(c, rows, 2, frame, true, onesided),
               c.flag("normalized") ? std::sqrt(static_cast<double>(frame)) : static_cast<double>(frame));
  rows = c.select(rows, -1, 0);  // [batch, frames, n]
  const Edge window = window_of(c, frame, rows.dtype());
  const int64_t length = frame + hop * (frames - 1);
  const auto overlap = [&](const Edge& pieces) {
    const Edge columns = c.transpose(pieces, {0, 2, 1});
    return c.squeeze(
        c.op("Col2Im", {columns, c.int64s({1, length}), c.int64s({1, frame})}, {{"strides", Dims{1, hop}}}), {1, 2});
  };
  const Edge signal = overlap(c.mul(rows, window));
  const Edge weights = overlap(c.expand(c.square(window), Dims{1, frames, frame}));
  int64_t begin = 0, end = length;
  if (c.flag("center", true)) begin = frame / 2, end = length - frame / 2;
  if (c.has("length")) end = begin + c.integer("length");
  const int64_t last = std::min(end, length);
  Edge y = c.div(c.slice(signal, 1, begin, last), c.slice(weights, 1, begin, last));
  if (end > length) y = c.pad(y, {0, 0}, {0, end - length});
  return c.tensor(single ? c.squeeze(y, {0}) : y);
}

constexpr Row kRows[] = {
    {"fft_fft", fft<false>},
    {"fft_ifft", fft<true>},
    {"fft_fft2", fft<false>},
    {"fft_ifft2", fft<true>},
    {"fft_fftn", fft<false>},
    {"fft_ifftn", fft<true>},
    {"fft_rfft", rfft},
    {"fft_rfft2", rfft},
    {"fft_rfftn", rfft},
    {"fft_irfft", irfft},
    {"fft_irfft2", irfft},
    {"fft_irfftn", irfft},
    {"fft_hfft", hfft},
    {"fft_hfft2", hfft},
    {"fft_hfftn", hfft},
    {"fft_ihfft", ihfft},
    {"fft_ihfft2", ihfft},
    {"fft_ihfftn", ihfft},
    {"_fft_c2c", fft_c2c},
    {"_fft_r2c", fft_r2c},
    {"_fft_c2r", fft_c2r},
    {"fft_fftfreq", frequencies<false>},
    {"fft_rfftfreq", frequencies<true>},
    {"fft_fftshift", shift<false>},
    {"fft_ifftshift", shift<true>},
    {"stft", stft},
    {"istft", istft},
};

}  // namespace
}  // namespace fourier_ops

std::span<const Row> fourier_rows() { return fourier_ops::kRows; }

}  // namespace thane::aten
