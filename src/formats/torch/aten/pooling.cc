// Pooling over windows, and adaptive pooling to a given size.
#include "formats/torch/aten/limits.h"
#include "formats/torch/aten/lowering.h"

namespace thane::aten {
namespace pooling_ops {
namespace {

// The last n axes are pooled; channels and batch come before, of which the batch may be missing.
struct Pooled {
  Edge x;
  bool batched;
};
Pooled batched(Call& c, size_t n) {
  const Edge x = c.edge("self");
  const bool whole = c.rank(x) == n + 2;
  return {whole ? x : c.unsqueeze(x, {0}), whole};
}
Edge unbatched(Call& c, const Edge& y, bool was_batched) { return was_batched ? y : c.squeeze(y, {0}); }

AttrMap windows(Call& c, size_t n) {
  const Dims kernel = c.ints("kernel_size", n);
  Dims stride = c.ints("stride");
  if (stride.empty()) stride = kernel;
  if (stride.size() == 1) stride.resize(n, stride[0]);
  Dims pads = c.ints("padding", n);
  pads.insert(pads.end(), pads.begin(), pads.end());
  return {{"kernel_shape", kernel}, {"strides", stride}, {"pads", pads}, {"ceil_mode", int64_t{c.flag("ceil_mode")}}};
}

template <size_t kSpatial, bool kIndices>
Value max_pool(Call& c) {
  const Pooled in = batched(c, kSpatial);
  AttrMap attrs = windows(c, kSpatial);
  attrs["dilations"] = c.declares("dilation") ? c.ints("dilation", kSpatial) : Dims(kSpatial, 1);
  // Integers other than bytes go through float64.
  const DType dtype = in.x.dtype();
  const Edge x =
      is_float(dtype) || dtype == DType::kInt8 || dtype == DType::kUInt8 ? in.x : c.cast(in.x, DType::kFloat64);
  if (!kIndices) return c.tensor(unbatched(c, c.cast(c.op("MaxPool", {x}, std::move(attrs)), dtype), in.batched));
  const auto y = c.many({.op = "MaxPool", .inputs = {x}, .outputs = 2, .attrs = std::move(attrs)});
  // Positions count within a plane, not over the whole tensor.
  int64_t plane = 1;
  for (size_t i = 0; i < kSpatial; ++i) plane *= c.number(x, static_cast<int64_t>(i) + 2);
  return c.results(unbatched(c, c.cast(y[0], dtype), in.batched),
                   unbatched(c, c.op("Mod", {y[1], c.int64(std::max<int64_t>(plane, 1))}), in.batched));
}
template <size_t kSpatial>
Value avg_pool(Call& c) {
  const Pooled in = batched(c, kSpatial);
  AttrMap attrs = windows(c, kSpatial);
  const bool include = c.flag("count_include_pad", true);
  attrs["count_include_pad"] = int64_t{include};
  const DType dtype = in.x.dtype();
  const Edge x = is_float(dtype) ? in.x : c.cast(in.x, DType::kFloat64);
  if (!c.has("divisor_override")) {
    const Edge y = c.op("AveragePool", {x}, std::move(attrs));
    return c.tensor(unbatched(c, is_float(dtype) ? y : c.cast(c.op("Floor", {y}), dtype), in.batched));
  }
  // Another divisor: the sum is the average of the padded picture times the window's size, whatever lies beyond it.
  const Dims kernel = std::get<Dims>(attrs["kernel_shape"]);
  double size = 1;
  for (const int64_t k : kernel) size *= static_cast<double>(k);
  Dims pads = std::get<Dims>(attrs["pads"]), before = {0, 0}, after = {0, 0};
  const Dims stride = std::get<Dims>(attrs["strides"]);
  for (size_t i = 0; i < kSpatial; ++i) {
    before.push_back(pads[i]);
    int64_t extra = 0;
    if (c.flag("ceil_mode")) extra = stride[i] - 1;
    after.push_back(pads[i] + extra);
  }
  attrs["pads"] = Dims(2 * kSpatial, 0);
  attrs["ceil_mode"] = int64_t{0};
  Edge y = c.mul(c.op("AveragePool", {c.pad(x, before, after)}, attrs), size / c.real("divisor_override"));
  if (c.flag("ceil_mode")) {
    // Windows that begin beyond the picture and its left padding do not count.
    for (size_t i = 0; i < kSpatial; ++i) {
      const int64_t n = c.number(x, static_cast<int64_t>(i) + 2);
      int64_t count = (n + 2 * pads[i] - kernel[i] + stride[i] - 1) / stride[i] + 1;
      if ((count - 1) * stride[i] >= n + pads[i]) --count;
      y = c.slice(y, static_cast<int64_t>(i) + 2, 0, count);
    }
  }
  return c.tensor(unbatched(c, y, in.batched));
}

int64_t window_begin(int64_t i, int64_t in, int64_t out) { return i * in / out; }
int64_t window_end(int64_t i, int64_t in, int64_t out) { return ((i + 1) * in + out - 1) / out; }

template <size_t kSpatial>
Value adaptive_avg_pool(Call& c) {
  const Edge x = c.edge("self");
  const size_t lead = c.rank(x) - kSpatial;
  const std::vector<Value>& sizes = *c["output_size"].items();
  Edge y = x;
  Dims whole, kernel;
  bool even = true;
  std::vector<int64_t> outs;
  for (size_t i = 0; i < kSpatial; ++i) {
    const Value& size = sizes.size() == 1 ? sizes[0] : sizes.at(i);
    const auto axis = static_cast<int64_t>(lead + i);
    if (size.is_int() && size.integer() == 1) {
      whole.push_back(axis);
      outs.push_back(1);
      kernel.push_back(0);
      continue;
    }
    const int64_t n = c.number(x, axis), out = size.is_none() ? n : size.integer();
    outs.push_back(out);
    even &= out > 0 && n % out == 0;
    kernel.push_back(out > 0 ? n / out : 0);
  }
  if (whole.size() == kSpatial) return c.tensor(c.mean(x, whole, true));
  if (even && whole.empty() && c.rank(x) == kSpatial + 2) {
    return c.tensor(c.op("AveragePool", {x}, {{"kernel_shape", kernel}, {"strides", kernel}}));
  }
  // An axis at a time, as a product with the matrix of its windows' weights.
  for (size_t i = 0; i < kSpatial; ++i) {
    const auto axis = static_cast<int64_t>(lead + i);
    const int64_t n = c.number(x, axis), out = outs[i];
    if (out == n) continue;
    if (n * out > 10000000) c.refuse("adaptive pooling of this size");
    thane::Tensor weights = must(thane::Tensor::allocate(DType::kFloat64, {n, out}));
    for (int64_t j = 0; j < out; ++j) {
      const int64_t begin = window_begin(j, n, out), end = window_end(j, n, out);
      for (int64_t k = 0; k < n; ++k) {
        weights.data<double>()[k * out + j] = k >= begin && k < end ? 1.0 / static_cast<double>(end - begin) : 0.0;
      }
    }
    const Edge w = c.cast(c.constant(std::move(weights)), x.dtype());
    y = c.swap(c.matmul(c.swap(y, axis, -1), w), axis, -1);
  }
  return c.tensor(y);
}

// Window by window; positions within a plane.
template <size_t kSpatial>
Value adaptive_max_pool(Call& c) {
  const Edge x = c.edge("self");
  const size_t lead = c.rank(x) - kSpatial;
  const Dims out = c.ints("output_size", kSpatial);
  Dims in;
  int64_t cells = 1, plane = 1;
  for (size_t i = 0; i < kSpatial; ++i) {
    in.push_back(c.number(x, static_cast<int64_t>(lead + i)));
    cells *= out[i];
    plane *= in[i];
  }
  if (cells > 4096) c.refuse(format("adaptive max pooling to {} windows", cells));
  const Edge positions = c.reshape(c.range(bounded(plane, "positions")), in);
  const Edge flat_shape = c.concat({c.slice(c.shape(x), 0, 0, static_cast<int64_t>(lead)), c.int64s({-1})}, 0);
  std::vector<Edge> values, indices;
  Dims at(kSpatial, 0);
  for (int64_t cell = 0; cell < cells; ++cell) {
    Edge part = x, where = positions;
    for (size_t i = 0; i < kSpatial; ++i) {
      const int64_t begin = window_begin(at[i], in[i], out[i]), end = window_end(at[i], in[i], out[i]);
      part = c.slice(part, static_cast<int64_t>(lead + i), begin, end);
      where = c.slice(where, static_cast<int64_t>(i), begin, end);
    }
    const Edge flat = c.reshape(part, flat_shape);
    values.push_back(c.reduce("ReduceMax", flat, {-1}, true));
    const Edge arg = c.op("ArgMax", {flat}, {{"axis", int64_t{-1}}, {"keepdims", int64_t{1}}});
    indices.push_back(c.gather(c.reshape(where, Dims{-1}), arg, 0));
    for (size_t k = kSpatial; k-- > 0 && ++at[k] == out[k];) at[k] = 0;
  }
  const Edge shape = c.concat({c.slice(c.shape(x), 0, 0, static_cast<int64_t>(lead)), c.int64s(out)}, 0);
  return c.results(c.reshape(c.concat(values, -1), shape), c.reshape(c.concat(indices, -1), shape));
}

template <size_t kSpatial>
Value max_unpool(Call& c) {
  const Edge x = c.edge("self");
  const Dims out = c.ints("output_size", kSpatial);
  const auto lead = static_cast<int64_t>(c.rank(x) - kSpatial);
  const Edge head = c.slice(c.shape(x), 0, 0, lead);
  int64_t plane = 1;
  for (const int64_t d : out) plane *= d;
  const Edge flat = c.concat({head, c.int64s({-1})}, 0);
  const Edge zeros = c.full(c.concat({head, c.int64s({plane})}, 0), 0, x.dtype());
  const Edge y =
      c.op("ScatterElements", {zeros, c.reshape(c.edge("indices"), flat), c.reshape(x, flat)}, {{"axis", int64_t{-1}}});
  return c.tensor(c.reshape(y, c.concat({head, c.int64s(out)}, 0)));
}

constexpr Row kRows[] = {
    {"max_pool1d", max_pool<1, false>},
    {"max_pool2d", max_pool<2, false>},
    {"max_pool3d", max_pool<3, false>},
    {"mkldnn_max_pool2d", max_pool<2, false>},
    {"max_pool1d_with_indices", max_pool<1, true>},
    {"max_pool2d_with_indices", max_pool<2, true>},
    {"max_pool3d_with_indices", max_pool<3, true>},
    {"avg_pool1d", avg_pool<1>},
    {"avg_pool2d", avg_pool<2>},
    {"avg_pool3d", avg_pool<3>},
    {"adaptive_avg_pool1d", adaptive_avg_pool<1>},
    {"adaptive_avg_pool2d", adaptive_avg_pool<2>},
    {"_adaptive_avg_pool2d", adaptive_avg_pool<2>},
    {"adaptive_avg_pool3d", adaptive_avg_pool<3>},
    {"_adaptive_avg_pool3d", adaptive_avg_pool<3>},
    {"adaptive_max_pool1d", adaptive_max_pool<1>},
    {"adaptive_max_pool2d", adaptive_max_pool<2>},
    {"adaptive_max_pool3d", adaptive_max_pool<3>},
    {"max_unpool2d", max_unpool<2>},
    {"max_unpool3d", max_unpool<3>},
};

}  // namespace
}  // namespace pooling_ops

std::span<const Row> pooling_rows() { return pooling_ops::kRows; }

}  // namespace thane::aten
