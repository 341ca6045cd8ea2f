#include "ops/fixed_point/hybrid.h"

#include <cmath>

#include "base/format.h"
#include "ops/broadcast.h"
#include "ops/conv/convolve.h"
#include "ops/matmul/matmul.h"

namespace thane {
namespace {

Status check_scales(std::vector<float>& scales) {
  if (scales.empty()) scales.push_back(1);
  for (float scale : scales) {
    if (!(scale >= 0)) return invalid_model("a scale below 0");
  }
  return ok();
}

Status check_count(const std::vector<float>& scales, const Dim& channels) {
  if (scales.size() == 1 || !channels.is_number() || channels.number() == static_cast<int64_t>(scales.size()))
    return ok();
  return invalid_model(format("{} scales for {} channels", scales.size(), channels.number()));
}

int8_t saturated(float x) { return static_cast<int8_t>(std::clamp(std::round(x), -128.0f, 127.0f)); }

}  // namespace

Status HybridMatMulAttrs::prepare() {
  if (block_size < 0 || (block_size > 0 && !trans_b)) return invalid_model(format("blocks of {}", block_size));
  return check_scales(weight_scales);
}
Status HybridConvAttrs::prepare() { return check_scales(weight_scales); }

QuantizedRow quantize_row(const float* x, int64_t n, bool asymmetric, int8_t* out) {
  float low = 0, high = 0;
  for (int64_t i = 0; i < n; ++i) {
    low = std::min(low, x[i]);
    high = std::max(high, x[i]);
  }
  QuantizedRow row;
  if (low == high || !std::isfinite(low) || !std::isfinite(high)) {
    std::fill_n(out, n, int8_t{0});
    return row;
  }
  if (!asymmetric) {
    const float range = std::max(-low, high);
    row.scale = range / 127;
    const float inverse = 127 / range;
    for (int64_t i = 0; i < n; ++i) {
      out[i] = static_cast<int8_t>(std::clamp(std::round(x[i] * inverse), -127.0f, 127.0f));
    }
    return row;
  }
  const double scale = (static_cast<double>(high) - static_cast<double>(low)) / 255.0;
  const double from_low = -128.0 - static_cast<double>(low) / scale,
               from_high = 127.0 - static_cast<double>(high) / scale;
  const double low_error = 128.0 + std::fabs(static_cast<double>(low) / scale);
  const double high_error = 127.0 + std::fabs(static_cast<double>(high) / scale);
  const double zero = low_error < high_error ? from_low : from_high;
  row.zero_point = static_cast<int32_t>(std::clamp(std::round(zero), -128.0, 127.0));
  row.scale = static_cast<float>(scale);
  const float inverse = scale == 0 ? 0.0f : 1.0f / row.scale;
  for (int64_t i = 0; i < n; ++i) out[i] = saturated(static_cast<float>(row.zero_point) + x[i] * inverse);
  return row;
}

namespace {

// A row by a column of the weights, as a real.
float product(const HybridMatMulAttrs& attrs, const int8_t* row, const int8_t* column, int64_t depth, int64_t step,
              const QuantizedRow& q, int64_t c) {
  const int64_t block = attrs.block_size > 0 ? attrs.block_size : std::max<int64_t>(depth, 1);
  const int64_t blocks = depth / block;
  float total = 0;
  for (int64_t b = 0; b < blocks; ++b) {
    int32_t products = 0, sum = 0;
    for (int64_t k = b * block; k < (b + 1) * block; ++k) {
      products += int32_t{row[k]} * column[k * step];
      sum += column[k * step];
    }
    const size_t at = attrs.weight_scales.size() == 1 ? 0 : static_cast<size_t>(c * blocks + b);
    total += static_cast<float>(products - q.zero_point * sum) * attrs.weight_scales[at];
  }
  return total * q.scale;
}

}  // namespace

Status infer_hybrid_matmul(InferContext& context) {
  const auto& attrs = context.attrs<HybridMatMulAttrs>();
  const SymDims *a = context.dims(0), *b = context.dims(1);
  if (!a || !b) {
    context.set(0, DType::kFloat32);
    return ok();
  }
  if (a->size() < 2 || b->size() < 2) return invalid_model("a product of vectors").expecting("matrices");
  SymDims right = *b;
  if (attrs.trans_b) std::swap(right[right.size() - 1], right[right.size() - 2]);
  THANE_ASSIGN(SymDims dims, matmul_dims(*a, right));
  const Dim& depth = a->back();
  if (attrs.block_size > 0 && depth.is_number() && dims.back().is_number()) {
    const bool whole = depth.number() % attrs.block_size == 0;
    if (!whole ||
        static_cast<int64_t>(attrs.weight_scales.size()) != depth.number() / attrs.block_size * dims.back().number()) {
      return invalid_model(format("{} scales for blocks of {}", attrs.weight_scales.size(), attrs.block_size));
    }
  } else if (attrs.block_size == 0) {
    THANE_TRY(check_count(attrs.weight_scales, dims.back()));
  }
  if (context.has_input(2) && context.dims(2)) {
    const Dim count = count_of(*context.dims(2));
    if (count.is_number() && dims.back().is_number() && count.number() != dims.back().number()) {
      return invalid_model(format("a bias of {} for {} columns", count.number(), dims.back().number()));
    }
  }
  context.set(0, DType::kFloat32, std::move(dims));
  return ok();
}

Status eval_hybrid_matmul(KernelContext& context) {
  const auto& attrs = context.attrs<HybridMatMulAttrs>();
  const Tensor &a = context.input(0), &b = context.input(1), &y = context.output(0);
  if (y.size() == 0) return ok();
  const int64_t rows = y.dim(y.rank() - 2), columns = y.dim(y.rank() - 1), depth = a.dim(a.rank() - 1);
  const int64_t step = attrs.trans_b ? 1 : columns, between = attrs.trans_b ? depth : 1;
  const Dims batch(y.dims().begin(), y.dims().end() - 2);
  const Dims a_batch(a.dims().begin(), a.dims().end() - 2), b_batch(b.dims().begin(), b.dims().end() - 2);
  std::vector<std::pair<int64_t, int64_t>> pairs;
  BroadcastWalk<2> walk(batch, {&a_batch, &b_batch});
  walk.for_rows(0, walk.size, [&](const auto& offsets, int64_t, int64_t n) {
    for (int64_t i = 0; i < n; ++i) {
      pairs.emplace_back(offsets[0] + i * walk.inner_strides[0], offsets[1] + i * walk.inner_strides[1]);
    }
  });
  const float* bias = context.has_input(2) ? context.input(2).data<float>() : nullptr;
  const int64_t grain = 65536 / std::max<int64_t>(depth * columns, 1) + 1;
  context.threads().parallel_for(static_cast<int64_t>(pairs.size()) * rows, grain, [&](int64_t begin, int64_t end) {
    std::vector<int8_t> row(static_cast<size_t>(depth));
    for (int64_t r = begin; r < end; ++r) {
      const auto& [a_matrix, b_matrix] = pairs[static_cast<size_t>(r / rows)];
      const QuantizedRow q =
          quantize_row(a.data<float>() + (a_matrix * rows + r % rows) * depth, depth, attrs.asymmetric, row.data());
      const int8_t* matrix = b.data<int8_t>() + b_matrix * depth * columns;
      for (int64_t c = 0; c < columns; ++c) {
        y.data<float>()[r * columns + c] =
            product(attrs, row.data(), matrix + c * between, depth, step, q, c) + (bias ? bias[c] : 0.0f);
      }
    }
  });
  return ok();
}

Status infer_hybrid_conv(InferContext& context) {
  const auto& attrs = context.attrs<HybridConvAttrs>();
  const SymDims* bias = context.has_input(2) ? context.dims(2) : nullptr;
  THANE_ASSIGN(auto dims, infer_conv_dims(attrs, context.dims(0), context.dims(1), bias));
  if (const SymDims* weights = context.dims(1)) THANE_TRY(check_count(attrs.weight_scales, (*weights)[0]));
  context.set(0, DType::kFloat32, std::move(dims));
  return ok();
}

Status eval_hybrid_conv(KernelContext& context) {
  const auto& attrs = context.attrs<HybridConvAttrs>();
  const Tensor &x = context.input(0), &weights = context.input(1), &y = context.output(0);
  if (y.size() == 0) return ok();
  THANE_ASSIGN(ConvShape shape, resolve_conv(attrs, x.dims(), weights.dims()));
  const int64_t images = shape.batch, in_size = x.size() / images, out_size = y.size() / images;
  const float* bias = context.has_input(2) ? context.input(2).data<float>() : nullptr;
  const std::vector<uint32_t> w(weights.data<int8_t>(), weights.data<int8_t>() + weights.size());
  std::vector<int8_t> image(static_cast<size_t>(in_size));
  shape.batch = 1;
  for (int64_t n = 0; n < images; ++n) {
    const QuantizedRow q = quantize_row(x.data<float>() + n * in_size, in_size, attrs.asymmetric, image.data());
    const auto zero = static_cast<uint32_t>(q.zero_point);
    float* out = y.data<float>() + n * out_size;
    convolve<uint32_t>(
        conv_lattice(shape), image.data(), w.data(), context.threads(),
        [=](int8_t v) { return static_cast<uint32_t>(v) - zero; },
        [&](int64_t channel, int64_t offset, int64_t stride, int64_t count, const uint32_t* sums) {
          const auto c = static_cast<size_t>(channel);
          const float scale = q.scale * attrs.weight_scales[attrs.weight_scales.size() == 1 ? 0 : c];
          for (int64_t i = 0; i < count; ++i) {
            out[offset + i * stride] =
                static_cast<float>(static_cast<int32_t>(sums[i])) * scale + (bias ? bias[c] : 0.0f);
          }
        });
  }
  return ok();
}

}  // namespace thane
