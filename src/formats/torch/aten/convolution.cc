// Convolutions of one to three dimensions, and their transposes.
#include "formats/torch/aten/limits.h"
#include "formats/torch/aten/lowering.h"

namespace thane::aten {
namespace convolution_ops {
namespace {

struct Windows {
  Dims stride, before, after, dilation, output_padding;
  int64_t groups = 1;
  bool transposed = false;
};

Edge convolve(Call& c, Edge x, const Edge& weight, const Edge& bias, const Windows& w) {
  if (!is_float(x.dtype()) && !is_complex(x.dtype())) {  // exact up to 2^53
    const auto wide = [&](const Edge& e) { return e.present() ? c.cast(e, DType::kFloat64) : e; };
    return c.cast(convolve(c, wide(x), wide(weight), wide(bias), w), x.dtype());
  }
  const size_t n = c.rank(weight) - 2;
  const bool batched = c.rank(x) == n + 2;
  if (!batched) x = c.unsqueeze(x, {0});
  Dims pads = w.before;
  pads.insert(pads.end(), w.after.begin(), w.after.end());
  AttrMap attrs = {{"strides", w.stride}, {"pads", pads}, {"dilations", w.dilation}, {"group", w.groups}};
  std::vector<Edge> inputs = {x, weight};
  if (bias.present()) inputs.push_back(bias);
  Edge y;
  if (w.transposed) {
    attrs["output_padding"] = w.output_padding;
    y = c.op("ConvTranspose", std::move(inputs), std::move(attrs));
  } else {
    y = c.op("Conv", std::move(inputs), std::move(attrs));
  }
  return batched ? y : c.squeeze(y, {0});
}
Edge bias_of(Call& c) { return c.optional_edge("bias"); }

Windows windows_of(Call& c, size_t n) {
  Windows w;
  w.stride = c.ints("stride", n);
  w.dilation = c.declares("dilation") ? c.ints("dilation", n) : Dims(n, 1);
  w.output_padding = c.declares("output_padding") ? c.ints("output_padding", n) : Dims(n, 0);
  w.groups = c.integer("groups", 1);
  return w;
}
void pad_as_text(Call& c, Windows& w, const Edge& weight, const std::string& text) {
  const size_t n = w.stride.size();
  w.before = w.after = Dims(n, 0);
  if (text == "valid") return;
  if (text != "same") fail(invalid_model(format("padding '{}'", text)).expecting("'same' or 'valid'"));
  for (size_t i = 0; i < n; ++i) {
    const int64_t total = w.dilation[i] * (c.number(weight, static_cast<int64_t>(i) + 2) - 1);
    w.before[i] = total / 2;
    w.after[i] = total - total / 2;
  }
}

Value conv(Call& c) {
  const Edge weight = c.edge("weight");
  const size_t n = c.rank(weight) - 2;
  if (c.rank(weight) < 3) fail(invalid_model("convolution weights of rank below 3"));
  Windows w = windows_of(c, n);
  w.transposed = c.flag("transposed");
  if (c["padding"].is_string()) {
    pad_as_text(c, w, weight, c.text("padding"));
  } else {
    w.before = w.after = c.ints("padding", n);
  }
  const Edge x = c.edge(c.declares("self") ? "self" : "input");
  return c.tensor(convolve(c, x, weight, bias_of(c), w));
}
Value conv_transpose(Call& c) {
  const Edge weight = c.edge("weight");
  const size_t n = c.rank(weight) - 2;
  Windows w = windows_of(c, n);
  w.transposed = true;
  w.before = w.after = c.ints("padding", n);
  return c.tensor(convolve(c, c.edge(c.declares("self") ? "self" : "input"), weight, bias_of(c), w));
}
// [time, batch, channels], weight [time, in, out]
Value conv_tbc(Call& c) {
  Windows w{{1}, {c.integer("pad", 0)}, {c.integer("pad", 0)}, {1}, {0}};
  const Edge y =
      convolve(c, c.transpose(c.edge("self"), {1, 2, 0}), c.transpose(c.edge("weight"), {2, 1, 0}), bias_of(c), w);
  return c.tensor(c.transpose(y, {2, 0, 1}));
}

// Columns of patches, and pictures from them.
Value unfold(Call& c) {
  Edge x = c.edge("self");
  const bool batched = c.rank(x) == 4;
  if (!batched) x = c.unsqueeze(x, {0});
  const Dims kernel = c.ints("kernel_size", 2), dilation = c.ints("dilation", 2), padding = c.ints("padding", 2),
             stride = c.ints("stride", 2);
  x = c.pad(x, {0, 0, padding[0], padding[1]}, {0, 0, padding[0], padding[1]});
  const Dims dims = c.numbers(x);
  int64_t count[2];
  Dims at[2];
  for (size_t i = 0; i < 2; ++i) {
    const int64_t span = dims[i + 2] - dilation[i] * (kernel[i] - 1) - 1;
    if (span < 0 || stride[i] < 1) fail(invalid_model("windows larger than the picture"));
    count[i] = span / stride[i] + 1;
    bounded(bounded(kernel[i], "windows") * bounded(count[i], "windows"), "windows");
    for (int64_t k = 0; k < kernel[i]; ++k) {
      for (int64_t p = 0; p < count[i]; ++p) at[i].push_back(k * dilation[i] + p * stride[i]);
    }
  }
  const Edge rows = c.gather(x, c.int64s(at[0]), 2);
  const Edge all =
      c.reshape(c.gather(rows, c.int64s(at[1]), 3), Dims{dims[0], dims[1], kernel[0], count[0], kernel[1], count[1]});
  const Edge y = c.reshape(c.transpose(all, {0, 1, 2, 4, 3, 5}),
                           Dims{dims[0], dims[1] * kernel[0] * kernel[1], count[0] * count[1]});
  return c.tensor(batched ? y : c.squeeze(y, {0}));
}
Value fold(Call& c) {
  Edge x = c.edge("self");
  const bool batched = c.rank(x) == 3;
  if (!batched) x = c.unsqueeze(x, {0});
  const Dims padding = c.ints("padding", 2);
  const Edge y = c.op("Col2Im", {x, c.int64s(c.ints("output_size", 2)), c.int64s(c.ints("kernel_size", 2))},
                      {{"strides", c.ints("stride", 2)},
                       {"dilations", c.ints("dilation", 2)},
                       {"pads", Dims{padding[0], padding[1], padding[0], padding[1]}}});
  return c.tensor(batched ? y : c.squeeze(y, {0}));
}

constexpr Row kRows[] = {
    {"conv1d", conv},
    {"conv2d", conv},
    {"conv3d", conv},
    {"convolution", conv},
    {"_convolution", conv},
    {"_convolution_mode", conv},
    {"convolution_overrideable", conv},
    {"mkldnn_convolution", conv},
    {"thnn_conv2d", conv},
    {"_conv_depthwise2d", conv},
    {"conv_depthwise3d", conv},
    {"slow_conv3d", conv},
    {"slow_conv_dilated2d", conv},
    {"slow_conv_dilated3d", conv},
    {"conv_transpose1d", conv_transpose},
    {"conv_transpose2d", conv_transpose},
    {"conv_transpose3d", conv_transpose},
    {"slow_conv_transpose2d", conv_transpose},
    {"slow_conv_transpose3d", conv_transpose},
    {"conv_tbc", conv_tbc},
    {"im2col", unfold},
    {"col2im", fold},
};

}  // namespace
}  // namespace convolution_ops

std::span<const Row> convolution_rows() { return convolution_ops::kRows; }

}  // namespace thane::aten
