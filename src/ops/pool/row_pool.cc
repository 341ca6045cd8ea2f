// Poolings over rows of channels.
#include <algorithm>
#include <limits>
#include <type_traits>

#include "kernels/pool/pool.h"
#include "ops/pool/kernels.h"
#include "ops/pool/windows.h"

namespace thane {
namespace {

constexpr int64_t kMostTableEntries = int64_t{1} << 23;

bool is_byte(DType dtype) { return dtype == DType::kUInt8 || dtype == DType::kInt8; }

std::string refuse_layout(const KernelQuery& query, DataLayout layout, bool bytes = false) {
  const DType dtype = query.inputs[0]->dtype;
  if (dtype != DType::kFloat32 && !(bytes && is_byte(dtype))) {
    return bytes ? "dtype is not float32, uint8 or int8" : "dtype is not float32";
  }
  return layout == DataLayout::kChannelsLast ? "" : "data are channels first";
}

template <bool kBytes>
std::string refuse_window(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<PoolAttrs>();
  if (std::string reason = refuse_layout(query, attrs.layout, kBytes); !reason.empty()) return reason;
  if (query.node.outputs.size() > 1 && query.node.outputs[1] != kNoValue) return "indices are wanted";
  const Dims dims = to_numbers(*query.inputs[0]->dims);
  const auto axes = resolve_pool(attrs, dims);
  if (!axes.ok()) return "the shapes do not settle";
  const auto lattice = pool_lattice(attrs, *axes, dims);
  if (!lattice.ok() || !offsets_fit(*lattice) || lattice->positions() * lattice->taps() > kMostTableEntries) {
    return "too large for a table of offsets";
  }
  return {};
}

template <class T>
class WindowPool : public PreparedKernel {
 public:
  // scales: 1 / count of each output position for a mean; empty for a maximum.
  WindowPool(const PoolKernels& kernels, const Lattice& lattice, std::vector<float> scales)
      : kernels_(kernels),
        channels_(lattice.group * lattice.in_channels),
        batch_(lattice.batch),
        in_stride_(lattice.in_batch_stride),
        taps_(lattice.taps()),
        offsets_(tap_offsets(lattice)),
        scales_(std::move(scales)) {}

  Status run(KernelContext& context) const override {
    const T* x = context.input(0).data<T>();
    T* y = context.output(0).data<T>();
    if (context.output(0).size() == 0) return ok();
    const int64_t positions = context.output(0).size() / channels_ / batch_;
    const int64_t grain = 32768 / (channels_ * taps_ + 1) + 1;
    context.threads().parallel_for(batch_ * positions, grain, [&](int64_t begin, int64_t end) {
      std::vector<const T*> taps(static_cast<size_t>(taps_));
      for (int64_t i = begin; i < end; ++i) {
        const int64_t position = i % positions;
        const T* image = x + i / positions * in_stride_;
        int64_t count = 0;
        for (int64_t t = 0; t < taps_; ++t) {
          const int32_t offset = offsets_[static_cast<size_t>(position * taps_ + t)];
          if (offset >= 0) taps[static_cast<size_t>(count++)] = image + offset;
        }
        reduce(position, count, taps.data(), y + i * channels_);
      }
    });
    return ok();
  }

 private:
  void reduce(int64_t position, int64_t count, const T* const* taps, T* y) const {
    if constexpr (std::is_same_v<T, float>) {
      if (count == 0)
        std::fill_n(y, channels_, scales_.empty() ? -__builtin_inff() : 0 * scales_[static_cast<size_t>(position)]);
      else if (scales_.empty())
        kernels_.max(channels_, count, taps, y);
      else
        kernels_.sum(channels_, count, taps, scales_[static_cast<size_t>(position)], y);
    } else if (count == 0) {
      std::fill_n(y, channels_, std::numeric_limits<T>::lowest());
    } else if constexpr (std::is_signed_v<T>) {
      kernels_.max_s8(channels_, count, taps, y);
    } else {
      kernels_.max_u8(channels_, count, taps, y);
    }
  }

  const PoolKernels& kernels_;
  int64_t channels_, batch_, in_stride_, taps_;
  std::vector<int32_t> offsets_;
  std::vector<float> scales_;
};

struct Settled {
  std::vector<WindowAxis> axes;
  Lattice lattice;
};

Result<Settled> settle(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<PoolAttrs>();
  const Dims dims = to_numbers(*query.inputs[0]->dims);
  Settled settled;
  THANE_ASSIGN(settled.axes, resolve_pool(attrs, dims));
  THANE_ASSIGN(settled.lattice, pool_lattice(attrs, settled.axes, dims));
  return settled;
}

Result<std::unique_ptr<PreparedKernel>> prepare_max(const KernelQuery& query) {
  THANE_ASSIGN(const Settled settled, settle(query));
  const auto make = [&]<class T>() {
    return std::unique_ptr<PreparedKernel>(new WindowPool<T>(pool_kernels(query.isa), settled.lattice, {}));
  };
  switch (query.inputs[0]->dtype) {
    case DType::kUInt8: return make.template operator()<uint8_t>();
    case DType::kInt8: return make.template operator()<int8_t>();
    default: return make.template operator()<float>();
  }
}

Result<std::unique_ptr<PreparedKernel>> prepare_average(const KernelQuery& query) {
  THANE_ASSIGN(const Settled settled, settle(query));
  const AverageCounts counts(settled.axes, query.node.attrs_as<AveragePoolAttrs>().count_include_pad);
  std::vector<float> scales;
  for (int64_t i = 0; i < settled.lattice.positions(); ++i) scales.push_back(static_cast<float>(1 / counts.at(i)));
  return std::unique_ptr<PreparedKernel>(
      new WindowPool<float>(pool_kernels(query.isa), settled.lattice, std::move(scales)));
}

std::string refuse_global(const KernelQuery& query) {
  return refuse_layout(query, query.node.attrs_as<GlobalPoolAttrs>().layout);
}

class GlobalPool : public PreparedKernel {
 public:
  GlobalPool(const PoolKernels& kernels, bool mean) : kernels_(kernels), mean_(mean) {}

  Status run(KernelContext& context) const override {
    const Tensor& x = context.input(0);
    float* y = context.output(0).data<float>();
    if (x.size() == 0) return context.node().op->eval(context);
    const int64_t batch = x.dim(0), channels = x.dim(x.rank() - 1), rows = x.size() / batch / channels;
    constexpr int64_t kSlice = 64;  // channels of a job
    const int64_t slices = (channels + kSlice - 1) / kSlice;
    context.threads().parallel_for(batch * slices, 65536 / (rows * kSlice) + 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t first = i % slices * kSlice, image = i / slices;
        const int64_t count = std::min(kSlice, channels - first);
        const float* from = x.data<float>() + image * rows * channels + first;
        float* to = y + image * channels + first;
        if (mean_)
          kernels_.sum_rows(count, rows, from, channels, static_cast<float>(1.0 / static_cast<double>(rows)), to);
        else
          kernels_.max_rows(count, rows, from, channels, to);
      }
    });
    return ok();
  }

 private:
  const PoolKernels& kernels_;
  bool mean_;
};

template <bool kMean>
Result<std::unique_ptr<PreparedKernel>> prepare_global(const KernelQuery& query) {
  return std::unique_ptr<PreparedKernel>(new GlobalPool(pool_kernels(query.isa), kMean));
}

}  // namespace

const Kernel kRowMaxPool = {"pool.rows", refuse_window<true>, prepare_max};
const Kernel kRowAveragePool = {"pool.rows", refuse_window<false>, prepare_average};
const Kernel kRowGlobalMaxPool = {"pool.rows", refuse_global, prepare_global<false>};
const Kernel kRowGlobalAveragePool = {"pool.rows", refuse_global, prepare_global<true>};

}  // namespace thane
