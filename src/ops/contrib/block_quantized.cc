// Weights quantised in blocks: MatMulNBits, MatMulBnb4, GatherBlockQuantized.
#include <algorithm>
#include <vector>

#include "base/checked.h"
#include "base/format.h"
#include "ops/contrib/block_zeros.h"
#include "ops/contrib/contrib.h"
#include "ops/contrib/floats.h"

namespace thane::contrib {
namespace {

constexpr int64_t kMaxFeatures = int64_t{1} << 31;

Status check_sizes(int64_t n, int64_t k, int64_t block_size) {
  if (n < 1 || k < 1 || n > kMaxFeatures || k > kMaxFeatures) {
    return invalid_model(format("N {} and K {}", n, k)).expecting(format("1 to {}", kMaxFeatures));
  }
  if (block_size < 16 || block_size > kMaxFeatures || (block_size & (block_size - 1)) != 0) {
    return invalid_model(format("block_size {}", block_size)).expecting("a power of two from 16 on");
  }
  return ok();
}

Status expect_elements(std::string_view name, const std::optional<Dims>& dims, int64_t expected) {
  if (!dims) return ok();
  const auto count = checked_product(*dims);
  if (count && *count == expected) return ok();
  return invalid_model(format("{} of shape {}", name, to_string(*dims))).expecting(format("{} elements", expected));
}

// y[m, n] = a[m, :] · row_n (+ bias[n]), the rows made one at a time by fill(n, row).
template <class F>
void multiply_rows(const float* a, int64_t rows, int64_t k, int64_t n, const float* bias, float* y, ThreadPool& threads,
                   const F& fill) {
  constexpr int64_t kLanes = 8;  // partial sums, so that the loop needs no strict order of additions
  const int64_t grain = std::max<int64_t>(1, 20000 / std::max<int64_t>(1, k * (rows + 1)));
  threads.parallel_for(n, grain, [&](int64_t begin, int64_t end) {
    std::vector<float> row(static_cast<size_t>(k));
    for (int64_t j = begin; j < end; ++j) {
      fill(j, row.data());
      for (int64_t m = 0; m < rows; ++m) {
        const float* x = a + m * k;
        float lanes[kLanes] = {};
        int64_t i = 0;
        for (; i + kLanes <= k; i += kLanes) {
          for (int64_t l = 0; l < kLanes; ++l) lanes[l] += x[i + l] * row[static_cast<size_t>(i + l)];
        }
        double sum = 0;
        for (; i < k; ++i) sum += x[i] * row[static_cast<size_t>(i)];
        for (const float lane : lanes) sum += lane;
        y[m * n + j] = static_cast<float>(sum) + (bias ? bias[j] : 0.f);
      }
    }
  });
}

// Output of a product with a matrix of `k` → `n`: the last axis of the input replaced.
Status infer_product(InferContext& context, int64_t k, int64_t n) {
  const SymDims* dims = context.dims(0);
  if (!dims) return context.set(0, context.dtype(0)), ok();
  if (dims->empty() || (dims->back().is_number() && !dims->back().is_number(k))) {
    return invalid_model(format("A of shape {}", to_string(*dims))).expecting(format("a last axis of {}", k));
  }
  SymDims out = *dims;
  out.back() = Dim(n);
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

// The 16 values of bitsandbytes' 4-bit types, relative to the block's largest magnitude: FP4 (E2M1 with its own table)
// and NF4 (quantiles of a normal distribution; Dettmers et al., "QLoRA", 2023, appendix E).
constexpr float kFp4[16] = {0.f,  5.208333333e-03f,  0.66666667f,  1.f,  0.33333333f,  0.5f,  0.16666667f,  0.25f,
                            -0.f, -5.208333333e-03f, -0.66666667f, -1.f, -0.33333333f, -0.5f, -0.16666667f, -0.25f};
constexpr float kNf4[16] = {-1.f,
                            -0.6961928009986877f,
                            -0.5250730514526367f,
                            -0.39491748809814453f,
                            -0.28444138169288635f,
                            -0.18477343022823334f,
                            -0.09105003625154495f,
                            0.f,
                            0.07958029955625534f,
                            0.16093020141124725f,
                            0.24611230194568634f,
                            0.33791524171829224f,
                            0.44070982933044434f,
                            0.5626170039176941f,
                            0.7229568362236023f,
                            1.f};

}  // namespace

Status MatMulNBitsAttrs::prepare() {
  if (bits != 2 && bits != 4 && bits != 8)
    return unsupported(format("{}-bit weights", bits)).expecting("2, 4 or 8 bits");
  if (weight_prepacked != 0) return unsupported("weights packed for one GPU").expecting("weight_prepacked 0");
  return check_sizes(n, k, block_size);
}

Status infer_matmul_nbits(InferContext& context) {
  const auto& attrs = context.attrs<MatMulNBitsAttrs>();
  const int64_t blocks = attrs.blocks(), blob = attrs.block_size * attrs.bits / 8;
  const auto weights = known_dims(context, 1);
  const bool omitted = weights && std::find(weights->begin(), weights->end(), 0) != weights->end();
  if (!omitted) {
    THANE_TRY(expect_elements("B", weights, attrs.n * blocks * blob));
    THANE_TRY(expect_elements("scales", known_dims(context, 2), attrs.n * blocks));
    if (context.has_input(3)) {
      const bool packed = context.dtype(3) == DType::kUInt8;
      const int64_t columns = packed ? (blocks * attrs.bits + 7) / 8 : blocks;
      THANE_TRY(expect_elements("zero_points", known_dims(context, 3), attrs.n * columns));
    }
    if (context.has_input(4)) {
      const auto groups = known_dims(context, 4);
      if (groups && (groups->size() != 1 || ((*groups)[0] != attrs.k && (*groups)[0] != blocks * attrs.block_size))) {
        return invalid_model(format("g_idx of shape {}", to_string(*groups))).expecting(format("[{}]", attrs.k));
      }
    }
  }
  if (context.has_input(5)) THANE_TRY(expect_elements("bias", known_dims(context, 5), attrs.n));
  return infer_product(context, attrs.k, attrs.n);
}

Status eval_matmul_nbits(KernelContext& context) {
  const auto& attrs = context.attrs<MatMulNBitsAttrs>();
  const int64_t blocks = attrs.blocks(), k = attrs.k;
  const int bits = static_cast<int>(attrs.bits);
  const int64_t row_bytes = blocks * attrs.block_size * bits / 8;
  const Tensor *zeros = optional_input(context, 3), *groups = optional_input(context, 4);
  const int32_t* group_of = groups ? groups->data<int32_t>() : nullptr;
  for (int64_t i = 0; group_of && i < k; ++i) {
    if (group_of[i] < 0 || group_of[i] >= blocks) {
      return runtime_error(format("g_idx holds {}", group_of[i])).expecting(format("0 to {}", blocks - 1));
    }
  }
  const BlockZeros zero_of(attrs, zeros);
  const Floats a(&context.input(0)), scales(&context.input(2));
  const Floats bias(optional_input(context, 5));
  Tensor& output = context.output(0);
  const int64_t rows = output.size() / attrs.n;
  std::vector<float> y(static_cast<size_t>(output.size()), 0.f);
  if (context.input(1).size() == 0) {  // an omitted projection
    for (int64_t i = 0; bias.data() && i < output.size(); ++i) y[static_cast<size_t>(i)] = bias.data()[i % attrs.n];
    store(y.data(), output);
    return ok();
  }
  const auto* weights = context.input(1).data<uint8_t>();
  multiply_rows(a.data(), rows, k, attrs.n, bias.data(), y.data(), context.threads(), [&](int64_t n, float* row) {
    const uint8_t* in = weights + n * row_bytes;
    for (int64_t block = 0; !group_of && block < blocks; ++block) {
      const float zero = zero_of(n, block);
      const float scale = scales.data()[n * blocks + block];
      const int64_t end = std::min(k, (block + 1) * attrs.block_size);
      for (int64_t i = block * attrs.block_size; i < end; ++i) {
        row[i] = (static_cast<float>(unpack(in, i, bits)) - zero) * scale;
      }
    }
    for (int64_t i = 0; group_of && i < k; ++i) {
      const int64_t block = group_of[i];
      row[i] = (static_cast<float>(unpack(in, i, bits)) - zero_of(n, block)) * scales.data()[n * blocks + block];
    }
  });
  store(y.data(), output);
  return ok();
}

Status MatMulBnb4Attrs::prepare() {
  if (quant_type != 0 && quant_type != 1) {
    return invalid_model(format("quant_type {}", quant_type)).expecting("0 (FP4) or 1 (NF4)");
  }
  return check_sizes(n, k, block_size);
}

Status infer_matmul_bnb4(InferContext& context) {
  const auto& attrs = context.attrs<MatMulBnb4Attrs>();
  const auto count = checked_mul(attrs.n, attrs.k);
  if (!count) return invalid_model("N · K beyond 2^63");
  THANE_TRY(expect_elements("B", known_dims(context, 1), (*count + 1) / 2));
  THANE_TRY(expect_elements("absmax", known_dims(context, 2), (*count - 1) / attrs.block_size + 1));
  return attrs.transposed ? infer_product(context, attrs.k, attrs.n) : infer_product(context, attrs.n, attrs.k);
}

// Unlike MatMulNBits, blocks run on from row to row, and the first value of a pair stands in the upper half of its
// byte.
Status eval_matmul_bnb4(KernelContext& context) {
  const auto& attrs = context.attrs<MatMulBnb4Attrs>();
  const auto* weights = context.input(1).data<uint8_t>();
  const float* table = attrs.quant_type == 1 ? kNf4 : kFp4;
  const Floats a(&context.input(0)), largest(&context.input(2));
  const auto weight = [&](int64_t i) {
    const int code = i % 2 == 0 ? weights[i / 2] >> 4 : weights[i / 2] & 15;
    return table[code] * largest.data()[i / attrs.block_size];
  };
  Tensor& output = context.output(0);
  const int64_t n = attrs.transposed ? attrs.n : attrs.k, k = attrs.transposed ? attrs.k : attrs.n;
  std::vector<float> y(static_cast<size_t>(output.size()));
  multiply_rows(a.data(), output.size() / n, k, n, nullptr, y.data(), context.threads(), [&](int64_t j, float* row) {
    for (int64_t i = 0; i < k; ++i) row[i] = weight(attrs.transposed ? j * attrs.k + i : i * attrs.k + j);
  });
  store(y.data(), output);
  return ok();
}

Status GatherBlockQuantizedAttrs::prepare() {
  if (bits != 2 && bits != 4 && bits != 8) return unsupported(format("{}-bit data", bits)).expecting("2, 4 or 8 bits");
  if (block_size != 0) return check_sizes(1, 1, block_size);
  return ok();
}

namespace {

// Data in bytes holds 8 / bits values each, along the last axis.
int64_t values_per_byte(DType dtype, int64_t bits) { return dtype == DType::kUInt8 ? 8 / bits : 1; }

struct GatherGeometry {
  size_t gather = 0, quantize = 0;
  Dims dims;  // of the data, in values
  int64_t block = 0;
};

Result<GatherGeometry> gather_geometry(const GatherBlockQuantizedAttrs& attrs, Dims dims, DType dtype,
                                       const Dims& scales) {
  GatherGeometry g;
  THANE_ASSIGN(g.gather, normalize_axis(attrs.gather_axis, dims.size(), "gather_axis"));
  THANE_ASSIGN(g.quantize, normalize_axis(attrs.quantize_axis, dims.size(), "quantize_axis"));
  const auto last = checked_mul(dims.back(), values_per_byte(dtype, attrs.bits));
  if (!last) return invalid_model("data beyond 2^63 values");
  if (g.gather + 1 == dims.size() && *last != dims.back()) {
    return unsupported("gathering along the axis that bytes pack").expecting("another gather_axis");
  }
  dims.back() = *last;
  g.dims = std::move(dims);
  g.block = attrs.block_size == 0 ? std::max<int64_t>(1, g.dims[g.quantize]) : attrs.block_size;
  bool fits = scales.size() == g.dims.size();
  for (size_t i = 0; fits && i < scales.size(); ++i) {
    const int64_t expected = i == g.quantize ? (g.dims[i] + g.block - 1) / g.block : g.dims[i];
    fits = scales[i] == expected || (scales[i] == 1 && i != g.quantize);
  }
  if (!fits) {
    return invalid_model(format("scales of shape {}", to_string(scales)))
        .expecting(format("{} with axis {} in blocks of {}", to_string(g.dims), g.quantize, g.block));
  }
  return g;
}

}  // namespace

Status infer_gather_block_quantized(InferContext& context) {
  const auto& attrs = context.attrs<GatherBlockQuantizedAttrs>();
  const auto data = known_dims(context, 0), scales = known_dims(context, 2);
  const SymDims* indices = context.dims(1);
  context.set(0, context.dtype(2));
  if (!data || !scales || !indices) return ok();
  if (data->empty()) return invalid_model("scalar data").expecting("rank 1 or more");
  THANE_ASSIGN(const GatherGeometry g, gather_geometry(attrs, *data, context.dtype(0), *scales));
  if (const auto zeros = context.has_input(3) ? known_dims(context, 3) : std::nullopt) {
    const int64_t pack = values_per_byte(context.dtype(0), attrs.bits);
    Dims expected = *scales;
    expected.back() = (expected.back() + pack - 1) / pack;
    if (*zeros != expected) {
      return invalid_model(format("zero_points of shape {}", to_string(*zeros))).expecting(to_string(expected));
    }
  }
  SymDims out;
  for (size_t i = 0; i < g.gather; ++i) out.emplace_back(g.dims[i]);
  out.insert(out.end(), indices->begin(), indices->end());
  for (size_t i = g.gather + 1; i < g.dims.size(); ++i) out.emplace_back(g.dims[i]);
  context.set(0, context.dtype(2), std::move(out));
  return ok();
}

Status eval_gather_block_quantized(KernelContext& context) {
  const auto& attrs = context.attrs<GatherBlockQuantizedAttrs>();
  const Tensor &data = context.input(0), &indices = context.input(1), &scale_tensor = context.input(2);
  const Tensor* zeros = optional_input(context, 3);
  const int bits = static_cast<int>(attrs.bits);
  const int64_t pack = values_per_byte(data.dtype(), attrs.bits);
  THANE_ASSIGN(const GatherGeometry g, gather_geometry(attrs, data.dims(), data.dtype(), scale_tensor.dims()));
  const Floats scales(&scale_tensor);
  const auto value = [&](const Tensor& tensor, int64_t row_length, int64_t i) -> float {
    if (pack == 1) return static_cast<float>(tensor.as_double(i));
    const int64_t row_bytes = (row_length + pack - 1) / pack;
    return static_cast<float>(unpack(tensor.data<uint8_t>() + i / row_length * row_bytes, i % row_length, bits));
  };
  const float default_zero = data.dtype() == DType::kUInt8 ? static_cast<float>(1 << (bits - 1)) : 0.f;
  const Dims strides = row_major_strides(g.dims), scale_strides = row_major_strides(scale_tensor.dims());
  int64_t outer = 1, inner = 1;
  for (size_t i = 0; i < g.gather; ++i) outer *= g.dims[i];
  for (size_t i = g.gather + 1; i < g.dims.size(); ++i) inner *= g.dims[i];
  const int64_t axis_size = g.dims[g.gather];
  Tensor& output = context.output(0);
  std::vector<float> out(static_cast<size_t>(output.size()), 0.f);
  float* at = out.data();
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t j = 0; j < indices.size(); ++j, at += inner) {
      int64_t index = indices.as_int64(j);
      if (index < 0) index += axis_size;
      if (index < 0 || index >= axis_size) continue;  // zeros: what an index outside means to this op
      for (int64_t i = 0; i < inner; ++i) {
        const int64_t element = (o * axis_size + index) * inner + i;
        int64_t scale_at = 0;
        for (size_t d = 0; d < g.dims.size(); ++d) {
          const int64_t coordinate = element / strides[d] % g.dims[d];
          if (scale_tensor.dim(d) > 1)
            scale_at += (d == g.quantize ? coordinate / g.block : coordinate) * scale_strides[d];
        }
        const float zero = zeros ? value(*zeros, scale_tensor.dims().back(), scale_at) : default_zero;
        at[i] = (value(data, g.dims.back(), element) - zero) * scales.data()[scale_at];
      }
    }
  }
  store(out.data(), output);
  return ok();
}

}  // namespace thane::contrib
