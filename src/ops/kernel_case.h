// For tests of kernels that are prepared from a node: the node with its operands, and its runs.
#pragma once

#include <cstring>
#include <random>

#include "ir/kernel.h"
#include "kernels/kernel_test.h"
#include "ops/op_test.h"

namespace thane::testing {

inline Tensor noise(const Dims& dims, std::mt19937& random) {
  std::uniform_real_distribution<float> values(-1, 1);
  Tensor out = Tensor::must_allocate(DType::kFloat32, dims);
  for (int64_t i = 0; i < out.size(); ++i) out.data<float>()[i] = values(random);
  return out;
}

struct KernelOperand {
  Tensor tensor;
  bool given = true, constant = false;
};

// A node with one output.
class KernelCase {
 public:
  KernelCase(std::string_view op, std::shared_ptr<const Attrs> attrs, std::vector<KernelOperand> operands,
             Domain domain = Domain::kThane)
      : operands_(std::move(operands)) {
    node_.op = find_op(domain, op);
    node_.attrs = std::move(attrs);
    for (const KernelOperand& operand : operands_) values_.emplace_back(operand.tensor);
    for (const Value& value : values_) types_.push_back(value.type());
    for (size_t i = 0; i < operands_.size(); ++i) {
      const bool given = operands_[i].given;
      node_.inputs.push_back(given ? static_cast<ValueId>(i) : kNoValue);
      inputs_.push_back(given ? &values_[i] : nullptr);
      type_pointers_.push_back(given ? &types_[i] : nullptr);
      constants_.push_back(given && operands_[i].constant ? &values_[i].tensor() : nullptr);
    }
    node_.outputs = {static_cast<ValueId>(operands_.size())};
  }
  KernelCase(const KernelCase&) = delete;
  KernelCase& operator=(const KernelCase&) = delete;

  bool given(size_t i) const { return operands_[i].given; }
  const Tensor& tensor(size_t i) const { return operands_[i].tensor; }

  // What the op's reference makes of it.
  Result<Tensor> reference() const {
    ThreadPool alone(1);
    RandomSource source{0};
    THANE_ASSIGN(const auto outputs, evaluate(node_, inputs_, alone, nullptr, source));
    return outputs[0].tensor();
  }

  // Why a kernel does not take it.
  template <class T>
  std::string refusal(const Kernel& kernel, const Dims& dims) const {
    const std::vector<Type> outputs{Type::tensor(kDTypeOf<T>, to_symbolic(dims))};
    return kernel.refuse({node_, type_pointers_, outputs, constants_, Isa::kPortable, Precision::kFp32, 1});
  }

  // What the kernel makes of it, an output of shape `dims`: the same bits for any number of threads.
  template <class T>
  void run(const Kernel& kernel, Isa isa, const Dims& dims, std::vector<T>& out,
           Precision precision = Precision::kFp32) const {
    const std::vector<Type> outputs{Type::tensor(kDTypeOf<T>, to_symbolic(dims))};
    RandomSource source{0};
    for (const int threads : {1, 2, 3, 8}) {
      const KernelQuery query{node_, type_pointers_, outputs, constants_, isa, precision, threads};
      ASSERT_EQ(kernel.refuse(query), "");
      const auto prepared = kernel.prepare(query);
      ASSERT_TRUE(prepared.ok());
      ThreadPool pool(threads);
      std::vector<Value> result{Value(Tensor::must_allocate(kDTypeOf<T>, dims))};
      KernelContext context(node_, inputs_, result, pool, nullptr, &source);
      ASSERT_TRUE((*prepared)->run(context).ok());
      const std::vector<T> got = elements<T>(result[0].tensor());
      if (threads == 1) out = got;
      ASSERT_EQ(std::memcmp(out.data(), got.data(), got.size() * sizeof(T)), 0) << threads << " threads";
    }
  }

 private:
  std::vector<KernelOperand> operands_;
  Node node_;
  std::vector<Value> values_;
  std::vector<const Value*> inputs_;
  std::vector<Type> types_;
  std::vector<const Type*> type_pointers_;
  std::vector<const Tensor*> constants_;
};

}  // namespace thane::testing
