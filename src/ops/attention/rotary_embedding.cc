#include "base/format.h"
#include "ops/attention/attention.h"
#include "ops/widen.h"

namespace thane {
namespace {

enum Input : size_t { kX, kCos, kSin, kPositions };

// Caches are [positions, half] when positions are given, else [batch, length, half].
Status check_cache(const InferContext& context, Input input, const std::array<Dim, 4>& x, const Dim& half) {
  if (!context.dims(input)) return ok();
  const SymDims& dims = *context.dims(input);
  const std::string_view name = context.node().op->input_param(input)->name;
  const bool indexed = context.has_input(kPositions);
  if (dims.size() != (indexed ? 2u : 3u)) {
    return invalid_model(format("{} has the shape {}", name, to_string(dims)))
        .expecting(indexed ? "rank 2, as there are position_ids" : "rank 3, as there are no position_ids");
  }
  THANE_TRY(check_same(dims.back(), half, format("half the rotated part of a head, in X and in {},", name)));
  if (indexed) return ok();
  THANE_TRY(check_same(dims[0], x[0], format("the batch of X and {}", name)));
  return check_same(dims[1], x[2], format("the length of X and {}", name));
}

Status check_positions(const Tensor& positions, int64_t count) {
  for (const int64_t position : positions.span<int64_t>()) {
    if (position < 0 || position >= count) {
      return runtime_error(format("position_ids contain {}", position))
          .expecting(format("0 to {}, the last row of the caches", count - 1));
    }
  }
  return ok();
}

struct Rotation {
  int64_t half;
  bool interleaved;  // pairs are neighbours; else element i goes with i + half

  template <class T>
  void apply(const T* x, const T* cos, const T* sin, T* y, int64_t size) const {
    for (int64_t i = 0; i < half; ++i) {
      const int64_t a = interleaved ? 2 * i : i;
      const int64_t b = interleaved ? 2 * i + 1 : i + half;
      const T real = x[a], imaginary = x[b];
      y[a] = cos[i] * real - sin[i] * imaginary;
      y[b] = sin[i] * real + cos[i] * imaginary;
    }
    std::copy(x + 2 * half, x + size, y + 2 * half);
  }
};

}  // namespace

Status infer_rotary_embedding(InferContext& context) {
  const auto& attrs = context.attrs<RotaryAttrs>();
  context.set(0, context.dtype(kX));
  if (attrs.rotary_embedding_dim < 0 || attrs.rotary_embedding_dim % 2 != 0) {
    return invalid_model(format("rotary_embedding_dim is {}", attrs.rotary_embedding_dim)).expecting("an even number");
  }
  if (!context.dims(kX)) return ok();
  THANE_ASSIGN(const auto x, heads_of(*context.dims(kX), attrs.num_heads, "X"));
  Dim rotated(attrs.rotary_embedding_dim);
  if (attrs.rotary_embedding_dim == 0) rotated = x[3];
  if (x[3].is_number() && (rotated.number() % 2 != 0 || rotated.number() > x[3].number())) {
    return invalid_model(format("{} of {} elements of a head are to be rotated", rotated.number(), x[3].number()))
        .expecting("an even number of those there are");
  }
  const Dim half = Dim::floor_div(rotated, Dim(2));
  THANE_TRY(check_cache(context, kCos, x, half));
  THANE_TRY(check_cache(context, kSin, x, half));
  if (context.dims(kCos) && context.dims(kSin)) {
    THANE_TRY(check_same((*context.dims(kCos))[0], (*context.dims(kSin))[0], "the length of cos_cache and sin_cache"));
  }
  if (context.has_input(kPositions) && context.dims(kPositions)) {
    const SymDims& positions = *context.dims(kPositions);
    if (positions.size() != 2) {
      return invalid_model(format("position_ids have the shape {}", to_string(positions))).expecting("rank 2");
    }
    THANE_TRY(check_same(positions[0], x[0], "the batch of X and position_ids"));
    THANE_TRY(check_same(positions[1], x[2], "the length of X and position_ids"));
  }
  context.set(0, context.dtype(kX), *context.dims(kX));
  return ok();
}

Status eval_rotary_embedding(KernelContext& context) {
  const auto& attrs = context.attrs<RotaryAttrs>();
  ThreadPool& threads = context.threads();
  const int64_t* positions = nullptr;
  if (context.has_input(kPositions)) {
    THANE_TRY(check_positions(context.input(kPositions), context.input(kCos).dim(0)));
    positions = context.input(kPositions).data<int64_t>();
  }
  if (context.output(0).size() == 0) return ok();
  THANE_ASSIGN(const Tensor x, widened(context.input(kX), threads));
  THANE_ASSIGN(const Tensor cos, widened(context.input(kCos), threads));
  THANE_ASSIGN(const Tensor sin, widened(context.input(kSin), threads));
  THANE_ASSIGN(WideOutput out, WideOutput::make(context.output(0), x.dtype()));
  const Heads at(x, attrs.num_heads);
  const int64_t rotated = attrs.rotary_embedding_dim == 0 ? at.size : attrs.rotary_embedding_dim;
  const Rotation rotation{rotated / 2, attrs.interleaved};
  dispatch<float, double>(x.dtype(), [&]<class T>() {
    threads.parallel_for(at.batch * at.length, 4096 / (at.heads * at.size) + 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t row = (positions ? positions[i] : i) * rotation.half;
        for (int64_t h = 0; h < at.heads; ++h) {
          const int64_t offset = i / at.length * at.batch_stride + i % at.length * at.row_stride + h * at.head_stride;
          rotation.apply(x.data<T>() + offset, cos.data<T>() + row, sin.data<T>() + row,
                         out.tensor().data<T>() + offset, at.size);
        }
      }
    });
  });
  out.finish(threads);
  return ok();
}

}  // namespace thane
