// Bilinear resampling of integers in fixed point: int16 with 10 bits below the point, as TensorFlow Lite's reference
// kernel; bytes with 11, as XNNPACK.
#include <cmath>

#include "base/format.h"
#include "ops/fixed_point/fixed_point.h"
#include "ops/shape_values.h"

namespace thane {
namespace {

template <class T>
constexpr int kBits = sizeof(T) == 1 ? 11 : 10;
template <class T>
constexpr int64_t kOne = 1 << kBits<T>;

// Which two inputs an output lies between, and how far from the first.
struct Sample {
  int64_t low, high, fraction;
};

std::vector<Sample> fine_samples(const FixedResizeAttrs& attrs, int64_t in, int64_t out) {
  constexpr int64_t kOne = thane::kOne<int16_t>;
  int64_t scale = (kOne * in + out / 2) / out;
  if (attrs.align_corners && out > 1) scale = (kOne * (in - 1) + (out - 1) / 2) / (out - 1);
  std::vector<Sample> list;
  for (int64_t i = 0; i < out; ++i) {
    const int64_t at = attrs.half_pixel ? i * scale + scale / 2 - kOne / 2 : i * scale;
    const int64_t low = std::min(std::max<int64_t>(at / kOne, 0), in - 1);
    list.push_back({low, std::clamp<int64_t>((at + kOne - 1) / kOne, 0, in - 1), at - kOne * low});
  }
  return list;
}

// Positions in float, rounded last.
std::vector<Sample> byte_samples(const FixedResizeAttrs& attrs, int64_t in, int64_t out) {
  const int64_t less = attrs.align_corners && out > 1 ? 1 : 0;
  const float scale = static_cast<float>(in - less) / static_cast<float>(out - less);
  const float offset = attrs.half_pixel && !attrs.align_corners ? 0.5f * scale - 0.5f : 0.0f;
  std::vector<Sample> list;
  for (int64_t i = 0; i < out; ++i) {
    const float at = std::clamp(static_cast<float>(i) * scale + offset, 0.0f, static_cast<float>(in - 1));
    const auto low = static_cast<int64_t>(at);
    const float fraction = (at - static_cast<float>(low)) * static_cast<float>(kOne<int8_t>);
    list.push_back({low, std::min(low + 1, in - 1), std::lrint(fraction)});
  }
  return list;
}

template <class T>
T rounded(int64_t sum) {
  constexpr int64_t kUnit = kOne<T> * kOne<T>;
  if constexpr (sizeof(T) == 1) return static_cast<T>((sum + kUnit / 2) >> (2 * kBits<T>));
  return static_cast<T>((sum + (sum > 0 ? kUnit / 2 : -kUnit / 2)) / kUnit);
}

}  // namespace

// Inputs: X [batch, height, width, channels], sizes [2].
Status infer_fixed_resize(InferContext& context) {
  const SymDims* dims = context.dims(0);
  if (!dims) {
    context.set(0, context.dtype(0));
    return ok();
  }
  if (dims->size() != 4) return invalid_model(format("pictures {}", to_string(*dims))).expecting("rank 4");
  THANE_ASSIGN(const auto sizes, known_dims(context, 1, "sizes"));
  SymDims out = *dims;
  out[1] = out[2] = Dim::unknown();
  if (sizes) {
    if (sizes->size() != 2) return invalid_model("sizes that are not two");
    out[1] = (*sizes)[0];
    out[2] = (*sizes)[1];
    constexpr int64_t kMost = 1 << 20;
    for (size_t axis : {1, 2}) {
      if (out[axis].is_number() && (out[axis].number() < 0 || out[axis].number() > kMost)) {
        return invalid_model(format("a size of {}", out[axis].number()));
      }
      if ((*dims)[axis].is_number() && ((*dims)[axis].number() < 1 || (*dims)[axis].number() > kMost)) {
        return invalid_model(format("pictures {}", to_string(*dims)));
      }
    }
  }
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_fixed_resize(KernelContext& context) {
  const auto& attrs = context.attrs<FixedResizeAttrs>();
  const Tensor &x = context.input(0), &y = context.output(0);
  if (y.size() == 0) return ok();
  const auto samples = dtype_bits(x.dtype()) == 8 ? byte_samples : fine_samples;
  const auto rows = samples(attrs, x.dim(1), y.dim(1)), columns = samples(attrs, x.dim(2), y.dim(2));
  const int64_t depth = x.dim(3), width = x.dim(2);
  dispatch<int8_t, uint8_t, int16_t>(x.dtype(), [&]<class T>() {
    context.threads().parallel_for(y.dim(0) * y.dim(1), 1, [&](int64_t begin, int64_t end) {
      for (int64_t line = begin; line < end; ++line) {
        const Sample& r = rows[static_cast<size_t>(line % y.dim(1))];
        const T* image = x.data<T>() + line / y.dim(1) * x.dim(1) * width * depth;
        const T *upper = image + r.low * width * depth, *lower = image + r.high * width * depth;
        T* out = y.data<T>() + line * y.dim(2) * depth;
        for (const Sample& c : columns) {
          for (int64_t d = 0; d < depth; ++d) {
            const auto between = [&](const T* line) {
              return line[c.low * depth + d] * (kOne<T> - c.fraction) + line[c.high * depth + d] * c.fraction;
            };
            *out++ = rounded<T>(between(upper) * (kOne<T> - r.fraction) + between(lower) * r.fraction);
          }
        }
      }
    });
  });
  return ok();
}

}  // namespace thane
