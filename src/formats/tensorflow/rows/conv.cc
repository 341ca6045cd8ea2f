// Convolutions and poolings. Layout stays what the file says: an attribute of the op, never a Transpose of data.
#include <algorithm>
#include <limits>
#include <numeric>

#include "base/format.h"
#include "formats/tensorflow/call.h"

namespace thane::tensorflow {
namespace conv_ops {
namespace {

struct Window {
  std::string layout;  // as thane calls it
  Dims strides, dilations;
  std::string auto_pad;
  Dims pads;
  size_t spatial = 2;

  AttrMap attrs() const {
    AttrMap map = {{"layout", layout}, {"strides", strides}};
    if (!dilations.empty()) map.emplace("dilations", dilations);
    if (auto_pad.empty())
      map.emplace("pads", pads);
    else
      map.emplace("auto_pad", auto_pad);
    return map;
  }
};

bool channels_first(const Call& call, size_t spatial) {
  return call.s("data_format", spatial == 3 ? "NDHWC" : "NHWC").starts_with("NC");
}

// The spatial part of a list over all axes.
Dims spatial_part(const Dims& all, bool first, size_t spatial) {
  if (all.size() == spatial) return all;
  if (all.size() != spatial + 2) return Dims(spatial, 1);
  const auto begin = all.begin() + (first ? 2 : 1);
  return Dims(begin, begin + static_cast<std::ptrdiff_t>(spatial));
}

std::optional<Window> window_of(Call& call, size_t spatial) {
  Window window;
  window.spatial = spatial;
  const std::string format = call.s("data_format", spatial == 3 ? "NDHWC" : "NHWC");
  if (format == "NCHW_VECT_C") {
    call.fail(unsupported("data_format NCHW_VECT_C"));
    return std::nullopt;
  }
  const bool first = channels_first(call, spatial);
  window.layout = first ? "channels_first" : "channels_last";
  const Dims strides = call.ints("strides"), dilations = call.ints("dilations");
  if (strides.size() == spatial + 2 && (strides[0] != 1 || strides[first ? 1 : spatial + 1] != 1)) {
    call.fail(unsupported("it strides over batch entries or channels"));
    return std::nullopt;
  }
  window.strides = spatial_part(strides, first, spatial);
  if (!dilations.empty()) window.dilations = spatial_part(dilations, first, spatial);
  const std::string padding = call.s("padding", "VALID");
  if (padding == "SAME") {
    window.auto_pad = "SAME_UPPER";
  } else if (padding == "VALID") {
    window.pads = Dims(2 * spatial, 0);
  } else {
    const Dims all = call.ints("explicit_paddings");
    if (all.size() != 2 * (spatial + 2)) {
      call.fail(invalid_model(thane::format("padding {} with {} numbers", padding, all.size())));
      return std::nullopt;
    }
    window.pads.resize(2 * spatial);
    for (size_t i = 0; i < spatial; ++i) {
      const size_t axis = i + (first ? 2 : 1);
      window.pads[i] = all[2 * axis];
      window.pads[i + spatial] = all[2 * axis + 1];
    }
  }
  return window;
}

// [spatial…, in, out] → [out, in, spatial…]
Edge weights_first(Call& call, const Edge& weights, size_t spatial) {
  Dims perm = {static_cast<int64_t>(spatial) + 1, static_cast<int64_t>(spatial)};
  for (size_t i = 0; i < spatial; ++i) perm.push_back(static_cast<int64_t>(i));
  return call.transpose(weights, perm);
}

Dim channels(Call& call, const Edge& x, const Window& window) {
  return call.dim(x, window.layout == "channels_first" ? 1 : static_cast<int64_t>(window.spatial) + 1);
}

template <size_t kSpatial>
void conv(Call& call) {
  const auto window = window_of(call, kSpatial);
  const Edge x = call.in(0), weights = call.in(1);
  if (!window || call.failed()) return;
  AttrMap attrs = window->attrs();
  const Dim in = channels(call, x, *window), taken = call.dim(weights, kSpatial);
  if (!taken.is_number()) return call.need_shapes("the shape of its weights is not known before running");
  if (taken.number() <= 0) return call.fail(invalid_model("its weights have no channels"));
  if (in.is_number() && in.number() != taken.number()) {
    if (in.number() % taken.number() != 0)
      return call.fail(invalid_model(format("{} channels for weights of {}", in.number(), taken.number())));
    attrs.emplace("group", in.number() / taken.number());
  } else if (!in.is_number()) {
    // Groups show in the number of channels alone, which many files leave open: one group, until shapes are known.
    attrs.emplace("group", int64_t{1});
  }
  Edge y = call.emit("Conv", {x, weights_first(call, weights, kSpatial)}, attrs);
  call.out(y);
}

Edge per_channel(Call& call, const Edge& vector, const Window& window) {
  if (window.layout != "channels_first") return vector;
  Dims axes;
  for (size_t i = 0; i < window.spatial; ++i) axes.push_back(static_cast<int64_t>(i) + 1);
  return call.unsqueeze(vector, axes);
}

// Grappler's: a convolution with what follows it.
void fused_conv(Call& call) {
  conv<2>(call);
  const auto window = window_of(call, 2);
  if (!window || call.failed()) return;
  Edge y = call.outputs[0].edge;
  size_t next = 2;
  for (const std::string& op : call.strings("fused_ops")) {
    if (op == "BiasAdd") {
      y = call.add(y, per_channel(call, call.in(next++), *window));
    } else if (op == "FusedBatchNorm") {
      const Edge scale = call.in(next), offset = call.in(next + 1), mean = call.in(next + 2),
                 variance = call.in(next + 3);
      next += 4;
      y = call.emit("BatchNormalization", {y, scale, offset, mean, variance},
                    {{"epsilon", static_cast<float>(call.f("epsilon", 1e-4))}, {"layout", window->layout}});
    } else if (op == "Add") {
      y = call.add(y, call.in(next++));
    } else if (op == "Relu6") {
      y = call.emit("Clip", {y, call.like(0, y), call.like(6, y)});
    } else if (op == "LeakyRelu") {
      y = call.emit("LeakyRelu", {y}, {{"alpha", static_cast<float>(call.f("leakyrelu_alpha", 0.2))}});
    } else if (op == "Relu" || op == "Elu" || op == "Sigmoid" || op == "Tanh") {
      y = call.emit(op, {y});
    } else {
      return call.fail(unsupported(format("fused with {}", op)));
    }
  }
  call.out(y);
}

// Weights [height, width, channels, multiplier] → [channels * multiplier, 1, height, width].
Edge depthwise_weights(Call& call, const Edge& weights) {
  const Dim h = call.dim(weights, 0), w = call.dim(weights, 1), c = call.dim(weights, 2), m = call.dim(weights, 3);
  if (!h.is_number() || !w.is_number() || !c.is_number() || !m.is_number()) {
    call.need_shapes("the shape of its weights is not known before running");
    return {};
  }
  return call.reshape(call.transpose(weights, {2, 3, 0, 1}), Dims{c.number() * m.number(), 1, h.number(), w.number()});
}

void depthwise_conv(Call& call) {
  const auto window = window_of(call, 2);
  const Edge x = call.in(0), weights = call.in(1);
  if (!window || call.failed()) return;
  AttrMap attrs = window->attrs();
  const Edge reordered = depthwise_weights(call, weights);
  if (call.failed()) return;
  attrs.emplace("group", call.dim(weights, 2).number());
  Edge y = call.emit("Conv", {x, reordered}, attrs);
  if (call.node.op == "_FusedDepthwiseConv2dNative" && call.size() > 2) {
    y = call.add(y, per_channel(call, call.in(2), *window));
    for (const std::string& op : call.strings("fused_ops")) {
      if (op == "Relu") y = call.emit("Relu", {y});
      if (op == "Relu6") y = call.emit("Clip", {y, call.like(0, y), call.like(6, y)});
    }
  }
  call.out(y);
}

// The gradient of a convolution with respect to its input: a transposed convolution whose output has the given sizes.
template <size_t kSpatial>
void conv_backprop(Call& call) {
  auto window = window_of(call, kSpatial);
  const Edge weights = call.in(1), x = call.in(2);
  const auto sizes = call.known_ints(0);
  if (!window || call.failed()) return;
  const bool first = window->layout == "channels_first";
  AttrMap attrs = {{"layout", window->layout}, {"strides", window->strides}};
  if (!window->dilations.empty()) attrs.emplace("dilations", window->dilations);
  // ConvTranspose takes [in, out, spatial…]; here "in" are the convolution's outputs.
  Dims perm = {static_cast<int64_t>(kSpatial) + 1, static_cast<int64_t>(kSpatial)};
  for (size_t i = 0; i < kSpatial; ++i) perm.push_back(static_cast<int64_t>(i));
  const Edge reordered = call.transpose(weights, perm);
  const Edge sizes_edge = call.in(0);
  Dims pads(2 * kSpatial, 0), extra(kSpatial, 0);
  for (size_t i = 0; i < kSpatial; ++i) {
    const int64_t axis = static_cast<int64_t>(i) + (first ? 2 : 1);
    const Dim k = call.dim(weights, static_cast<int64_t>(i));
    const Dim in = call.dim(x, axis);
    int64_t out = -1;
    if (sizes && sizes->size() == kSpatial + 2) out = (*sizes)[static_cast<size_t>(axis)];
    if (sizes && sizes->size() == kSpatial) out = (*sizes)[i];
    if (out < 0 && sizes_edge.present() && sizes_edge.fact().dim_values) {
      const DimValues& values = *sizes_edge.fact().dim_values;
      const size_t at = values.size() == kSpatial ? i : static_cast<size_t>(axis);
      if (at < values.size() && values[at].is_number()) out = values[at].number();
      // in * stride is what SAME gives, however long it is.
      if (out < 0 && at < values.size() && values[at] == in * Dim(window->strides[i]) &&
          window->auto_pad == "SAME_UPPER")
        out = -2;
    }
    if (!k.is_number()) return call.need_shapes("the shape of its weights is not known before running");
    const int64_t stride = window->strides[i], dilation = window->dilations.empty() ? 1 : window->dilations[i];
    const int64_t extent = (k.number() - 1) * dilation + 1;
    if (out == -2) {
      const int64_t total = std::max<int64_t>(0, extent - stride);
      pads[i] = total / 2;
      pads[i + kSpatial] = total - total / 2;
      extra[i] = std::max<int64_t>(0, stride - extent);
      continue;
    }
    if (out < 0 || !in.is_number()) return call.need_shapes("the size of its output is not known before running");
    int64_t before = window->pads.empty() ? 0 : window->pads[i];
    if (window->auto_pad == "SAME_UPPER") {
      const int64_t steps = (out + stride - 1) / stride;
      before = std::max<int64_t>(0, (steps - 1) * stride + extent - out) / 2;
    }
    // out = (in - 1) * stride + extent - before - after + extra
    const int64_t full = (in.number() - 1) * stride + extent - before;
    pads[i] = before;
    pads[i + kSpatial] = std::max<int64_t>(0, full - out);
    extra[i] = std::max<int64_t>(0, out - full);
  }
  // More than a stride of extra output can come from pads only; it is zeros, added afterwards.
  Dims beyond(kSpatial, 0);
  for (size_t i = 0; i < kSpatial; ++i) {
    const int64_t limit =
        std::max(window->strides[i], window->dilations.empty() ? int64_t{1} : window->dilations[i]) - 1;
    beyond[i] = std::max<int64_t>(0, extra[i] - limit);
    extra[i] -= beyond[i];
  }
  attrs.emplace("pads", pads);
  attrs.emplace("output_padding", extra);
  Edge y = call.emit("ConvTranspose", {x, reordered}, attrs);
  if (std::any_of(beyond.begin(), beyond.end(), [](int64_t n) { return n > 0; })) {
    Dims all(2 * (kSpatial + 2), 0);
    for (size_t i = 0; i < kSpatial; ++i) all[kSpatial + 2 + i + (first ? 2 : 1)] = beyond[i];
    y = call.emit("Pad", {y, call.ints_edge(all)});
  }
  call.out(y);
}

// The same for depthwise weights.
void depthwise_backprop(Call& call) {
  auto window = window_of(call, 2);
  const Edge weights = call.in(1), x = call.in(2);
  const Dims sizes = call.need_ints(0);
  if (!window || call.failed()) return;
  const bool first = window->layout == "channels_first";
  const Edge reordered = depthwise_weights(call, weights);
  if (call.failed()) return;
  const Dim multiplier = call.dim(weights, 3);
  AttrMap attrs = {{"layout", window->layout}, {"strides", window->strides}, {"group", call.dim(weights, 2).number()}};
  if (multiplier.number() != 1 && call.dim(weights, 2).number() == 0) return;
  Dims pads(4, 0), extra(2, 0);
  for (size_t i = 0; i < 2; ++i) {
    const int64_t axis = static_cast<int64_t>(i) + (first ? 2 : 1);
    const Dim in = call.dim(x, axis);
    if (!in.is_number()) return call.need_shapes("the size of its output is not known before running");
    const int64_t stride = window->strides[i], extent = call.dim(weights, static_cast<int64_t>(i)).number();
    const int64_t out = sizes[static_cast<size_t>(axis)];
    int64_t before = window->pads.empty() ? 0 : window->pads[i];
    if (window->auto_pad == "SAME_UPPER")
      before = std::max<int64_t>(0, ((out + stride - 1) / stride - 1) * stride + extent - out) / 2;
    const int64_t full = (in.number() - 1) * stride + extent - before;
    pads[i] = before;
    pads[i + 2] = std::max<int64_t>(0, full - out);
    extra[i] = std::max<int64_t>(0, out - full);
  }
  attrs.emplace("pads", pads);
  attrs.emplace("output_padding", extra);
  call.out(call.emit("ConvTranspose", {x, reordered}, attrs));
}

template <size_t kSpatial>
void pool(Call& call) {
  Dims kernel = call.ints("ksize"), strides = call.ints("strides");
  if (call.node.op == "MaxPoolV2" || call.node.op == "MaxPoolGradV2") {
    kernel = call.need_ints(1);
    strides = call.need_ints(2);
  }
  const Edge x = call.in(0);
  if (call.failed()) return;
  const bool first = channels_first(call, kSpatial);
  const bool max = call.row.target == "MaxPool";
  if (kernel.size() != kSpatial + 2 || strides.size() != kSpatial + 2)
    return call.fail(invalid_model("ksize or strides have a wrong length"));
  const size_t channel = first ? 1 : kSpatial + 1;
  AttrMap attrs = {{"kernel_shape", spatial_part(kernel, first, kSpatial)},
                   {"strides", spatial_part(strides, first, kSpatial)},
                   {"layout", std::string(first ? "channels_first" : "channels_last")}};
  const std::string padding = call.s("padding", "VALID");
  if (padding == "SAME") {
    attrs.emplace("auto_pad", std::string("SAME_UPPER"));
  } else if (padding == "EXPLICIT") {
    const Dims all = call.ints("explicit_paddings");
    if (all.size() != 2 * (kSpatial + 2)) return call.fail(invalid_model("explicit_paddings have a wrong length"));
    Dims pads(2 * kSpatial, 0);
    for (size_t i = 0; i < kSpatial; ++i) {
      pads[i] = all[2 * (i + (first ? 2 : 1))];
      pads[i + kSpatial] = all[2 * (i + (first ? 2 : 1)) + 1];
    }
    attrs.emplace("pads", pads);
  }
  if (kernel[channel] != 1 || kernel[0] != 1) {
    // Over channels: they become the spatial axis of a picture one pixel high.
    if (kernel[0] != 1 || !max || std::any_of(kernel.begin() + 1, kernel.end() - 1, [](int64_t k) { return k != 1; }) ||
        first || kernel[channel] != strides[channel]) {
      return call.fail(unsupported("it pools over batch entries, or over channels and space at once"));
    }
    const Edge shape = call.shape_of(x);
    const Edge split = call.reshape(x, call.concat({call.slice(shape, {0}, {static_cast<int64_t>(channel)}, {0}),
                                                    call.ints_edge({-1, kernel[channel]})},
                                                   0));
    return call.out(call.reduce("ReduceMax", split, {-1}, false));
  }
  call.out(call.emit(call.row.target, {x}, attrs));
}

// Indices of maxima, counted as TensorFlow does: over one picture (or the whole batch), channels fastest.
void max_pool_with_argmax(Call& call) {
  const Dims kernel = call.ints("ksize"), strides = call.ints("strides");
  const Edge x = call.in(0);
  if (call.failed()) return;
  if (kernel.size() != 4 || strides.size() != 4)
    return call.fail(invalid_model("ksize or strides have a wrong length"));
  AttrMap attrs = {{"kernel_shape", Dims{kernel[1], kernel[2]}},
                   {"strides", Dims{strides[1], strides[2]}},
                   {"layout", std::string("channels_last")}};
  if (call.s("padding") == "SAME") attrs.emplace("auto_pad", std::string("SAME_UPPER"));
  const auto outputs = call.emit_many("MaxPool", {x}, 2, attrs);
  Edge indices = outputs[1];
  if (!call.b("include_batch_in_index")) {
    // Indices count elements of the whole input here.
    const Edge shape = call.shape_of(x);
    const Edge picture = call.reduce("ReduceProd", call.slice(shape, {1}, {4}, {0}), {0}, false);
    indices = call.emit("Mod", {indices, picture});
  }
  call.out(0, outputs[0]);
  call.out(1, call.cast(indices, call.type("Targmax", DType::kInt64)));
}

void local_response(Call& call) {
  // size counts both sides here, and alpha is not divided by it.
  const int64_t size = 2 * call.i("depth_radius", 5) + 1;
  call.out(call.emit("LRN", {call.in(0)},
                     {{"size", size},
                      {"alpha", static_cast<float>(call.f("alpha", 1) * static_cast<double>(size))},
                      {"beta", static_cast<float>(call.f("beta", 0.5))},
                      {"bias", static_cast<float>(call.f("bias", 1))},
                      {"layout", std::string("channels_last")}}));
}

// A grayscale dilation: the largest of value + weight in each window.
void dilation_2d(Call& call) {
  const Edge x = call.in(0), weights = call.in(1);
  const Dims strides = call.ints("strides"), rates = call.ints("rates");
  if (call.failed()) return;
  const Dim kh = call.dim(weights, 0), kw = call.dim(weights, 1), h = call.dim(x, 1), w = call.dim(x, 2);
  if (!kh.is_number() || !kw.is_number() || !h.is_number() || !w.is_number())
    return call.need_shapes("its shapes are not known before running");
  if (strides.size() != 4 || rates.size() != 4) return call.fail(invalid_model("strides or rates have a wrong length"));
  int64_t out[2], before[2];
  const int64_t in[2] = {h.number(), w.number()}, kernel[2] = {kh.number(), kw.number()};
  if (kernel[0] * kernel[1] > 1024) return call.fail(unsupported("a window of more than 1024 elements"));
  Dims pads(8, 0);
  for (size_t i = 0; i < 2; ++i) {
    const int64_t extent = (kernel[i] - 1) * rates[i + 1] + 1;
    if (call.s("padding") == "SAME") {
      out[i] = (in[i] + strides[i + 1] - 1) / strides[i + 1];
      const int64_t total = std::max<int64_t>(0, (out[i] - 1) * strides[i + 1] + extent - in[i]);
      before[i] = total / 2;
      pads[1 + i] = before[i];
      pads[5 + i] = total - before[i];
    } else {
      out[i] = (in[i] - extent) / strides[i + 1] + 1;
    }
  }
  const Edge padded =
      call.emit("Pad", {x, call.ints_edge(pads), call.like(-std::numeric_limits<float>::infinity(), x)});
  Edge best;
  for (int64_t r = 0; r < kernel[0]; ++r) {
    for (int64_t c = 0; c < kernel[1]; ++c) {
      const int64_t top = r * rates[1], left = c * rates[2];
      const Edge view =
          call.slice(padded, {top, left}, {top + (out[0] - 1) * strides[1] + 1, left + (out[1] - 1) * strides[2] + 1},
                     {1, 2}, {strides[1], strides[2]});
      const Edge weight = call.squeeze(call.slice(weights, {r, c}, {r + 1, c + 1}, {0, 1}), {0, 1});
      const Edge value = call.add(view, weight);
      best = best.present() ? call.emit("Max", {best, value}) : value;
    }
  }
  call.out(best);
}

constexpr OpRow kRows[] = {
    {"Conv2D", conv<2>},
    {"Conv3D", conv<3>},
    {"_FusedConv2D", fused_conv},
    {"DepthwiseConv2dNative", depthwise_conv},
    {"_FusedDepthwiseConv2dNative", depthwise_conv},
    {"Conv2DBackpropInput", conv_backprop<2>},
    {"Conv3DBackpropInputV2", conv_backprop<3>},
    {"DepthwiseConv2dNativeBackpropInput", depthwise_backprop},
    {"MaxPool", pool<2>, "MaxPool"},
    {"MaxPoolV2", pool<2>, "MaxPool"},
    {"AvgPool", pool<2>, "AveragePool"},
    {"MaxPool3D", pool<3>, "MaxPool"},
    {"AvgPool3D", pool<3>, "AveragePool"},
    {"MaxPoolWithArgmax", max_pool_with_argmax},
    {"LRN", local_response},
    {"Dilation2D", dilation_2d},
};

}  // namespace
}  // namespace conv_ops

std::span<const OpRow> conv_rows() { return conv_ops::kRows; }

}  // namespace thane::tensorflow
