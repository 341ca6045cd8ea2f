// Conv and ConvTranspose with data channels last and constant weights, as indirect matrix products.
#include <algorithm>

#include "ir/context.h"
#include "ops/conv/conv.h"
#include "ops/conv/convolve.h"
#include "ops/conv/folded_conv.h"
#include "ops/conv/kernels.h"

namespace thane {
namespace {

std::string refuse_indirect(const KernelQuery& query) {
  if (query.inputs[0]->dtype != DType::kFloat32) return "dtype is not float32";
  if (query.node.attrs_as<ConvAttrs>().layout != DataLayout::kChannelsLast) return "data are channels first";
  if (!query.constants[1]) return "the weights are not constant";
  return {};
}

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

Result<std::unique_ptr<PreparedKernel>> prepare_with_indirect(const KernelQuery& query, const Activation& activation) {
  const Tensor& weights = *query.constants[1];
  THANE_ASSIGN(ConvShape shape,
               resolve_conv(query.node.attrs_as<ConvAttrs>(), to_numbers(*query.inputs[0]->dims), weights.dims()));
  std::vector<LatticeGemm> phases;
  PaddedRows padding;
  if (folds(shape)) {
    THANE_ASSIGN(FoldedConv folded, fold_conv(query, shape, weights));
    padding = folded.padding;
    phases.push_back(std::move(folded.gemm));
  } else {
    const Lattice lattice = conv_lattice(shape);
    const int64_t taps = shape.taps();
    const WeightStrides strides{lattice.in_channels * taps, taps, lattice.out_channels * lattice.in_channels * taps};
    const auto plain = [&]() -> Result<Tensor> { return weights; };
    THANE_ASSIGN(LatticeGemm gemm, lattice_gemm(query, lattice, plain, strides, kernel_offsets(lattice, shape.axes)));
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
    THANE_ASSIGN(LatticeGemm gemm, lattice_gemm(query, lattice, plain, strides, kernel_offsets(lattice, shape.axes)));
    phases.push_back(std::move(gemm));
  }
  return std::unique_ptr<PreparedKernel>(new IndirectConv(query, std::move(phases), {}, {}));
}

}  // namespace

const Kernel kIndirectConv = {"conv.indirect", refuse_indirect, prepare_indirect, input_bit(1)};
const Kernel kIndirectFusedConv = {"conv.indirect", refuse_indirect, prepare_fused_indirect, input_bit(1)};
const Kernel kIndirectConvTranspose = {"conv_transpose.indirect", refuse_transposed, prepare_transposed, input_bit(1)};

}  // namespace thane
