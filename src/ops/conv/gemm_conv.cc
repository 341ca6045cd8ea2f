// Convolution as a matrix product, channels first: Out[channels × positions] = W[channels × k] · X'[k × positions],
// where column j of X' is the window of output position j. X' never exists whole: each panel of NR columns is gathered
// into the packed form, multiplied and forgotten. The weights are used as they lie in the file.
#include <algorithm>
#include <cstring>

#include "base/format.h"
#include "kernels/gemm/gemm.h"
#include "ops/conv/conv.h"
#include "ops/conv/kernels.h"

namespace thane {
namespace {

std::string refuse(const KernelQuery& query) {
  if (query.inputs[0]->dtype != DType::kFloat32) return "dtype is not float32";
  if (query.node.attrs_as<ConvAttrs>().layout != DataLayout::kChannelsFirst) return "data are channels last";
  const size_t rank = query.inputs[0]->dims->size();
  if (rank != 3 && rank != 4) return "not 1-D or 2-D";
  return {};
}

// The geometry of one image plane; a 1-D convolution is a plane of height 1.
struct Plane {
  WindowAxis y, x;
  int64_t channels;  // input channels of one group
};

// Row `tap` of the panel: for each of the `count` output positions from `first`, the input element under one kernel
// tap, or zero in the padding.
void gather_row(const Plane& p, const float* channel, int64_t ky, int64_t kx, int64_t first, int64_t count,
                float* out) {
  int64_t oy = first / p.x.out;
  int64_t ox = first % p.x.out;
  while (count > 0) {
    const int64_t run = std::min(count, p.x.out - ox);
    const int64_t iy = p.y.start(oy) + ky * p.y.dilation;
    if (iy < 0 || iy >= p.y.in) {
      std::fill_n(out, run, 0.0f);
    } else {
      const float* row = channel + iy * p.x.in;
      const int64_t ix = p.x.start(ox) + kx * p.x.dilation;
      const int64_t stride = p.x.stride;
      // Positions i in [inside, outside) read ix + i·stride in [0, in).
      const int64_t inside = std::clamp<int64_t>(ix >= 0 ? 0 : (-ix + stride - 1) / stride, 0, run);
      const int64_t outside = std::clamp<int64_t>(ix >= p.x.in ? 0 : (p.x.in - 1 - ix) / stride + 1, inside, run);
      std::fill_n(out, inside, 0.0f);
      if (stride == 1) {
        std::copy_n(row + ix + inside, outside - inside, out + inside);
      } else {
        for (int64_t i = inside; i < outside; ++i) out[i] = row[ix + i * stride];
      }
      std::fill_n(out + outside, run - outside, 0.0f);
    }
    out += run;
    count -= run;
    ox = 0;
    ++oy;
  }
}

class GemmConv : public PreparedKernel {
 public:
  GemmConv(const GemmKernel& kernel, ConvShape shape, Activation activation)
      : kernel_(kernel), shape_(std::move(shape)), activation_(activation) {
    plane_.x = shape_.axes.back();
    if (shape_.axes.size() == 2)
      plane_.y = shape_.axes[0];
    else
      plane_.y = {.in = 1, .out = 1};
    plane_.channels = shape_.in_channels / shape_.group;
  }

  Status run(KernelContext& context) const override {
    const int64_t positions = shape_.out_spatial();
    const int64_t k = plane_.channels * shape_.taps();
    const int64_t rows = shape_.out_channels / shape_.group;
    const int64_t panels = (positions + kernel_.columns - 1) / kernel_.columns;
    const int64_t jobs = shape_.batch * shape_.group * panels;
    if (jobs == 0 || rows == 0) return ok();
    const float* x = context.input(0).data<float>();
    const float* w = context.input(1).data<float>();
    const float* bias = context.has_input(2) ? context.input(2).data<float>() : nullptr;
    const float* residual = context.has_input(3) ? context.input(3).data<float>() : nullptr;
    float* y = context.output(0).data<float>();
    const int64_t flops = 2 * rows * k * kernel_.columns;
    std::atomic<bool> short_of_memory{false};
    context.threads().parallel_for(jobs, 250000 / std::max<int64_t>(flops, 1) + 1, [&](int64_t begin, int64_t end) {
      auto scratch = allocate_buffer(static_cast<size_t>(std::max<int64_t>(k, 1) * kernel_.columns) * sizeof(float));
      if (!scratch.ok()) {
        short_of_memory = true;
        return;
      }
      auto* panel = reinterpret_cast<float*>((*scratch)->data());
      for (int64_t job = begin; job < end; ++job) {
        const int64_t image_group = job / panels;  // (image, group), as channels lie
        const int64_t group = image_group % shape_.group;
        const int64_t first = job % panels * kernel_.columns;
        const int64_t count = std::min<int64_t>(kernel_.columns, positions - first);
        gather(x + image_group * plane_.channels * shape_.in_spatial(), first, count, panel);
        const int64_t corner = image_group * rows * positions + first;
        GemmPanel product{.m = rows,
                          .n = count,
                          .k = k,
                          .a = w + group * rows * k,
                          .lda = k,
                          .b = panel,
                          .c = y + corner,
                          .ldc = positions};
        if (bias) product.epilogue.row_bias = bias + group * rows;
        if (residual) product.epilogue.residual = residual + corner;
        set_activation(activation_, product.epilogue);
        kernel_.panel(product);
      }
    });
    if (short_of_memory) return resource_limit("no memory for a packed panel");
    return ok();
  }

 private:
  void gather(const float* channels, int64_t first, int64_t count, float* panel) const {
    const int64_t width = kernel_.panel_width(count);
    for (int64_t c = 0; c < plane_.channels; ++c, channels += shape_.in_spatial()) {
      for (int64_t ky = 0; ky < plane_.y.kernel; ++ky) {
        for (int64_t kx = 0; kx < plane_.x.kernel; ++kx, panel += width) {
          gather_row(plane_, channels, ky, kx, first, count, panel);
          std::fill(panel + count, panel + width, 0.0f);
        }
      }
    }
  }

  const GemmKernel& kernel_;
  ConvShape shape_;
  Plane plane_;
  Activation activation_;
};

Result<std::unique_ptr<PreparedKernel>> prepare_with(const KernelQuery& query, const Activation& activation) {
  THANE_ASSIGN(ConvShape shape, resolve_conv(query.node.attrs_as<ConvAttrs>(), to_numbers(*query.inputs[0]->dims),
                                             to_numbers(*query.inputs[1]->dims)));
  return std::unique_ptr<PreparedKernel>(new GemmConv(gemm_kernel(query.isa), std::move(shape), activation));
}

Result<std::unique_ptr<PreparedKernel>> prepare(const KernelQuery& query) { return prepare_with(query, {}); }

Result<std::unique_ptr<PreparedKernel>> prepare_fused(const KernelQuery& query) {
  return prepare_with(query, query.node.attrs_as<FusedConvAttrs>().activation);
}

}  // namespace

const Kernel kGemmConv = {"conv.gemm", refuse, prepare};
const Kernel kGemmFusedConv = {"conv.gemm", refuse, prepare_fused};

}  // namespace thane
