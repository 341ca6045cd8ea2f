// Einsum by pairwise contraction: of all pairs the one with the smallest result goes first, and an index leaves the sum
// as soon as nothing else needs it. Each contraction is one batched matrix product.
#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "base/checked.h"
#include "base/format.h"
#include "kernels/copy.h"
#include "kernels/matmul.h"
#include "ops/matmul/einsum_equation.h"
#include "ops/matmul/matmul.h"
#include "ops/widen.h"

namespace thane {
namespace {

constexpr size_t kMostOrdered = 24;          // operands; beyond, pairs are taken from left to right
constexpr int64_t kOffsetsAtOnce = 1 << 16;  // bounds the memory that offsets take

using Labels = std::vector<EinsumLabel>;
using Sizes = std::map<EinsumLabel, int64_t>;

bool contains(const Labels& labels, EinsumLabel label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

// A tensor whose axes carry labels, each label once. Axes of size 1 are left out: they broadcast.
struct Operand {
  Tensor data;
  Labels labels;
  Dims strides;

  int64_t stride_of(EinsumLabel label) const {
    const auto found = std::find(labels.begin(), labels.end(), label);
    return found == labels.end() ? 0 : strides[static_cast<size_t>(found - labels.begin())];
  }
};

Operand as_operand(Tensor tensor, const Labels& labels) {
  Operand out;
  const Dims strides = row_major_strides(tensor.dims());
  for (size_t i = 0; i < labels.size(); ++i) {
    if (tensor.dim(i) == 1) continue;
    const auto found = std::find(out.labels.begin(), out.labels.end(), labels[i]);
    if (found != out.labels.end()) {  // the same letter twice: the diagonal
      out.strides[static_cast<size_t>(found - out.labels.begin())] += strides[i];
    } else {
      out.labels.push_back(labels[i]);
      out.strides.push_back(strides[i]);
    }
  }
  out.data = std::move(tensor);
  return out;
}

Result<int64_t> size_of(const Labels& labels, const Sizes& sizes) {
  Dims dims;
  for (EinsumLabel label : labels) dims.push_back(sizes.at(label));
  if (const auto size = checked_product(dims)) return *size;
  return resource_limit(format("an intermediate result would have the shape {}", to_string(dims)));
}

class Contraction {
 public:
  Contraction(Sizes sizes, Labels output, ThreadPool& threads)
      : sizes_(std::move(sizes)), output_(std::move(output)), threads_(threads) {}

  Result<Operand> run(std::vector<Operand> operands) {
    while (operands.size() > 1) {
      const auto [i, j] = operands.size() <= kMostOrdered ? cheapest_pair(operands) : std::pair<size_t, size_t>{0, 1};
      Operand left = std::move(operands[i]), right = std::move(operands[j]);
      operands.erase(operands.begin() + static_cast<ptrdiff_t>(j));
      operands.erase(operands.begin() + static_cast<ptrdiff_t>(i));
      const std::set<EinsumLabel> later = needed_by(operands);
      THANE_ASSIGN(left, sum_out(std::move(left), later, right.labels));
      THANE_ASSIGN(right, sum_out(std::move(right), later, left.labels));
      THANE_ASSIGN(Operand product, multiply(left, right, later));
      operands.push_back(std::move(product));
    }
    return sum_out(std::move(operands[0]), needed_by({}), {});
  }

 private:
  std::set<EinsumLabel> needed_by(const std::vector<Operand>& operands) const {
    std::set<EinsumLabel> needed(output_.begin(), output_.end());
    for (const Operand& operand : operands) needed.insert(operand.labels.begin(), operand.labels.end());
    return needed;
  }

  std::pair<size_t, size_t> cheapest_pair(const std::vector<Operand>& operands) const {
    std::map<EinsumLabel, int> uses;
    for (EinsumLabel label : output_) ++uses[label];
    for (const Operand& operand : operands) {
      for (EinsumLabel label : operand.labels) ++uses[label];
    }
    std::pair<size_t, size_t> best{0, 1};
    double best_size = std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < operands.size(); ++i) {
      for (size_t j = i + 1; j < operands.size(); ++j) {
        double size = 1;
        for (EinsumLabel label : operands[i].labels) {
          const bool both = contains(operands[j].labels, label);
          if (uses[label] > (both ? 2 : 1)) size *= static_cast<double>(sizes_.at(label));
        }
        for (EinsumLabel label : operands[j].labels) {
          if (!contains(operands[i].labels, label) && uses[label] > 1) size *= static_cast<double>(sizes_.at(label));
        }
        if (size < best_size) best_size = size, best = {i, j};
      }
    }
    return best;
  }

  // Sums over what neither `later` nor `partner` has: the product with a scalar one.
  Result<Operand> sum_out(Operand operand, const std::set<EinsumLabel>& later, const Labels& partner) {
    std::set<EinsumLabel> keep = later;
    keep.insert(partner.begin(), partner.end());
    const bool all = std::all_of(operand.labels.begin(), operand.labels.end(),
                                 [&](EinsumLabel label) { return keep.contains(label); });
    if (all) return operand;
    Operand one;
    THANE_ASSIGN(one.data, Tensor::allocate(operand.data.dtype(), {}));
    dispatch_numeric(one.data.dtype(), [&]<class T>() { *one.data.data<T>() = T(1); });
    return multiply(operand, one, keep);
  }

  // The operand's elements in the order of `labels`, contiguous.
  Result<Tensor> gather(const Operand& operand, const Labels& labels) {
    Dims dims, strides;
    for (EinsumLabel label : labels) {
      dims.push_back(sizes_.at(label));
      strides.push_back(operand.stride_of(label));
    }
    const Dims contiguous = row_major_strides(dims);
    if (strides == contiguous) return operand.data;
    THANE_ASSIGN(Tensor out, Tensor::allocate(operand.data.dtype(), dims));
    copy_strided(out.dtype(), dims, operand.data.raw(), strides, out.raw(), contiguous, threads_);
    return out;
  }

  // Labels of both that are kept are the batch; kept ones of one side its free axes; the others are summed over.
  Result<Operand> multiply(const Operand& left, const Operand& right, const std::set<EinsumLabel>& keep) {
    Labels batch, rows, cols, depth;
    for (EinsumLabel label : left.labels) {
      const bool both = contains(right.labels, label);
      (!keep.contains(label) ? depth : both ? batch : rows).push_back(label);
    }
    for (EinsumLabel label : right.labels) {
      if (!contains(left.labels, label)) (keep.contains(label) ? cols : depth).push_back(label);
    }
    const auto joined = [](std::initializer_list<const Labels*> parts) {
      Labels all;
      for (const Labels* part : parts) all.insert(all.end(), part->begin(), part->end());
      return all;
    };
    THANE_ASSIGN(const Tensor a, gather(left, joined({&batch, &rows, &depth})));
    THANE_ASSIGN(const Tensor b, gather(right, joined({&batch, &depth, &cols})));
    Operand out;
    out.labels = joined({&batch, &rows, &cols});
    Dims dims;
    for (EinsumLabel label : out.labels) dims.push_back(sizes_.at(label));
    out.strides = row_major_strides(dims);
    THANE_ASSIGN(out.data, Tensor::allocate(left.data.dtype(), dims));
    THANE_ASSIGN(const int64_t count, size_of(batch, sizes_));
    MatmulProblem p;
    p.dtype = out.data.dtype();
    THANE_ASSIGN(p.m, size_of(rows, sizes_));
    THANE_ASSIGN(p.n, size_of(cols, sizes_));
    THANE_ASSIGN(p.k, size_of(depth, sizes_));
    p.a = a.raw();
    p.a_row = p.k;
    p.b = b.raw();
    p.b_row = p.n;
    p.c = out.data.raw();
    p.c_row = p.n;
    if (out.data.size() == 0) return out;
    std::vector<MatmulOffsets> offsets;
    for (int64_t first = 0; first < count; first += kOffsetsAtOnce) {
      offsets.clear();
      for (int64_t i = first; i < std::min(first + kOffsetsAtOnce, count); ++i) {
        offsets.push_back({i * p.m * p.k, i * p.k * p.n, i * p.m * p.n});
      }
      matmul(p, offsets, threads_);
    }
    return out;
  }

  Sizes sizes_;
  Labels output_;
  ThreadPool& threads_;
};

Status merge_size(Dim& have, const Dim& next, EinsumLabel label) {
  if (next.is_number(1) || have == next) return ok();
  if (have.is_number() && next.is_number() && !have.is_number(1)) {
    const std::string name = label < kEllipsisLabel ? std::string(1, static_cast<char>(label)) : "...";
    return invalid_model(format("index '{}' has the sizes {} and {}", name, have.number(), next.number()));
  }
  if (have.is_number(1) || next.is_number())
    have = next;
  else if (!have.is_number())
    have = Dim::unknown();
  return ok();
}

}  // namespace

Status infer_einsum(InferContext& context) {
  std::vector<size_t> ranks;
  for (size_t i = 0; i < context.num_inputs(); ++i) {
    if (!context.dims(i)) return context.set(0, context.dtype(0)), ok();
    ranks.push_back(context.dims(i)->size());
  }
  THANE_ASSIGN(const EinsumTerms terms, parse_einsum(context.attrs<EinsumAttrs>().equation, ranks));
  std::map<EinsumLabel, Dim> sizes;
  for (size_t i = 0; i < ranks.size(); ++i) {
    for (size_t axis = 0; axis < ranks[i]; ++axis) {
      const EinsumLabel label = terms.inputs[i][axis];
      THANE_TRY(merge_size(sizes.try_emplace(label, Dim(1)).first->second, (*context.dims(i))[axis], label));
    }
  }
  SymDims out;
  for (EinsumLabel label : terms.output) out.push_back(sizes.at(label));
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_einsum(KernelContext& context) {
  std::vector<size_t> ranks;
  for (size_t i = 0; i < context.num_inputs(); ++i) ranks.push_back(context.input(i).rank());
  THANE_ASSIGN(const EinsumTerms terms, parse_einsum(context.attrs<EinsumAttrs>().equation, ranks));
  Tensor& output = context.output(0);
  if (output.size() == 0) return ok();
  Sizes sizes;
  std::vector<Operand> operands;
  for (size_t i = 0; i < ranks.size(); ++i) {
    THANE_ASSIGN(Tensor wide, widened(context.input(i), context.threads()));
    for (size_t axis = 0; axis < ranks[i]; ++axis) {
      int64_t& size = sizes.try_emplace(terms.inputs[i][axis], 1).first->second;
      if (wide.dim(axis) != 1) size = wide.dim(axis);
    }
    operands.push_back(as_operand(std::move(wide), terms.inputs[i]));
  }
  THANE_ASSIGN(const Operand result, Contraction(sizes, terms.output, context.threads()).run(std::move(operands)));
  Dims strides;
  for (EinsumLabel label : terms.output) strides.push_back(result.stride_of(label));
  const bool same = result.data.dtype() == output.dtype();
  Tensor ordered = output;
  if (!same) {
    THANE_ASSIGN(ordered, Tensor::allocate(result.data.dtype(), output.dims()));
  }
  copy_strided(ordered.dtype(), output.dims(), result.data.raw(), strides, ordered.raw(),
               row_major_strides(output.dims()), context.threads());
  if (!same) narrow(ordered, output, context.threads());
  return ok();
}

}  // namespace thane
