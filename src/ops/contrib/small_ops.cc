// MoveAxis, Inverse, CropAndResize.
#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "kernels/copy.h"
#include "ops/contrib/contrib.h"

namespace thane::contrib {
namespace {

// For each output axis the input axis it comes from.
Result<std::vector<size_t>> moved_axes(const MoveAxisAttrs& attrs, size_t rank) {
  THANE_ASSIGN(const size_t source, normalize_axis(attrs.source, rank, "source"));
  THANE_ASSIGN(const size_t destination, normalize_axis(attrs.destination, rank, "destination"));
  std::vector<size_t> axes;
  for (size_t i = 0; i < rank; ++i) {
    if (i != source) axes.push_back(i);
  }
  axes.insert(axes.begin() + static_cast<std::ptrdiff_t>(destination), source);
  return axes;
}

// Gauss-Jordan elimination with partial pivoting, in double. A singular matrix gives infinities or NaN, as elsewhere.
void invert(std::vector<double>& a, std::vector<double>& inverse, size_t n) {
  for (size_t i = 0; i < n * n; ++i) inverse[i] = i % (n + 1) == 0 ? 1 : 0;
  for (size_t column = 0; column < n; ++column) {
    size_t pivot = column;
    for (size_t row = column + 1; row < n; ++row) {
      if (std::fabs(a[row * n + column]) > std::fabs(a[pivot * n + column])) pivot = row;
    }
    for (size_t j = 0; j < n; ++j) {
      std::swap(a[column * n + j], a[pivot * n + j]);
      std::swap(inverse[column * n + j], inverse[pivot * n + j]);
    }
    const double divisor = a[column * n + column];
    for (size_t j = 0; j < n; ++j) {
      a[column * n + j] /= divisor;
      inverse[column * n + j] /= divisor;
    }
    for (size_t row = 0; row < n; ++row) {
      const double factor = a[row * n + column];
      if (row == column || factor == 0) continue;
      for (size_t j = 0; j < n; ++j) {
        a[row * n + j] -= factor * a[column * n + j];
        inverse[row * n + j] -= factor * inverse[column * n + j];
      }
    }
  }
}

// One channel of an image under a box, sampled on a grid whose corners are the box's.
struct Crop {
  const float* image;
  int64_t height, width;
  int64_t step;  // from one pixel to the next

  float at(int64_t y, int64_t x) const { return image[(y * width + x) * step]; }
  float sample(float y, float x, CropMode mode) const {
    if (mode == CropMode::kNearest) return at(std::llround(y), std::llround(x));
    const auto top = static_cast<int64_t>(std::floor(y)), left = static_cast<int64_t>(std::floor(x));
    const auto bottom = static_cast<int64_t>(std::ceil(y)), right = static_cast<int64_t>(std::ceil(x));
    const float dy = y - static_cast<float>(top), dx = x - static_cast<float>(left);
    const float upper = at(top, left) + (at(top, right) - at(top, left)) * dx;
    const float lower = at(bottom, left) + (at(bottom, right) - at(bottom, left)) * dx;
    return upper + (lower - upper) * dy;
  }
};

// Position i of `count` between the ends of a box, in pixels of an axis of `size`.
float grid(float begin, float end, int64_t i, int64_t count, int64_t size) {
  const float last = static_cast<float>(size - 1);
  if (count <= 1) return 0.5f * (begin + end) * last;
  const float step = (end - begin) * last / static_cast<float>(count - 1);
  return begin * last + static_cast<float>(i) * step;
}

}  // namespace

Status infer_move_axis(InferContext& context) {
  const SymDims* dims = context.dims(0);
  if (!dims) return context.set(0, context.dtype(0)), ok();
  THANE_ASSIGN(const auto axes, moved_axes(context.attrs<MoveAxisAttrs>(), dims->size()));
  SymDims out;
  for (const size_t axis : axes) out.push_back((*dims)[axis]);
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_move_axis(KernelContext& context) {
  const Tensor& input = context.input(0);
  THANE_ASSIGN(const auto axes, moved_axes(context.attrs<MoveAxisAttrs>(), input.rank()));
  const Dims strides = row_major_strides(input.dims());
  Dims moved;
  for (const size_t axis : axes) moved.push_back(strides[axis]);
  Tensor& output = context.output(0);
  copy_strided(input.dtype(), output.dims(), input.raw(), moved, output.raw(), row_major_strides(output.dims()),
               context.threads());
  return ok();
}

Status infer_inverse(InferContext& context) {
  const SymDims* dims = context.dims(0);
  if (!dims) return context.set(0, context.dtype(0)), ok();
  const size_t rank = dims->size();
  if (rank < 2 ||
      ((*dims)[rank - 1].is_number() && (*dims)[rank - 2].is_number() && !((*dims)[rank - 1] == (*dims)[rank - 2]))) {
    return invalid_model(format("input of shape {}", to_string(*dims))).expecting("square matrices [..., n, n]");
  }
  context.set(0, context.dtype(0), *dims);
  return ok();
}

Status eval_inverse(KernelContext& context) {
  const Tensor& input = context.input(0);
  const auto n = static_cast<size_t>(input.dims().back());
  const size_t elements = n * n;
  if (input.size() == 0) return ok();
  std::vector<double> matrix(elements), inverse(elements);
  for (int64_t start = 0; start < input.size(); start += static_cast<int64_t>(elements)) {
    for (size_t i = 0; i < elements; ++i) matrix[i] = input.as_double(start + static_cast<int64_t>(i));
    invert(matrix, inverse, n);
    dispatch<float, double, Half>(input.dtype(), [&]<class T>() {
      for (size_t i = 0; i < elements; ++i)
        context.output(0).data<T>()[start + static_cast<int64_t>(i)] = T(inverse[i]);
    });
  }
  return ok();
}

Status infer_crop_and_resize(InferContext& context) {
  const SymDims *image = context.dims(0), *boxes = context.dims(1);
  const auto size = context.ints(3);
  if ((image && image->size() != 4) || (boxes && boxes->size() != 2)) {
    return invalid_model("an image or boxes of the wrong rank")
        .expecting("[batch, channels, height, width] and [boxes, 4]");
  }
  if (boxes && (*boxes)[1].is_number() && !(*boxes)[1].is_number(4)) {
    return invalid_model(format("boxes of shape {}", to_string(*boxes))).expecting("[boxes, 4]");
  }
  if (const auto batch = known_dims(context, 2);
      batch && boxes && (*boxes)[0].is_number() && *batch != Dims{(*boxes)[0].number()}) {
    return invalid_model(format("batch_indices of shape {}", to_string(*batch))).expecting("one for each box");
  }
  if (size && (size->size() != 2 || (*size)[0] <= 0 || (*size)[1] <= 0)) {
    return invalid_model(format("crop_size {}", to_string(*size))).expecting("two positive numbers");
  }
  const DataLayout layout = context.attrs<CropAndResizeAttrs>().layout;
  const size_t axis = channel_axis(layout, 4), space = first_spatial_axis(layout);
  SymDims out(4);
  out[0] = boxes ? (*boxes)[0] : Dim();
  out[axis] = image ? (*image)[axis] : Dim();
  for (size_t i = 0; i < 2; ++i) out[space + i] = size ? Dim((*size)[i]) : Dim();
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_crop_and_resize(KernelContext& context) {
  const auto& attrs = context.attrs<CropAndResizeAttrs>();
  const Tensor &image = context.input(0), &boxes = context.input(1), &batch = context.input(2);
  Tensor& output = context.output(0);
  const size_t axis = channel_axis(attrs.layout, 4), space = first_spatial_axis(attrs.layout);
  const int64_t channels = image.dim(axis), height = image.dim(space), width = image.dim(space + 1);
  const int64_t out_height = output.dim(space), out_width = output.dim(space + 1);
  // Distances between pixels, and between channels, of a picture of `pixels`.
  const bool last = attrs.layout == DataLayout::kChannelsLast;
  const int64_t pixel_step = last ? channels : 1;
  const auto channel_step = [&](int64_t pixels) { return last ? 1 : pixels; };
  for (int64_t r = 0; r < boxes.dim(0); ++r) {
    const float* box = boxes.data<float>() + 4 * r;
    const int64_t index = batch.data<int32_t>()[r];
    if (index < 0 || index >= image.dim(0)) {
      return runtime_error(format("batch_indices holds {}", index)).expecting(format("0 to {}", image.dim(0) - 1));
    }
    for (int64_t c = 0; c < channels; ++c) {
      const Crop crop{image.data<float>() + index * channels * height * width + c * channel_step(height * width),
                      height, width, pixel_step};
      float* out =
          output.data<float>() + r * channels * out_height * out_width + c * channel_step(out_height * out_width);
      for (int64_t i = 0; i < out_height; ++i) {
        const float y = grid(box[0], box[2], i, out_height, height);
        for (int64_t j = 0; j < out_width; ++j) {
          const float x = grid(box[1], box[3], j, out_width, width);
          const bool inside =
              y >= 0 && y <= static_cast<float>(height - 1) && x >= 0 && x <= static_cast<float>(width - 1);
          *out = inside ? crop.sample(y, x, attrs.mode) : attrs.extrapolation_value;
          out += pixel_step;
        }
      }
    }
  }
  return ok();
}

}  // namespace thane::contrib
