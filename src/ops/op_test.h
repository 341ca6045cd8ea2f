// For unit tests: one op, run or inferred by itself.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>

#include "ops/evaluate.h"
#include "ops/table.h"

namespace thane::testing {

template <class T>
Tensor tensor(const Dims& dims, std::initializer_list<T> values) {
  Tensor out = Tensor::must_allocate(kDTypeOf<T>, dims);
  EXPECT_EQ(out.size(), static_cast<int64_t>(values.size()));
  std::copy(values.begin(), values.end(), out.data<T>());
  return out;
}
inline Tensor ints(std::initializer_list<int64_t> values) {
  return tensor<int64_t>({static_cast<int64_t>(values.size())}, values);
}
inline Tensor strings(const Dims& dims, std::initializer_list<const char*> values) {
  Tensor out = Tensor::must_allocate(DType::kString, dims);
  std::copy(values.begin(), values.end(), out.data<std::string>());
  return out;
}
// 0, 1, 2, … in that shape.
template <class T>
Tensor counting(const Dims& dims) {
  Tensor out = Tensor::must_allocate(kDTypeOf<T>, dims);
  for (int64_t i = 0; i < out.size(); ++i) out.data<T>()[i] = static_cast<T>(i);
  return out;
}

// OpCase("Gather").input(data).input(indices).attr("axis", 1).run()
class OpCase {
 public:
  explicit OpCase(std::string_view name, Domain domain = Domain::kOnnx) : op_(find_op(domain, name)) {
    EXPECT_NE(op_, nullptr) << name;
  }
  OpCase& attr(const std::string& name, AttrValue value) { return attrs_[name] = std::move(value), *this; }
  OpCase& attr(const std::string& name, int value) { return attr(name, AttrValue(int64_t{value})); }
  OpCase& attr(const std::string& name, const char* value) { return attr(name, AttrValue(std::string(value))); }
  OpCase& input(Value value) { return inputs_.push_back(std::move(value)), present_.push_back(true), *this; }
  OpCase& absent() { return inputs_.emplace_back(), present_.push_back(false), *this; }
  OpCase& outputs(size_t count) { return count_ = count, *this; }
  OpCase& runner(SubgraphRunner& runner) { return runner_ = &runner, *this; }
  OpCase& body(Graph graph) {
    bodies_.push_back(std::make_shared<Graph>(std::move(graph)));
    return *this;
  }

  Result<std::vector<Value>> run_all() {
    THANE_ASSIGN(Node node, make_node());
    std::vector<const Value*> pointers;
    for (size_t i = 0; i < inputs_.size(); ++i) pointers.push_back(present_[i] ? &inputs_[i] : nullptr);
    ThreadPool pool(2);
    RandomSource random{0};
    return evaluate(node, pointers, pool, runner_, random);
  }
  Result<Tensor> run() {
    THANE_ASSIGN(auto outputs, run_all());
    return outputs[0].tensor();
  }
  // The error's text; empty when there is none.
  std::string error() {
    auto outputs = run_all();
    return outputs.ok() ? "" : outputs.error().to_string();
  }
  // What inference says of the outputs when the inputs are as given here instead.
  Result<std::vector<Fact>> infer(std::vector<Fact> facts) {
    inputs_.resize(facts.size());
    present_.assign(facts.size(), true);
    THANE_ASSIGN(Node node, make_node());
    std::vector<const Fact*> pointers;
    for (const Fact& fact : facts) pointers.push_back(&fact);
    std::vector<Fact> outputs(count_);
    InferContext context(node, pointers, outputs, nullptr);
    THANE_TRY(op_->infer(context));
    return outputs;
  }

 private:
  Result<Node> make_node() {
    Node node;
    node.op = op_;
    if (op_->attrs) {
      THANE_ASSIGN(node.attrs, op_->attrs->parse(attrs_));
    }
    ValueId next = 0;
    for (size_t i = 0; i < inputs_.size(); ++i) node.inputs.push_back(present_[i] ? next++ : kNoValue);
    for (size_t i = 0; i < count_; ++i) node.outputs.push_back(next++);
    for (const auto& body : bodies_) node.subgraphs.push_back({std::make_unique<Graph>(body->clone()), {}});
    return node;
  }

  const OpDef* op_;
  AttrMap attrs_;
  std::vector<Value> inputs_;
  std::vector<bool> present_;
  std::vector<std::shared_ptr<const Graph>> bodies_;  // shared: cases are copied
  size_t count_ = 1;
  SubgraphRunner* runner_ = nullptr;
};

inline Fact dims_fact(SymDims dims, DType dtype = DType::kFloat32) {
  return {Type::tensor(dtype, std::move(dims)), std::nullopt, std::nullopt};
}
inline Fact value_fact(const Tensor& tensor) {
  return {Type::tensor(tensor.dtype(), to_symbolic(tensor.dims())), tensor, std::nullopt};
}
inline Fact shape_fact(DimValues values) {
  Fact fact = dims_fact({static_cast<int64_t>(values.size())}, DType::kInt64);
  fact.dim_values = std::move(values);
  return fact;
}

template <class T>
std::vector<T> elements(const Tensor& tensor) {
  return std::vector<T>(tensor.data<T>(), tensor.data<T>() + tensor.size());
}

// An op of thane's own domain.
inline OpCase own(std::string_view name) { return OpCase(name, Domain::kThane); }

}  // namespace thane::testing
