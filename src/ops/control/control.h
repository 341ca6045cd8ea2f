// Control flow: ops that run subgraphs. Semantics are those of ONNX opset 27.
#pragma once

#include "ir/context.h"

namespace thane {

struct ScanAttrs : Attrs {
  int64_t num_scan_inputs = 0;
  Dims input_axes, output_axes;              // empty: all 0
  Dims input_directions, output_directions;  // empty: all forward (0); 1: backward
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.required("num_scan_inputs", self.num_scan_inputs);
    v("scan_input_axes", self.input_axes);
    v("scan_output_axes", self.output_axes);
    v("scan_input_directions", self.input_directions);
    v("scan_output_directions", self.output_directions);
  }
};

struct AssertAttrs : Attrs {
  std::string message;  // what to say when it does not hold
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.required("message", self.message);
  }
};

// assert.cc
Status infer_assert(InferContext& context);
Status eval_assert(KernelContext& context);

// if.cc
Status infer_if(InferContext& context);
Status eval_if(KernelContext& context);

// loop.cc
Status infer_loop(InferContext& context);
Status eval_loop(KernelContext& context);

// scan.cc
Status infer_scan(InferContext& context);
Status eval_scan(KernelContext& context);

// sequence_map.cc
Status infer_sequence_map(InferContext& context);
Status eval_sequence_map(KernelContext& context);

// body.cc: what Loop and Scan share.

// Output types of body 0 when its inputs [first, first + count) are carried from its outputs [first_output, …) of the
// step before. `inputs` holds the types of the first step; dimensions that change from step to step become unknown in
// it.
Result<std::vector<Type>> infer_carried(InferContext& context, std::vector<Type>& inputs, size_t first, size_t count,
                                        size_t first_output);

// The outputs of one step of body 0; an error when it does not give `count`.
Result<std::vector<Value>> run_body(KernelContext& context, std::span<const Value> inputs, size_t count);

// A carried value must keep its kind and dtype.
Status check_carried(const Value& before, const Value& after, size_t index);

// The declared or inferred type of output `i` of body 0.
const Type& body_output_type(const Node& node, size_t i);

// Collects what the steps give for one scan output: tensors of one shape, stacked along a new axis 0. Memory grows with
// what is there, whatever the trip count promises.
class Stack {
 public:
  Status push(const Value& value);
  int64_t count() const { return count_; }
  // [count, …]; when nothing came, dimensions that `element` does not tell are 0.
  Result<Tensor> finish(const Type& element) const;

 private:
  Tensor all_;  // room for at least count_ tensors
  Dims dims_;   // of one
  int64_t count_ = 0;
};

}  // namespace thane
