// DFT and STFT.
#include <atomic>

#include "base/format.h"
#include "kernels/fft.h"
#include "ops/shape_values.h"
#include "ops/signal/signal.h"
#include "ops/widen.h"

namespace thane {
namespace {

constexpr int64_t kNumbersPerRange = 4096;

// The last axis holds the parts of a number.
Status check_parts(const SymDims& dims, std::string_view name) {
  const Dim& parts = dims.back();
  if (!parts.is_number() || parts.is_number(1) || parts.is_number(2)) return ok();
  return invalid_model(format("{} has the shape {}", name, to_string(dims)))
      .expecting("1 (real) or 2 (complex) numbers along the last axis");
}

Status check_length(const Dim& length) {
  if (!length.is_number() || length.number() > 0) return ok();
  return invalid_model(format("the transform would have the length {}", length.number())).expecting("1 or more");
}

// One line of complex numbers spread over a tensor.
template <class T>
struct Line {
  T* data;
  int64_t stride;  // between numbers
  int64_t count;
  int64_t parts;  // 1: real

  Complex get(int64_t i) const {
    const T* number = data + i * stride;
    return {static_cast<double>(number[0]), parts == 2 ? static_cast<double>(number[1]) : 0.0};
  }
  void set(int64_t i, Complex value) const {
    T* number = data + i * stride;
    number[0] = static_cast<T>(value.re);
    if (parts == 2) number[1] = static_cast<T>(value.im);
  }
};

enum class Spectrum { kWhole, kHalf };  // kHalf: bins 0 to n/2 stand for all, those of a real signal

// What `in` says, zero-padded or cut to n numbers; of half a spectrum, the conjugates are filled in.
template <class T>
void load(const Line<const T>& in, Spectrum spectrum, Complex* x, int64_t n) {
  const int64_t given = std::min(in.count, spectrum == Spectrum::kHalf ? n / 2 + 1 : n);
  for (int64_t i = 0; i < given; ++i) x[i] = in.get(i);
  for (int64_t i = given; i < n; ++i) x[i] = {0, 0};
  if (spectrum == Spectrum::kWhole) return;
  x[0].im = 0;
  if (n % 2 == 0) x[n / 2].im = 0;
  for (int64_t i = 1; i < (n + 1) / 2; ++i) x[n - i] = conj(x[i]);
}

// Calls body(i, numbers, scratch) for each i below `count`, on buffers of the transform's size.
template <class Body>
Status for_each_line(const Fft& fft, int64_t count, ThreadPool& threads, const Body& body) {
  std::atomic<bool> short_of_memory = false;
  threads.parallel_for(count, kNumbersPerRange / fft.size() + 1, [&](int64_t begin, int64_t end) {
    const auto buffer = allocate_complex(fft.size() + fft.scratch_size());
    if (!buffer) {
      short_of_memory = true;
      return;
    }
    for (int64_t i = begin; i < end; ++i) body(i, buffer.get(), buffer.get() + fft.size());
  });
  if (short_of_memory) return resource_limit(format("no memory for transforms of length {}", fft.size()));
  return ok();
}

// The axis input of DFT, or its default.
Result<size_t> transform_axis(int64_t axis, size_t rank) {
  THANE_ASSIGN(const size_t normal, normalize_axis(axis, rank));
  if (normal + 1 == rank) {
    return invalid_model(format("axis {} is the last one, which holds the parts of a number", axis));
  }
  return normal;
}

}  // namespace

Status infer_dft(InferContext& context) {
  const auto& attrs = context.attrs<DftAttrs>();
  context.set(0, context.dtype(0));
  THANE_ASSIGN(const auto length, known_int(context, 1, "dft_length"));
  THANE_ASSIGN(const auto axis, known_int(context, 2, "axis"));
  if (!context.dims(0)) return ok();
  const SymDims& dims = *context.dims(0);
  if (dims.size() < 2) {
    return invalid_model(format("the input has the shape {}", to_string(dims))).expecting("rank 2 or more");
  }
  THANE_TRY(check_parts(dims, "the input"));
  if (attrs.onesided && !attrs.inverse && dims.back().is_number(2)) {
    return invalid_model("onesided with a complex input").expecting("a real one, or onesided = 0");
  }
  SymDims out = dims;
  out.back() = Dim(attrs.onesided && attrs.inverse ? 1 : 2);
  if (context.has_input(2) && !axis) {
    std::fill(out.begin(), out.end() - 1, Dim::unknown());
    context.set(0, context.dtype(0), std::move(out));
    return ok();
  }
  THANE_ASSIGN(const size_t at, transform_axis(axis.value_or(-2), dims.size()));
  Dim n;
  if (!context.has_input(1))
    n = attrs.onesided && attrs.inverse ? Dim(2) * (dims[at] - Dim(1)) : dims[at];
  else if (length)
    n = Dim(*length);
  THANE_TRY(check_length(n));
  out[at] = attrs.onesided && !attrs.inverse ? Dim::floor_div(n, Dim(2)) + Dim(1) : n;
  THANE_TRY(check_length(out[at]));
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_dft(KernelContext& context) {
  const auto& attrs = context.attrs<DftAttrs>();
  ThreadPool& threads = context.threads();
  const size_t rank = context.input(0).rank();
  const int64_t wanted_axis = context.has_input(2) ? ints_of(context.input(2))[0] : -2;
  THANE_ASSIGN(const size_t axis, transform_axis(wanted_axis, rank));
  if (context.output(0).size() == 0) return ok();
  THANE_ASSIGN(const Tensor x, widened(context.input(0), threads));
  THANE_ASSIGN(WideOutput out, WideOutput::make(context.output(0), x.dtype()));
  const bool from_half = attrs.inverse && attrs.onesided;
  int64_t n = out.tensor().dim(axis);
  if (attrs.onesided && !attrs.inverse) n = context.has_input(1) ? ints_of(context.input(1))[0] : x.dim(axis);
  THANE_ASSIGN(const Fft fft, Fft::make(n));
  int64_t inner = 1;  // lines beside each other
  for (size_t i = axis + 1; i + 1 < rank; ++i) inner *= x.dim(i);
  const int64_t in_parts = x.dim(rank - 1), out_parts = out.tensor().dim(rank - 1);
  const int64_t in_count = x.dim(axis), out_count = out.tensor().dim(axis);
  const int64_t lines = out.tensor().size() / (out_count * out_parts);
  const double scale = attrs.inverse ? 1 / static_cast<double>(n) : 1;
  Status status;
  dispatch<float, double>(x.dtype(), [&]<class T>() {
    status = for_each_line(fft, lines, threads, [&](int64_t i, Complex* numbers, Complex* scratch) {
      const int64_t outer = i / inner, beside = i % inner;
      const Line<const T> in{x.data<T>() + (outer * in_count * inner + beside) * in_parts, inner * in_parts, in_count,
                             in_parts};
      const Line<T> to{out.tensor().data<T>() + (outer * out_count * inner + beside) * out_parts, inner * out_parts,
                       out_count, out_parts};
      load(in, from_half ? Spectrum::kHalf : Spectrum::kWhole, numbers, n);
      fft.transform(numbers, attrs.inverse, scratch);
      for (int64_t k = 0; k < out_count; ++k) to.set(k, {numbers[k].re * scale, numbers[k].im * scale});
    });
  });
  THANE_TRY(std::move(status));
  out.finish(threads);
  return ok();
}

Status infer_stft(InferContext& context) {
  context.set(0, context.dtype(0));
  THANE_ASSIGN(const auto step, known_int(context, 1, "frame_step"));
  THANE_ASSIGN(const auto frame_length, known_int(context, 3, "frame_length"));
  if (step && *step <= 0) return invalid_model(format("frame_step is {}", *step)).expecting("1 or more");
  SymDims signal(3);
  if (context.dims(0)) {
    signal = *context.dims(0);
    if (signal.size() == 2) signal.push_back(Dim(1));  // real signals of exported models often lack the last dimension
    if (signal.size() != 3) {
      return invalid_model(format("signal has the shape {}", to_string(signal))).expecting("[batch, length, 1 or 2]");
    }
    THANE_TRY(check_parts(signal, "signal"));
  }
  Dim n;
  if (context.has_input(3)) {
    if (frame_length) n = Dim(*frame_length);
  } else if (!context.has_input(2)) {
    n = signal[1];
  }
  if (context.has_input(2) && context.dims(2)) {
    const SymDims& window = *context.dims(2);
    if (window.size() != 1) {
      return invalid_model(format("window has the shape {}", to_string(window))).expecting("rank 1");
    }
    if (n.is_number() && window[0].is_number() && !(n == window[0])) {
      return invalid_model(format("frame_length is {}, the window has {} numbers", n.number(), window[0].number()))
          .expecting("the same");
    }
    if (!n.is_number()) n = window[0];
  }
  THANE_TRY(check_length(n));
  if (n.is_number() && signal[1].is_number() && signal[1].number() < n.number()) {
    return invalid_model(format("a signal of {} numbers is shorter than a frame", signal[1].number()))
        .expecting(format("{} or more", n.number()));
  }
  const Dim frames = step ? Dim::floor_div(signal[1] - n, Dim(*step)) + Dim(1) : Dim::unknown();
  const Dim bins = context.attrs<StftAttrs>().onesided ? Dim::floor_div(n, Dim(2)) + Dim(1) : n;
  context.set(0, context.dtype(0), SymDims{signal[0], frames, bins, Dim(2)});
  return ok();
}

Status eval_stft(KernelContext& context) {
  ThreadPool& threads = context.threads();
  if (context.output(0).size() == 0) return ok();
  THANE_ASSIGN(const Tensor signal, widened(context.input(0), threads));
  const bool windowed = context.has_input(2);
  Tensor window;
  if (windowed) {
    THANE_ASSIGN(window, widened(context.input(2), threads));
  }
  const int64_t step = ints_of(context.input(1))[0];
  int64_t n = windowed ? window.dim(0) : signal.dim(1);
  if (context.has_input(3)) n = ints_of(context.input(3))[0];
  THANE_ASSIGN(WideOutput out, WideOutput::make(context.output(0), signal.dtype()));
  THANE_ASSIGN(const Fft fft, Fft::make(n));
  const int64_t frames = out.tensor().dim(1), bins = out.tensor().dim(2),
                parts = signal.rank() == 3 ? signal.dim(2) : 1;
  Status status;
  dispatch<float, double>(signal.dtype(), [&]<class T>() {
    status = for_each_line(fft, signal.dim(0) * frames, threads, [&](int64_t i, Complex* numbers, Complex* scratch) {
      const int64_t first = i / frames * signal.dim(1) + i % frames * step;
      load(Line<const T>{signal.data<T>() + first * parts, parts, n, parts}, Spectrum::kWhole, numbers, n);
      for (int64_t k = 0; windowed && k < n; ++k) {
        const auto weight = static_cast<double>(window.data<T>()[k]);
        numbers[k] = {numbers[k].re * weight, numbers[k].im * weight};
      }
      fft.transform(numbers, false, scratch);
      const Line<T> to{out.tensor().data<T>() + i * bins * 2, 2, bins, 2};
      for (int64_t k = 0; k < bins; ++k) to.set(k, numbers[k]);
    });
  });
  THANE_TRY(std::move(status));
  out.finish(threads);
  return ok();
}

}  // namespace thane
