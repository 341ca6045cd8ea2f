// Poolings: windows reduced to one value each.
#pragma once

#include "ir/context.h"
#include "ops/layout.h"
#include "ops/window.h"

namespace thane {

struct PoolAttrs : WindowAttrs {
  Dims kernel_shape;
  bool ceil_mode = false;
  DataLayout layout = DataLayout::kChannelsFirst;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    WindowAttrs::fields(self, v);
    v.required("kernel_shape", self.kernel_shape);
    v("ceil_mode", self.ceil_mode);
    v.choice("layout", self.layout, kDataLayoutNames);
  }
};

struct MaxPoolAttrs : PoolAttrs {
  // Indices count elements of the whole input: in memory order (0), or each channel's with its first spatial axis
  // fastest (1).
  int64_t storage_order = 0;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    PoolAttrs::fields(self, v);
    v("storage_order", self.storage_order);
  }
};

struct AveragePoolAttrs : PoolAttrs {
  bool count_include_pad = false;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    PoolAttrs::fields(self, v);
    v("count_include_pad", self.count_include_pad);
  }
};

struct LpPoolAttrs : PoolAttrs {
  int64_t p = 2;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    PoolAttrs::fields(self, v);
    v("p", self.p);
  }
};

struct GlobalPoolAttrs : Attrs {
  DataLayout layout = DataLayout::kChannelsFirst;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.choice("layout", self.layout, kDataLayoutNames);
  }
};

struct GlobalLpPoolAttrs : GlobalPoolAttrs {
  int64_t p = 2;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    GlobalPoolAttrs::fields(self, v);
    v("p", self.p);
  }
};

struct MaxUnpoolAttrs : Attrs {
  Dims kernel_shape;
  Dims strides;
  Dims pads;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.required("kernel_shape", self.kernel_shape);
    v("strides", self.strides);
    v("pads", self.pads);
  }
};

struct MaxRoiPoolAttrs : Attrs {
  Dims pooled_shape;
  float spatial_scale = 1;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.required("pooled_shape", self.pooled_shape);
    v("spatial_scale", self.spatial_scale);
  }
};

enum class RoiCoordinates : uint8_t { kHalfPixel, kOutputHalfPixel };
inline constexpr std::string_view kRoiCoordinatesNames[] = {"half_pixel", "output_half_pixel"};
enum class RoiMode : uint8_t { kAverage, kMax };
inline constexpr std::string_view kRoiModeNames[] = {"avg", "max"};

struct RoiAlignAttrs : Attrs {
  RoiCoordinates coordinates = RoiCoordinates::kHalfPixel;
  RoiMode mode = RoiMode::kAverage;
  int64_t output_height = 1;
  int64_t output_width = 1;
  int64_t sampling_ratio = 0;  // samples per bin and axis; 0: one per input pixel
  float spatial_scale = 1;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.choice("coordinate_transformation_mode", self.coordinates, kRoiCoordinatesNames);
    v.choice("mode", self.mode, kRoiModeNames);
    v("output_height", self.output_height);
    v("output_width", self.output_width);
    v("sampling_ratio", self.sampling_ratio);
    v("spatial_scale", self.spatial_scale);
  }
};

Status infer_max_pool(InferContext& context);
Status eval_max_pool(KernelContext& context);
Status infer_average_pool(InferContext& context);
Status eval_average_pool(KernelContext& context);
Status infer_lp_pool(InferContext& context);
Status eval_lp_pool(KernelContext& context);
Status infer_global_pool(InferContext& context);
Status infer_global_lp_pool(InferContext& context);
Status eval_global_average_pool(KernelContext& context);
Status eval_global_max_pool(KernelContext& context);
Status eval_global_lp_pool(KernelContext& context);
Status infer_max_unpool(InferContext& context);
Status eval_max_unpool(KernelContext& context);
Status infer_max_roi_pool(InferContext& context);
Status eval_max_roi_pool(KernelContext& context);
Status infer_roi_align(InferContext& context);
Status eval_roi_align(KernelContext& context);

}  // namespace thane
