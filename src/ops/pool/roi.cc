// Poolings over regions of interest. MaxRoiPool: Girshick, Fast R-CNN (2015). RoiAlign: He et al., Mask R-CNN (2017).
#include <cmath>
#include <limits>

#include "base/format.h"
#include "ops/expect_shape.h"
#include "ops/pool/pool.h"
#include "ops/widen.h"

namespace thane {
namespace {

constexpr int64_t kMostBins = int64_t{1} << 20;
constexpr int64_t kMostSamples = 4096;

// Checks [batch, channels, height, width] and [regions, columns]; gives [regions, channels, height, width].
Result<SymDims> infer_regions(const SymDims* x, const SymDims* rois, int64_t columns, int64_t height, int64_t width) {
  if (x && x->size() != 4) {
    return invalid_model(format("input of shape {}", to_string(*x))).expecting("[batch, channels, height, width]");
  }
  if (rois && (rois->size() != 2 || !may_equal((*rois)[1], columns))) {
    return invalid_model(format("rois of shape {}", to_string(*rois))).expecting(format("[regions, {}]", columns));
  }
  if (height < 1 || width < 1 || height > kMostBins || width > kMostBins) {
    return invalid_model(format("an output of {} × {} bins", height, width))
        .expecting(format("1 to {} each", kMostBins));
  }
  return SymDims{rois ? (*rois)[0] : Dim(), x ? (*x)[1] : Dim(), height, width};
}

Status check_image(int64_t image, int64_t batch, int64_t region) {
  if (image >= 0 && image < batch) return ok();
  return runtime_error(format("region {} is of image {}", region, image)).expecting(format("0 to {}", batch - 1));
}

// Bins of MaxRoiPool along one axis: pixels [first, last) of bin i.
struct PixelBins {
  PixelBins(double start, double end, int64_t bins, int64_t pixels) : pixels_(static_cast<double>(pixels)) {
    start_ = std::round(start);
    size_ = std::max(std::round(end) - start_ + 1, 1.0) / static_cast<double>(bins);
  }
  int64_t first(int64_t i) const { return clip(std::floor(static_cast<double>(i) * size_) + start_); }
  int64_t last(int64_t i) const { return clip(std::ceil(static_cast<double>(i + 1) * size_) + start_); }

 private:
  // 0 also for NaN.
  int64_t clip(double v) const { return v > 0 ? static_cast<int64_t>(std::min(v, pixels_)) : 0; }
  double pixels_, start_, size_;
};

template <class T>
T max_of(const T* plane, int64_t width, int64_t y0, int64_t y1, int64_t x0, int64_t x1) {
  if (y0 >= y1 || x0 >= x1) return T(0);
  T best = -std::numeric_limits<T>::infinity();
  for (int64_t y = y0; y < y1; ++y) {
    for (int64_t x = x0; x < x1; ++x) best = std::max(best, plane[y * width + x]);
  }
  return best;
}

// Where RoiAlign samples along one axis. Sample s of bin b lies at start + (b·samples + s + ½)·step. Samples beyond one
// pixel outside of the input count as zeros.
struct SampleAxis {
  double start, step;
  int64_t samples;  // per bin
  int64_t pixels;

  // Lower neighbour, and the weight of the upper one; nothing when outside.
  struct Place {
    int64_t low, high;
    double upper;
  };
  std::optional<Place> place(int64_t bin, int64_t sample) const {
    double at = start + (static_cast<double>(bin * samples + sample) + 0.5) * step;
    if (!(at >= -1 && at <= static_cast<double>(pixels))) return std::nullopt;
    at = std::max(at, 0.0);
    const auto low = std::min(static_cast<int64_t>(at), pixels - 1);
    if (low == pixels - 1) return Place{low, low, 0};
    return Place{low, low + 1, at - static_cast<double>(low)};
  }
  std::vector<Place> places(int64_t bin) const {
    std::vector<Place> found;
    for (int64_t s = 0; s < samples; ++s) {
      if (const auto p = place(bin, s)) found.push_back(*p);
    }
    return found;
  }
};

Result<SampleAxis> sample_axis(const RoiAlignAttrs& attrs, double from, double to, int64_t bins, int64_t pixels) {
  const bool half_pixel = attrs.coordinates == RoiCoordinates::kHalfPixel;
  const double scale = attrs.spatial_scale, shift = half_pixel ? 0.5 : 0.0;
  SampleAxis axis;
  axis.start = from * scale - shift;
  double size = to * scale - shift - axis.start;
  if (!half_pixel) size = std::max(size, 1.0);
  const double bin = size / static_cast<double>(bins);
  axis.samples = attrs.sampling_ratio;
  if (attrs.sampling_ratio == 0) {
    const double needed = std::ceil(bin);
    if (!(std::fabs(needed) <= static_cast<double>(kMostSamples))) {
      return runtime_error(format("a region from {} to {}", from, to))
          .expecting(format("bins of at most {} pixels", kMostSamples));
    }
    axis.samples = std::max<int64_t>(0, static_cast<int64_t>(needed));
  }
  axis.step = axis.samples ? bin / static_cast<double>(axis.samples) : 0;
  axis.pixels = pixels;
  return axis;
}

// One bin of one channel.
template <class T>
double pool_bin(const T* plane, int64_t width, const std::vector<SampleAxis::Place>& rows,
                const std::vector<SampleAxis::Place>& columns, int64_t samples, RoiMode mode) {
  const bool outside = static_cast<int64_t>(rows.size() * columns.size()) < samples;
  double sum = 0;
  double best = outside || samples == 0 ? 0.0 : -std::numeric_limits<double>::infinity();
  for (const auto& row : rows) {
    for (const auto& column : columns) {
      const T* low = plane + row.low * width;
      const T* high = plane + row.high * width;
      const double terms[] = {
          (1 - row.upper) * (1 - column.upper) * low[column.low], (1 - row.upper) * column.upper * low[column.high],
          row.upper * (1 - column.upper) * high[column.low], row.upper * column.upper * high[column.high]};
      for (double term : terms) {
        sum += term;
        // The definition takes the largest of the weighted neighbours, not of the interpolated samples.
        best = std::max(best, term);
      }
    }
  }
  return mode == RoiMode::kMax ? best : sum / static_cast<double>(std::max<int64_t>(samples, 1));
}

template <class T>
void align_region(const RoiAlignAttrs& attrs, const SampleAxis& vertical, const SampleAxis& horizontal, const T* image,
                  int64_t channels, T* out) {
  const int64_t plane = vertical.pixels * horizontal.pixels, bins = attrs.output_height * attrs.output_width;
  std::vector<std::vector<SampleAxis::Place>> columns;
  for (int64_t x = 0; x < attrs.output_width; ++x) columns.push_back(horizontal.places(x));
  for (int64_t y = 0; y < attrs.output_height; ++y) {
    const auto rows = vertical.places(y);
    for (int64_t x = 0; x < attrs.output_width; ++x) {
      for (int64_t c = 0; c < channels; ++c) {
        out[c * bins + y * attrs.output_width + x] =
            static_cast<T>(pool_bin(image + c * plane, horizontal.pixels, rows, columns[static_cast<size_t>(x)],
                                    vertical.samples * horizontal.samples, attrs.mode));
      }
    }
  }
}

}  // namespace

Status infer_max_roi_pool(InferContext& context) {
  const auto& attrs = context.attrs<MaxRoiPoolAttrs>();
  if (attrs.pooled_shape.size() != 2) {
    return invalid_model(format("pooled_shape {}", to_string(attrs.pooled_shape))).expecting("[height, width]");
  }
  THANE_ASSIGN(SymDims out,
               infer_regions(context.dims(0), context.dims(1), 5, attrs.pooled_shape[0], attrs.pooled_shape[1]));
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_max_roi_pool(KernelContext& context) {
  const auto& attrs = context.attrs<MaxRoiPoolAttrs>();
  THANE_ASSIGN(const Tensor x, widened(context.input(0), context.threads()));
  THANE_ASSIGN(const Tensor rois, widened(context.input(1), context.threads()));
  THANE_ASSIGN(WideOutput y, WideOutput::make(context.output(0), x.dtype()));
  const int64_t channels = x.dim(1), height = x.dim(2), width = x.dim(3);
  const int64_t rows = attrs.pooled_shape[0], columns = attrs.pooled_shape[1];
  for (int64_t r = 0; r < rois.dim(0); ++r) THANE_TRY(check_image(rois.as_int64(r * 5), x.dim(0), r));
  dispatch<float, double>(x.dtype(), [&]<class T>() {
    context.threads().parallel_for(rois.dim(0) * channels, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T* roi = rois.data<T>() + i / channels * 5;
        const double scale = attrs.spatial_scale;
        const PixelBins across(roi[1] * scale, roi[3] * scale, columns, width);
        const PixelBins down(roi[2] * scale, roi[4] * scale, rows, height);
        const T* plane = x.data<T>() + (rois.as_int64(i / channels * 5) * channels + i % channels) * height * width;
        T* out = y.tensor().data<T>() + i * rows * columns;
        for (int64_t b = 0; b < rows * columns; ++b) {
          out[b] = max_of(plane, width, down.first(b / columns), down.last(b / columns), across.first(b % columns),
                          across.last(b % columns));
        }
      }
    });
  });
  y.finish(context.threads());
  return ok();
}

Status infer_roi_align(InferContext& context) {
  const auto& attrs = context.attrs<RoiAlignAttrs>();
  if (attrs.sampling_ratio < 0 || attrs.sampling_ratio > kMostSamples) {
    return invalid_model(format("sampling_ratio is {}", attrs.sampling_ratio))
        .expecting(format("0 to {}", kMostSamples));
  }
  THANE_ASSIGN(SymDims out,
               infer_regions(context.dims(0), context.dims(1), 4, attrs.output_height, attrs.output_width));
  if (const SymDims* images = context.dims(2)) {
    if (images->size() != 1 || !may_equal((*images)[0], out[0])) {
      return invalid_model(format("batch_indices of shape {}", to_string(*images))).expecting("one per region");
    }
  }
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_roi_align(KernelContext& context) {
  const auto& attrs = context.attrs<RoiAlignAttrs>();
  THANE_ASSIGN(const Tensor x, widened(context.input(0), context.threads()));
  THANE_ASSIGN(const Tensor rois, widened(context.input(1), context.threads()));
  THANE_ASSIGN(WideOutput y, WideOutput::make(context.output(0), x.dtype()));
  const int64_t* images = context.input(2).data<int64_t>();
  const int64_t channels = x.dim(1), height = x.dim(2), width = x.dim(3), regions = rois.dim(0);
  struct Region {
    SampleAxis vertical, horizontal;
  };
  std::vector<Region> axes;
  for (int64_t r = 0; r < regions; ++r) {
    THANE_TRY(check_image(images[r], x.dim(0), r));
    const auto at = [&](int64_t column) { return rois.as_double(r * 4 + column); };
    THANE_ASSIGN(SampleAxis horizontal, sample_axis(attrs, at(0), at(2), attrs.output_width, width));
    THANE_ASSIGN(SampleAxis vertical, sample_axis(attrs, at(1), at(3), attrs.output_height, height));
    axes.push_back({vertical, horizontal});
  }
  if (y.tensor().size() == 0) return ok();
  if (height == 0 || width == 0) return runtime_error("the input has no pixels").expecting("at least one");
  dispatch<float, double>(x.dtype(), [&]<class T>() {
    const int64_t elements = channels * attrs.output_height * attrs.output_width;
    context.threads().parallel_for(regions, 1, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const Region& region = axes[static_cast<size_t>(r)];
        align_region(attrs, region.vertical, region.horizontal, x.data<T>() + images[r] * channels * height * width,
                     channels, y.tensor().data<T>() + r * elements);
      }
    });
  });
  y.finish(context.threads());
  return ok();
}

}  // namespace thane
