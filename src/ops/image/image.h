// Ops on images: resampling, local normalization, decoding.
#pragma once

#include "ir/context.h"
#include "ops/layout.h"

namespace thane {

enum class ResizeMode : uint8_t { kNearest, kLinear, kCubic };
inline constexpr std::string_view kResizeModeNames[] = {"nearest", "linear", "cubic"};
enum class ResizeCoordinates : uint8_t {
  kHalfPixel,
  kHalfPixelSymmetric,
  kPytorchHalfPixel,
  kAlignCorners,
  kAsymmetric,
  kTfCropAndResize,
  kTfHalfPixelForNn,
};
inline constexpr std::string_view kResizeCoordinatesNames[] = {
    "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",   "align_corners",
    "asymmetric", "tf_crop_and_resize",   "tf_half_pixel_for_nn",
};
enum class NearestMode : uint8_t { kRoundPreferFloor, kRoundPreferCeil, kFloor, kCeil };
inline constexpr std::string_view kNearestModeNames[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
enum class AspectPolicy : uint8_t { kStretch, kNotLarger, kNotSmaller };
inline constexpr std::string_view kAspectPolicyNames[] = {"stretch", "not_larger", "not_smaller"};

// Needs no layout: scales and sizes name the axes they are for.
struct ResizeAttrs : Attrs {
  ResizeMode mode = ResizeMode::kNearest;
  ResizeCoordinates coordinates = ResizeCoordinates::kHalfPixel;
  NearestMode nearest_mode = NearestMode::kRoundPreferFloor;
  AspectPolicy aspect_policy = AspectPolicy::kStretch;
  std::optional<Dims> axes;  // those that roi, scales and sizes speak of; absent: all
  bool antialias = false;
  bool exclude_outside = false;
  float cubic_coeff_a = -0.75f;
  float extrapolation_value = 0;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.choice("mode", self.mode, kResizeModeNames);
    v.choice("coordinate_transformation_mode", self.coordinates, kResizeCoordinatesNames);
    v.choice("nearest_mode", self.nearest_mode, kNearestModeNames);
    v.choice("keep_aspect_ratio_policy", self.aspect_policy, kAspectPolicyNames);
    v("axes", self.axes);
    v("antialias", self.antialias);
    v("exclude_outside", self.exclude_outside);
    v("cubic_coeff_a", self.cubic_coeff_a);
    v("extrapolation_value", self.extrapolation_value);
  }
};

enum class SampleMode : uint8_t { kLinear, kNearest, kCubic };
inline constexpr std::string_view kSampleModeNames[] = {"linear", "nearest", "cubic"};
enum class SamplePadding : uint8_t { kZeros, kBorder, kReflection };
inline constexpr std::string_view kSamplePaddingNames[] = {"zeros", "border", "reflection"};

struct GridSampleAttrs : Attrs {
  SampleMode mode = SampleMode::kLinear;
  SamplePadding padding = SamplePadding::kZeros;
  bool align_corners = false;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.choice("mode", self.mode, kSampleModeNames);
    v.choice("padding_mode", self.padding, kSamplePaddingNames);
    v("align_corners", self.align_corners);
  }
};

struct AffineGridAttrs : Attrs {
  bool align_corners = false;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("align_corners", self.align_corners);
  }
};

struct LrnAttrs : Attrs {
  int64_t size = 0;
  float alpha = 1e-4f;
  float beta = 0.75f;
  float bias = 1;
  DataLayout layout = DataLayout::kChannelsFirst;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.required("size", self.size);
    v("alpha", self.alpha);
    v("beta", self.beta);
    v("bias", self.bias);
    v.choice("layout", self.layout, kDataLayoutNames);
  }
};

enum class PixelFormat : uint8_t { kRgb, kBgr, kGrayscale };
inline constexpr std::string_view kPixelFormatNames[] = {"RGB", "BGR", "Grayscale"};

struct ImageDecoderAttrs : Attrs {
  PixelFormat pixel_format = PixelFormat::kRgb;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.choice("pixel_format", self.pixel_format, kPixelFormatNames);
  }
};

Status infer_resize(InferContext& context);
Status eval_resize(KernelContext& context);
Status infer_grid_sample(InferContext& context);
Status eval_grid_sample(KernelContext& context);
Status infer_affine_grid(InferContext& context);
Status eval_affine_grid(KernelContext& context);
Status infer_lrn(InferContext& context);
Status eval_lrn(KernelContext& context);
Status infer_image_decoder(InferContext& context);
Status eval_image_decoder(KernelContext& context);

}  // namespace thane
