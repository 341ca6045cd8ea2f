// Classical machine learning (ai.onnx.ml). Where the specification leaves a choice open (two classes with one column of
// scores, which label wins), these ops do what ONNX Runtime 1.32 does, because that is what the exporters were tested
// with.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ir/context.h"

namespace thane::ml {

// What happens to a row of scores at the end.
enum class PostTransform : uint8_t { kNone, kSoftmax, kLogistic, kSoftmaxZero, kProbit };
inline constexpr std::string_view kPostTransformNames[] = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"};

// How a single score becomes the two columns of a binary classifier. With LOGISTIC both ways give logistic(-s),
// logistic(s).
enum class SecondClass : uint8_t {
  kNone,        // it does not
  kComplement,  // 1 - s, s
  kOpposite,    // -s, s
};

// Writes one row: `scores` transformed to `out`, which has room for two when `second` adds a column. A single score is
// only changed by PROBIT (and by LOGISTIC when a column is added).
template <class T, class Out>
void write_scores(std::span<const T> scores, PostTransform transform, SecondClass second, Out* out);
extern template void write_scores(std::span<const float>, PostTransform, SecondClass, float*);
extern template void write_scores(std::span<const double>, PostTransform, SecondClass, float*);
extern template void write_scores(std::span<const double>, PostTransform, SecondClass, double*);

float logistic(float x);

// Class labels: strings when there are any, else int64.
struct Labels {
  std::vector<std::string> strings;
  std::vector<int64_t> ints;

  bool are_strings() const { return !strings.empty(); }
  size_t size() const { return are_strings() ? strings.size() : ints.size(); }
  DType dtype() const { return are_strings() ? DType::kString : DType::kInt64; }
  // output[row] = label `index`. Without such a label: the number itself (as text where the labels are strings).
  void write(Tensor& output, int64_t row, size_t index) const;
};

// A row-major batch of features: rows × columns. Rank 1 is one row.
struct Batch {
  Dim rows, columns;
};
// From an input of rank 1 or 2; unknown dims for unknown rank.
Result<Batch> batch_of(const InferContext& context, size_t input);
inline int64_t batch_rows(const Tensor& x) { return x.rank() == 1 ? 1 : x.dim(0); }
inline int64_t batch_columns(const Tensor& x) { return x.rank() == 1 ? x.dim(0) : x.dim(1); }

// A copy of the dims, which outlives the setting of outputs.
inline std::optional<SymDims> dims_of(const InferContext& context, size_t i) {
  return context.dims(i) ? std::optional<SymDims>(*context.dims(i)) : std::nullopt;
}

// The features as float32: the tensor's own memory when it is float32, else a converted copy in `storage`.
const float* as_floats(const Tensor& x, std::vector<float>& storage);

// Status error when `found` features do not fit `expected`; nothing is known of a symbolic dimension.
Status expect_columns(const Dim& found, int64_t expected);

// The output's memory; fresh memory where nobody wants the output.
Result<Tensor*> output_or_scratch(KernelContext& context, size_t i, DType dtype, Dims dims);

inline constexpr DTypeMask kMlNumeric = mask_of(DType::kFloat32, DType::kFloat64, DType::kInt64, DType::kInt32);
inline constexpr DTypeMask kLabelTypes = mask_of(DType::kInt64, DType::kString);

}  // namespace thane::ml
