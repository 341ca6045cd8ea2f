// Conv and ConvTranspose with data channels last and constant weights, as indirect matrix products.
#include <algorithm>

#include "base/unaligned.h"
#include "ir/context.h"
#include "ops/conv/conv.h"
#include "ops/conv/convolve.h"
#include "ops/conv/kernels.h"
#include "ops/conv/lattice_gemm.h"
#include "ops/packed_matrix.h"

namespace thane {
namespace {

std::string refuse_indirect(const KernelQuery& query) {
  if (query.inputs[0]->dtype != DType::kFloat32) return "dtype is not float32";
  if (query.node.attrs_as<ConvAttrs>().layout != DataLayout::kChannelsLast) return "data are channels first";
  if (!query.constants[1]) return "the weights are not constant";
  return {};
}

// Input rows with their padding written out: then the taps along the last axis, with all channels, are one run.
struct PaddedRows {
  int64_t rows = 0;                         // of all images
  int64_t from = 0, before = 0, width = 0;  // floats of a row: of the input, in front, in all

  void fill(const float* x, float* padded, ThreadPool& threads) const {
    threads.parallel_for(rows, 8192 / std::max<int64_t>(width, 1) + 1, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        float* to = padded + r * width;
        std::fill_n(to, before, 0.0f);
        std::copy_n(x + r * from, std::min(from, width - before), to + before);
        std::fill(to + std::min(width, before + from), to + width, 0.0f);
      }
    });
  }
};

class IndirectConv : public PreparedKernel {
 public:
  IndirectConv(const KernelQuery& query, std::vector<LatticeGemm> phases, const PaddedRows& padding,
               const Activation& activation)
      : phases_(std::move(phases)), padding_(padding), scratch_(query.scratch()) {
    set_activation(activation, epilogue_);
  }

  bool reads(size_t input) const override { return input != 1; }  // the weights are packed
  Status run(KernelContext& context) const override {
    const float* x = context.input(0).data<float>();
    const float* bias = context.has_input(2) ? context.input(2).data<float>() : nullptr;
    const float* residual = context.has_input(3) ? context.input(3).data<float>() : nullptr;
    float* y = context.output(0).data<float>();
    if (context.output(0).size() == 0) return ok();
    const int64_t padded_floats = padding_.rows * padding_.width;
    if (padded_floats == 0) return product(x, bias, residual, y, context.threads());
    THANE_ASSIGN(const auto padded, scratch_->take(padded_floats));
    padding_.fill(x, padded.data(), context.threads());
    return product(padded.data(), bias, residual, y, context.threads());
  }

 private:
  Status product(const float* x, const float* bias, const float* residual, float* y, ThreadPool& threads) const {
    for (const LatticeGemm& phase : phases_) {
      threads.parallel_for(phase.jobs(), phase.grain(),
                           [&](int64_t begin, int64_t end) { phase.run(begin, end, x, bias, residual, y, epilogue_); });
    }
    return ok();
  }

  std::vector<LatticeGemm> phases_;
  PaddedRows padding_;
  std::shared_ptr<ScratchPool> scratch_;
  GemmEpilogue epilogue_;
};

// Few channels: the last axis is padded in memory and its taps fold into the channels. Sums for few outputs are made by
// vectors of channels, which should be full.
bool folds(const ConvShape& shape) {
  const int64_t few = shape.out_channels <= kColumnsAlongK ? kLeastAlongK : 8;
  const WindowAxis& last = shape.axes.back();
  return shape.group == 1 && shape.in_channels < few && last.kernel > 1 && last.dilation == 1;
}

PaddedRows fold_last_axis(const ConvShape& shape, Lattice& lattice) {
  const WindowAxis& last = shape.axes.back();
  const int64_t channels = shape.in_channels;
  const int64_t width = std::max(last.pad_begin + last.in, (last.out - 1) * last.stride + last.kernel);
  PaddedRows padding{
      .rows = shape.batch, .from = last.in * channels, .before = last.pad_begin * channels, .width = width * channels};
  lattice.in_channels = channels * last.kernel;
  int64_t stride = channels;
  for (size_t i = lattice.axes.size(); i-- > 0;) {
    LatticeAxis& axis = lattice.axes[i];
    const bool inner = i + 1 == lattice.axes.size();
    if (inner) {
      axis.in = width;
      axis.taps = {{0, 0}};
    } else {
      padding.rows *= axis.in;
    }
    axis.in_stride = stride;
    stride *= axis.in;
  }
  lattice.in_batch_stride = stride;
  return padding;
}

// Weights [out][in][kernel…] as [out][kernel… but the last][last · in].
Result<Tensor> fold_weights(const Tensor& weights, int64_t kernel) {
  THANE_ASSIGN(Tensor folded, Tensor::allocate(DType::kFloat32, weights.dims()));
  const int64_t out = weights.dim(0), in = weights.dim(1),
                outer = weights.size() / std::max<int64_t>(1, out * in * kernel);
  const float* from = weights.data<float>();
  for (int64_t i = 0; i < weights.size(); ++i) {
    const int64_t x = i % kernel, rest = i / kernel;
    const int64_t y = rest % outer, c = rest / outer % in, o = rest / outer / in;
    // As [out][last · in][outer]: the order LatticeGemm takes.
    folded.data<float>()[((o * kernel + x) * in + c) * outer + y] = load_unaligned(from + i);
  }
  return folded;
}

// `weights` gives a Result<Tensor>; it is asked only where no plan before this one has packed them.
template <class Weights>
Result<LatticeGemm> make_gemm(const KernelQuery& query, const Lattice& lattice, const Weights& weights,
                              const WeightStrides& strides, const std::vector<int64_t>& offsets) {
  const GemmKernel& kernel = gemm_for_weights(query, lattice.in_channels, lattice.out_channels);
  std::string form = "lattice";
  for (int64_t offset : offsets) form += ' ' + std::to_string(offset);
  THANE_ASSIGN(Tensor packed, query.shared<Tensor>(form, [&]() -> Result<Tensor> {
    THANE_ASSIGN(const Tensor plain, weights());
    return LatticeGemm::pack(query, kernel, lattice, plain.template data<float>(), strides, offsets);
  }));
  return LatticeGemm::make(kernel, lattice, std::move(packed));
}

Result<std::unique_ptr<PreparedKernel>> prepare_with_indirect(const KernelQuery& query, const Activation& activation) {
  const Tensor& weights = *query.constants[1];
  THANE_ASSIGN(ConvShape shape,
               resolve_conv(query.node.attrs_as<ConvAttrs>(), to_numbers(*query.inputs[0]->dims), weights.dims()));
  Lattice lattice = conv_lattice(shape);
  std::vector<LatticeGemm> phases;
  PaddedRows padding;
  if (folds(shape)) {
    padding = fold_last_axis(shape, lattice);
    std::vector<WindowAxis> axes = shape.axes;
    axes.back().kernel = 1;
    const int64_t outer = shape.taps() / shape.axes.back().kernel;
    const WeightStrides strides{lattice.in_channels * outer, outer, 0};
    const auto folded = [&] { return fold_weights(weights, shape.axes.back().kernel); };
    THANE_ASSIGN(LatticeGemm gemm, make_gemm(query, lattice, folded, strides, kernel_offsets(lattice, axes)));
    phases.push_back(std::move(gemm));
  } else {
    const int64_t taps = shape.taps();
    const WeightStrides strides{lattice.in_channels * taps, taps, lattice.out_channels * lattice.in_channels * taps};
    const auto plain = [&]() -> Result<Tensor> { return weights; };
    THANE_ASSIGN(LatticeGemm gemm, make_gemm(query, lattice, plain, strides, kernel_offsets(lattice, shape.axes)));
    phases.push_back(std::move(gemm));
  }
  return std::unique_ptr<PreparedKernel>(new IndirectConv(query, std::move(phases), padding, activation));
}

Result<std::unique_ptr<PreparedKernel>> prepare_indirect(const KernelQuery& query) {
  return prepare_with_indirect(query, {});
}

Result<std::unique_ptr<PreparedKernel>> prepare_fused_indirect(const KernelQuery& query) {
  return prepare_with_indirect(query, query.node.attrs_as<FusedConvAttrs>().activation);
}

// Every phase of the strides is a convolution of its own. Outputs of phases no tap meets would keep old memory.
std::string refuse_transposed(const KernelQuery& query) {
  if (std::string reason = refuse_indirect(query); !reason.empty()) return reason;
  const auto shape =
      resolve_conv_transpose(query.node.attrs_as<ConvTransposeAttrs>(), *query.inputs[0]->dims, *query.inputs[1]->dims);
  if (!shape.ok()) return "the shapes do not settle";
  int64_t phases = 1;
  for (const WindowAxis& axis : shape->axes) phases *= std::min(axis.stride, axis.out);
  if (static_cast<int64_t>(transposed_lattices(*shape).size()) != phases) return "some outputs see no input";
  return {};
}

Result<std::unique_ptr<PreparedKernel>> prepare_transposed(const KernelQuery& query) {
  THANE_ASSIGN(const ConvShape shape, resolve_conv_transpose(query.node.attrs_as<ConvTransposeAttrs>(),
                                                             *query.inputs[0]->dims, *query.inputs[1]->dims));
  const int64_t taps = shape.taps(), out = shape.out_channels / shape.group, in = shape.in_channels / shape.group;
  const WeightStrides strides{taps, out * taps, in * out * taps};
  std::vector<LatticeGemm> phases;
  for (const Lattice& lattice : transposed_lattices(shape)) {
    const auto plain = [&]() -> Result<Tensor> { return *query.constants[1]; };
    THANE_ASSIGN(LatticeGemm gemm, make_gemm(query, lattice, plain, strides, kernel_offsets(lattice, shape.axes)));
    phases.push_back(std::move(gemm));
  }
  return std::unique_ptr<PreparedKernel>(new IndirectConv(query, std::move(phases), {}, {}));
}

}  // namespace

const Kernel kIndirectConv = {"conv.indirect", refuse_indirect, prepare_indirect, input_bit(1)};
const Kernel kIndirectFusedConv = {"conv.indirect", refuse_indirect, prepare_fused_indirect, input_bit(1)};
const Kernel kIndirectConvTranspose = {"conv_transpose.indirect", refuse_transposed, prepare_transposed, input_bit(1)};

}  // namespace thane
