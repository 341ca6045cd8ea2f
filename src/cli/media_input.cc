#include "cli/media_input.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/format.h"
#include "cli/options.h"

namespace thane::cli {
namespace {

// Which axis of a tensor is what; -1: it has none.
struct PictureAxes {
  int rank = 4, channel = 1, height = 2, width = 3;
};

bool is_channel_count(int64_t n) { return n == 1 || n == 3 || n == 4; }

Result<PictureAxes> deduce_axes(const Wanted& wanted, const Arguments& options) {
  const bool last = options.text(kLayout) == "nhwc", first = options.text(kLayout) == "nchw";
  if (!wanted.dims) return last ? PictureAxes{4, 3, 1, 2} : PictureAxes{};
  const Dims& dims = *wanted.dims;
  switch (dims.size()) {
    case 2: return PictureAxes{2, -1, 0, 1};
    case 3:
      if (last || (!first && !is_channel_count(dims[0]) && is_channel_count(dims[2]))) return PictureAxes{3, 2, 0, 1};
      if (first || is_channel_count(dims[0])) return PictureAxes{3, 0, 1, 2};
      return PictureAxes{3, -1, 1, 2};
    case 4:
      if (last || (!first && !is_channel_count(dims[1]) && is_channel_count(dims[3]))) return PictureAxes{4, 3, 1, 2};
      return PictureAxes{};
    default:
      return invalid_argument("a picture for an input of shape " + to_string(dims)).expecting("2 to 4 dimensions");
  }
}

int64_t wanted_size(const Wanted& wanted, int axis) {
  return wanted.dims && axis >= 0 ? (*wanted.dims)[static_cast<size_t>(axis)] : -1;
}

Result<int> channel_count(const Wanted& wanted, const PictureAxes& axes, const Arguments& options,
                          const MappedFile& file) {
  if (options.has(kGray)) return 1;
  if (options.has(kChannels)) return static_cast<int>(options.integer(kChannels));
  if (axes.channel < 0) return 1;
  const int64_t fixed = wanted_size(wanted, axes.channel);
  if (is_channel_count(fixed)) return static_cast<int>(fixed);
  if (fixed >= 0) {
    return invalid_argument(format("a picture for an input of {} channels", fixed))
        .expecting("1, 3 or 4")
        .hinting("--layout nhwc when the channels come last");
  }
  THANE_ASSIGN(const PictureSize size, picture_size(file));
  return size.channels > 2 ? 3 : 1;
}

Result<Picture> sized_picture(const MappedFile& file, const Wanted& wanted, const PictureAxes& axes, int channels,
                              const Arguments& options) {
  THANE_ASSIGN(Picture picture, read_picture(file, channels));
  int64_t height = wanted_size(wanted, axes.height), width = wanted_size(wanted, axes.width);
  if (options.has(kResize)) {
    THANE_ASSIGN(const Dims size, parse_sizes(options.text(kResize)));
    height = size[0];
    width = size[1];
  }
  constexpr int64_t kMost = 1 << 16;
  if (height == 0 || width == 0 || height > kMost || width > kMost) {
    return invalid_argument(format("a picture for an input of {} x {} pixels", height, width))
        .expecting("1 to 65536 each");
  }
  return resized(picture, static_cast<int>(width < 0 ? picture.width : width),
                 static_cast<int>(height < 0 ? picture.height : height));
}

// One number per channel: as given, one for all, or the default.
Result<std::vector<double>> per_channel(const Arguments& options, const Option& option, int channels,
                                        const std::vector<double>& fallback) {
  std::vector<double> values = options.reals(option);
  if (values.empty()) values = fallback;
  if (values.size() == 1) values.assign(static_cast<size_t>(channels), values[0]);
  if (values.size() != static_cast<size_t>(channels)) {
    return invalid_argument(format("{} numbers", values.size()))
        .at(std::string(option.flags))
        .expecting(format("1, or one for each of the {} channels", channels));
  }
  return values;
}

template <class T>
T pixel(double value) {
  if constexpr (std::is_integral_v<T>) {
    constexpr auto kLow = static_cast<double>(std::numeric_limits<T>::min());
    constexpr auto kHigh = static_cast<double>(std::numeric_limits<T>::max());
    const double rounded = std::nearbyint(value);
    if (!(rounded > kLow)) return std::numeric_limits<T>::min();
    return rounded >= kHigh ? std::numeric_limits<T>::max() : static_cast<T>(rounded);
  } else {
    return T(static_cast<float>(value));
  }
}

// Writes value(c, y, x) for each pixel, in the order of `axes`.
template <class Read>
Result<Tensor> laid_out(DType dtype, const Dims& dims, const PictureAxes& axes, const Picture& picture,
                        const Read& read) {
  THANE_ASSIGN(Tensor tensor, Tensor::allocate(dtype, dims));
  const Dims strides = row_major_strides(dims);
  const auto stride = [&](int axis) { return axis < 0 ? int64_t{0} : strides[static_cast<size_t>(axis)]; };
  const bool known = dispatch<float, double, Half, BFloat16, uint8_t, int8_t, uint16_t, int16_t, int32_t, int64_t>(
      dtype, [&]<class T>() {
        for (int y = 0; y < picture.height; ++y) {
          for (int x = 0; x < picture.width; ++x) {
            for (int c = 0; c < picture.channels; ++c) {
              const int64_t at = c * stride(axes.channel) + y * stride(axes.height) + x * stride(axes.width);
              tensor.data<T>()[at] = pixel<T>(read(c, picture.at(y, x, c)));
            }
          }
        }
      });
  if (!known)
    return invalid_argument(format("a picture for an input of {}", dtype_name(dtype))).expecting("a number type");
  return tensor;
}

}  // namespace

Result<Tensor> picture_tensor(const MappedFile& file, const Wanted& wanted, const Arguments& options) {
  THANE_ASSIGN(const PictureAxes axes, deduce_axes(wanted, options));
  THANE_ASSIGN(const int channels, channel_count(wanted, axes, options, file));
  if (axes.channel < 0 && channels != 1) {
    return invalid_argument("a coloured picture for an input without channels").expecting("--channels 1");
  }
  THANE_ASSIGN(const Picture picture, sized_picture(file, wanted, axes, channels, options));
  const DType dtype = wanted.dtype == DType::kUndefined ? DType::kFloat32 : wanted.dtype;
  const bool floats = mask_of(dtype) & kFloats;
  const bool plain = !options.has(kScale) && !options.has(kMean) && !options.has(kStd);
  const bool hinted = plain && floats && !wanted.hint.mean.empty() && !wanted.hint.std.empty();
  const double scale = options.has(kScale) ? options.real(kScale) : floats && !hinted ? 1.0 / 255 : 1.0;
  std::vector<double> centre = {dtype == DType::kInt8 && plain ? 128.0 : 0.0};  // int8 pixels are 0..255 moved down
  std::vector<double> spread = {1.0};
  if (hinted) {
    centre.assign(wanted.hint.mean.begin(), wanted.hint.mean.end());
    spread.assign(wanted.hint.std.begin(), wanted.hint.std.end());
  }
  THANE_ASSIGN(const std::vector<double> mean, per_channel(options, kMean, channels, centre));
  THANE_ASSIGN(const std::vector<double> deviation, per_channel(options, kStd, channels, spread));
  if (std::ranges::count(deviation, 0.0))
    return invalid_argument("a deviation of 0").at("--std").expecting("other numbers");
  Dims dims(static_cast<size_t>(axes.rank), 1);
  if (axes.channel >= 0) dims[static_cast<size_t>(axes.channel)] = channels;
  dims[static_cast<size_t>(axes.height)] = picture.height;
  dims[static_cast<size_t>(axes.width)] = picture.width;
  return laid_out(dtype, dims, axes, picture, [&](int c, float value) {
    return (value * scale - mean[static_cast<size_t>(c)]) / deviation[static_cast<size_t>(c)];
  });
}

namespace {

// Where the samples go: their axis, how many windows along axis 0, and how long each is.
struct SoundShape {
  Dims dims;
  int64_t taken = 0;  // samples of the sound used
};

Result<SoundShape> shape_for_sound(const Wanted& wanted, int64_t samples) {
  if (!wanted.dims) return SoundShape{{1, samples}, samples};
  const Dims& dims = *wanted.dims;
  std::vector<size_t> fixed, open;
  for (size_t axis = 0; axis < dims.size(); ++axis) {
    if (dims[axis] < 0) open.push_back(axis);
    if (dims[axis] == 0 || dims[axis] > 1) fixed.push_back(axis);
  }
  SoundShape shape{Dims(dims.size(), 1), samples};
  if (fixed.size() == 1 && dims[fixed[0]] > 0) {
    const int64_t window = dims[fixed[0]];
    const bool batches = fixed[0] > 0 && dims[0] < 0;
    const int64_t windows = batches ? std::max<int64_t>(1, samples / window + (samples % window != 0)) : 1;
    shape.dims[fixed[0]] = window;
    if (batches) shape.dims[0] = windows;
    shape.taken = std::min(samples, windows * window);
    return shape;
  }
  if (fixed.empty() && !open.empty()) {
    shape.dims[open.back()] = samples;
    return shape;
  }
  return invalid_argument("sound for an input of shape " + to_string(dims))
      .expecting("one axis for the samples, the others 1 or open")
      .hinting("give the shape with -s");
}

}  // namespace

Result<SoundTensor> sound_tensor(const MappedFile& file, const Wanted& wanted, const Arguments& options) {
  THANE_ASSIGN(const Sound sound, read_wav(file));
  if (options.has(kRate) && sound.rate != options.integer(kRate)) {
    return invalid_argument(format("{} samples per second", sound.rate))
        .at(file.path())
        .expecting(options.text(kRate))
        .hinting(format("resample it, for example with: ffmpeg -i IN -ar {} OUT.wav", options.text(kRate)));
  }
  const auto samples = static_cast<int64_t>(sound.samples.size());
  THANE_ASSIGN(const SoundShape shape, shape_for_sound(wanted, samples));
  const DType dtype = wanted.dtype == DType::kUndefined ? DType::kFloat32 : wanted.dtype;
  THANE_ASSIGN(Tensor tensor, Tensor::allocate(dtype, shape.dims));
  const double scale = dtype == DType::kInt16 ? 32768 : 1;
  const bool known = dispatch<float, double, Half, BFloat16, int16_t>(dtype, [&]<class T>() {
    for (int64_t i = 0; i < tensor.size(); ++i) {
      tensor.data<T>()[i] = pixel<T>(i < shape.taken ? sound.samples[static_cast<size_t>(i)] * scale : 0);
    }
  });
  if (!known) {
    return invalid_argument(format("sound for an input of {}", dtype_name(dtype))).expecting("floats or int16");
  }
  return SoundTensor{std::move(tensor), samples - shape.taken};
}

}  // namespace thane::cli
