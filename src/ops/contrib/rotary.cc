// RotaryEmbedding of com.microsoft, and what it shares with GroupQueryAttention.
#include <algorithm>

#include "base/format.h"
#include "ops/contrib/contrib.h"
#include "ops/contrib/floats.h"

namespace thane::contrib {
namespace {

struct RotaryGeometry {
  int64_t batch = 0, rows = 0, heads = 0, size = 0;
  bool heads_first = false;
};

Result<RotaryGeometry> rotary_geometry(const RotaryEmbeddingAttrs& attrs, const Dims& dims, int64_t half) {
  if (dims.size() == 4) return RotaryGeometry{dims[0], dims[2], dims[1], dims[3], true};
  if (dims.size() != 3) {
    return invalid_model(format("input of shape {}", to_string(dims)))
        .expecting("[batch, rows, hidden] or [batch, heads, rows, size]");
  }
  int64_t size = 2 * half;  // the whole head is rotated, unless the number of heads says otherwise
  if (attrs.num_heads > 0 && dims[2] % attrs.num_heads == 0) size = dims[2] / attrs.num_heads;
  if (size <= 0 || dims[2] % size != 0) {
    return invalid_model(format("input of shape {}", to_string(dims)))
        .expecting(format("a last axis that is a multiple of {}", size));
  }
  return RotaryGeometry{dims[0], dims[1], dims[2] / size, size, false};
}

}  // namespace

void rotate(float* head, const float* cosines, const float* sines, int64_t half, bool interleaved) {
  for (int64_t i = 0; i < half; ++i) {
    float& a = interleaved ? head[2 * i] : head[i];
    float& b = interleaved ? head[2 * i + 1] : head[i + half];
    const float real = a * cosines[i] - b * sines[i];
    b = a * sines[i] + b * cosines[i];
    a = real;
  }
}

Status infer_rotary_embedding(InferContext& context) {
  const SymDims* dims = context.dims(0);
  context.set(0, context.dtype(0), dims ? std::optional<SymDims>(*dims) : std::nullopt);
  const auto input = known_dims(context, 0), cosines = known_dims(context, 2), sines = known_dims(context, 3);
  if (!input || !cosines || !sines) return ok();
  if (cosines->size() != 2 || *cosines != *sines) {
    return invalid_model(format("cos_cache of shape {}, sin_cache of shape {}", to_string(*cosines), to_string(*sines)))
        .expecting("two equal tables [positions, half]");
  }
  THANE_ASSIGN(const RotaryGeometry g, rotary_geometry(context.attrs<RotaryEmbeddingAttrs>(), *input, (*cosines)[1]));
  if (2 * (*cosines)[1] <= g.size) return ok();
  return invalid_model(format("cos_cache of shape {}", to_string(*cosines)))
      .expecting(format("at most {} columns", g.size / 2));
}

Status eval_rotary_embedding(KernelContext& context) {
  const auto& attrs = context.attrs<RotaryEmbeddingAttrs>();
  const Tensor &positions = context.input(1), &table = context.input(2);
  const int64_t half = table.dim(1);
  THANE_ASSIGN(const RotaryGeometry g, rotary_geometry(attrs, context.input(0).dims(), half));
  const bool offset = positions.size() == 1;  // one position: that of the first row
  if (!offset && positions.size() != g.batch * g.rows) {
    return invalid_model(format("position_ids of shape {}", to_string(positions.dims())))
        .expecting(format("[1] or {}", to_string(Dims{g.batch, g.rows})));
  }
  if (offset && (positions.data<int64_t>()[0] < 0 || positions.data<int64_t>()[0] >= table.dim(0))) {
    return runtime_error(format("position {}", positions.data<int64_t>()[0]))
        .expecting(format("0 to {}", table.dim(0) - 1));
  }
  const Floats input(&context.input(0)), cosines(&table), sines(&context.input(3));
  std::vector<float> out(input.data(), input.data() + context.input(0).size());
  for (int64_t b = 0; b < g.batch; ++b) {
    for (int64_t s = 0; s < g.rows; ++s) {
      const int64_t at = offset ? positions.data<int64_t>()[0] + s : positions.data<int64_t>()[b * g.rows + s];
      if (at < 0 || at >= table.dim(0)) {
        return runtime_error(format("position {}", at)).expecting(format("0 to {}", table.dim(0) - 1));
      }
      for (int64_t n = 0; n < g.heads; ++n) {
        const int64_t row = g.heads_first ? (b * g.heads + n) * g.rows + s : (b * g.rows + s) * g.heads + n;
        rotate(out.data() + row * g.size, cosines.data() + at * half, sines.data() + at * half, half,
               attrs.interleaved);
      }
    }
  }
  store(out.data(), context.output(0));
  return ok();
}

}  // namespace thane::contrib
