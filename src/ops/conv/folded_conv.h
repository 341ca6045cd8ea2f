// Convolutions of few channels: the input is written out with the padding of its last axis, along which the taps with
// all their channels are one run then.
#pragma once

#include <functional>

#include "ops/conv/conv.h"
#include "ops/conv/lattice_gemm.h"

namespace thane {

// Rows of the input, padded.
struct PaddedRows {
  int64_t rows = 0;                         // of all images
  int64_t from = 0, before = 0, width = 0;  // floats of a row: of the input, in front, in all

  // One row; null: of padding alone.
  void fill_row(const float* x, float* to) const;
  void fill(const float* x, float* padded, ThreadPool& threads) const;
};

struct FoldedConv {
  PaddedRows padding;
  LatticeGemm gemm;  // of padded rows
};

// Whether that pays. Sums for few outputs are made by vectors of channels, which should be full.
bool folds(const ConvShape& shape);
// `weights` are the constant [out][in][kernel…] of the query's node.
Result<FoldedConv> fold_conv(const KernelQuery& query, const ConvShape& shape, const Tensor& weights);

// The product of a lattice with a node's constant weights, which `weights` gives; it is asked only where no plan before
// this one has packed them.
Result<LatticeGemm> lattice_gemm(const KernelQuery& query, const Lattice& lattice,
                                 const std::function<Result<Tensor>()>& weights, const WeightStrides& strides,
                                 const std::vector<int64_t>& offsets);

}  // namespace thane
