// Convolution over a lattice, channels last, as an indirect matrix product: row i of A is the window of lattice
// position i, whose taps are runs of channels found through a table of offsets. (Dukhan 2019, The Indirect Convolution
// Algorithm.)
#pragma once

#include <vector>

#include "ir/kernel.h"
#include "kernels/gemm/tiling.h"
#include "ops/lattice.h"

namespace thane {

// The weights of one tap, input and output channel (counted over all groups): w[oc·out + ic·in + tap·1], ic counted
// within the group.
struct WeightStrides {
  int64_t out, in, group;  // elements between output channels of a group, input channels, and groups
};

class LatticeGemm {
 public:
  // Within the query's shared(): weights as make() takes them, from any address. kernel_offsets[t]: element offset of
  // tap t within one (output, input) pair.
  static Result<Tensor> pack(const KernelQuery& query, const GemmKernel& kernel, const Lattice& lattice,
                             const float* weights, const WeightStrides& strides,
                             const std::vector<int64_t>& kernel_offsets);
  static Result<LatticeGemm> make(const GemmKernel& kernel, const Lattice& lattice, Tensor packed);

  int64_t jobs() const { return lattice_.batch * lattice_.group * tiling_.jobs(); }
  int64_t grain() const { return tiling_.grain(); }
  // Runs jobs [begin, end). bias: of all output channels, or null; residual: laid out as y, or null.
  void run(int64_t begin, int64_t end, const float* x, const float* bias, const float* residual, float* y,
           const GemmEpilogue& epilogue) const;

 private:
  LatticeGemm() = default;
  // Jobs of one group of one image.
  void run_group(int64_t image_group, int64_t begin, int64_t end, const float* x, const float* bias,
                 const float* residual, float* y, const GemmEpilogue& epilogue) const;

  Lattice lattice_;
  int64_t taps_ = 0, row_stride_ = 0, out_stride_ = 0;
  std::vector<int32_t> a_offsets_, c_offsets_;  // empty: rows follow each other at row_stride_, out_stride_
  std::vector<float> zeros_;
  Tensor panels_;
  int64_t group_panels_ = 0;  // words of one group's panels
  GemmTiling tiling_;
};

// Offsets of the lattice's taps within a kernel of these sizes, in the order of TapRow.
std::vector<int64_t> kernel_offsets(const Lattice& lattice, const std::vector<WindowAxis>& axes);

}  // namespace thane
