// Convolutions: attributes, shapes, and the settled geometry that reference and fast kernels work from. The quantized
// ones (ConvInteger, QLinearConv) share all of it.
#pragma once

#include <vector>

#include "ir/context.h"
#include "ops/activation.h"
#include "ops/layout.h"
#include "ops/window.h"

namespace thane {

struct ConvAttrs : WindowAttrs {
  Dims kernel_shape;  // empty: as the weights say
  int64_t group = 1;
  DataLayout layout = DataLayout::kChannelsFirst;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    WindowAttrs::fields(self, v);
    v("kernel_shape", self.kernel_shape);
    v("group", self.group);
    v.choice("layout", self.layout, kDataLayoutNames);
  }
};

// A Conv with an epilogue, made by passes: Y = activation(Conv(X, W, B) + Z). B and Z may be absent, Z has the shape of
// Y.
struct FusedConvAttrs : ConvAttrs {
  Activation activation;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    ConvAttrs::fields(self, v);
    Activation::fields(self.activation, v);
  }
};

// A depthwise Conv with a pointwise one before it and one after it, or one of them, made by passes: rows of what is
// between them never leave the cache. The first may also be one of few channels. The attributes are those of the
// depthwise Conv, with channels last.
struct BottleneckAttrs : FusedConvAttrs {
  Activation expansion, projection;  // after the first one and after the last, to which Z is added
  AutoPad expansion_auto_pad = AutoPad::kNotSet;
  Dims expansion_strides, expansion_pads;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    FusedConvAttrs::fields(self, v);
    v.choice("expansion", self.expansion.kind, kActivationNames);
    v("expansion_alpha", self.expansion.alpha);
    v("expansion_beta", self.expansion.beta);
    v.choice("expansion_auto_pad", self.expansion_auto_pad, kAutoPadNames);
    v("expansion_strides", self.expansion_strides);
    v("expansion_pads", self.expansion_pads);
    v.choice("projection", self.projection.kind, kActivationNames);
    v("projection_alpha", self.projection.alpha);
    v("projection_beta", self.projection.beta);
  }
  // The window of the first one.
  ConvAttrs first() const {
    ConvAttrs conv;
    conv.layout = layout;
    conv.auto_pad = expansion_auto_pad;
    conv.strides = expansion_strides;
    conv.pads = expansion_pads;
    return conv;
  }
};

struct ConvTransposeAttrs : ConvAttrs {
  Dims output_padding;
  Dims output_shape;  // spatial; when given, pads follow from it
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    ConvAttrs::fields(self, v);
    v("output_padding", self.output_padding);
    v("output_shape", self.output_shape);
  }
};

struct DeformConvAttrs : ConvAttrs {
  int64_t offset_group = 1;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("kernel_shape", self.kernel_shape);
    v("strides", self.strides);
    v("dilations", self.dilations);
    v("pads", self.pads);
    v("group", self.group);
    v("offset_group", self.offset_group);
  }
};

struct Col2ImAttrs : WindowAttrs {
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("strides", self.strides);
    v("dilations", self.dilations);
    v("pads", self.pads);
  }
};

enum class CausalActivation : uint8_t { kNone, kSilu, kSwish };
inline constexpr std::string_view kCausalActivationNames[] = {"none", "silu", "swish"};

struct CausalConvAttrs : Attrs {
  CausalActivation activation = CausalActivation::kNone;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.choice("activation", self.activation, kCausalActivationNames);
  }
};

// Everything settled. Data are [batch, in_channels, spatial…] in the order `layout` says, weights
// [out_channels, in_channels / group, kernel…].
struct ConvShape {
  int64_t batch = 0;
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  int64_t group = 1;
  DataLayout layout = DataLayout::kChannelsFirst;
  std::vector<WindowAxis> axes;

  int64_t in_spatial() const;  // elements of one channel
  int64_t out_spatial() const;
  int64_t taps() const;  // elements of one kernel
};

// Dims of the output of a Conv of `x` with `weights` and perhaps a bias (null: unknown rank, or no bias). Nothing when
// the rank of either is unknown. Checks all that is known.
Result<std::optional<SymDims>> infer_conv_dims(const ConvAttrs& attrs, const SymDims* x, const SymDims* weights,
                                               const SymDims* bias);
// The same for concrete shapes, settled.
Result<ConvShape> resolve_conv(const ConvAttrs& attrs, const Dims& x, const Dims& weights);

// Of a ConvTranspose; dims are numbers. One lattice per phase of the strides that some tap meets (convolve.h).
Result<ConvShape> resolve_conv_transpose(const ConvTransposeAttrs& attrs, const SymDims& x, const SymDims& weights);

// Parts of these checks, for the relatives of Conv.
Status check_kernel_shape(const ConvAttrs& attrs, const SymDims& kernel);
Status check_bias(const SymDims* bias, const Dim& out_channels);

Status infer_conv(InferContext& context);
Status eval_conv(KernelContext& context);
Status infer_fused_conv(InferContext& context);
Status eval_fused_conv(KernelContext& context);
Status infer_bottleneck(InferContext& context);
Status eval_bottleneck(KernelContext& context);
Status infer_conv_transpose(InferContext& context);
Status eval_conv_transpose(KernelContext& context);
Status infer_deform_conv(InferContext& context);
Status eval_deform_conv(KernelContext& context);
Status infer_col2im(InferContext& context);
Status eval_col2im(KernelContext& context);
Status infer_causal_conv(InferContext& context);
Status eval_causal_conv(KernelContext& context);

}  // namespace thane
