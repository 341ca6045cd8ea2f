// Products of matrices and what is built on them.
#pragma once

#include "ir/context.h"
#include "ops/activation.h"

namespace thane {

struct GemmAttrs : Attrs {
  float alpha = 1;
  float beta = 1;
  bool trans_a = false;
  bool trans_b = false;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("alpha", self.alpha);
    v("beta", self.beta);
    v("transA", self.trans_a);
    v("transB", self.trans_b);
  }
};

// Made by passes: Y = activation(Gemm(A, B, C)).
struct FusedGemmAttrs : GemmAttrs {
  Activation activation;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    GemmAttrs::fields(self, v);
    Activation::fields(self.activation, v);
  }
};

// Made by passes: Y = activation(MatMul(A, B) + bias + residual). bias is a row [n], residual a tensor shaped like Y;
// either may be absent.
struct FusedMatMulAttrs : Attrs {
  Activation activation;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    Activation::fields(self.activation, v);
  }
};

struct EinsumAttrs : Attrs {
  std::string equation;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.required("equation", self.equation);
  }
};

// numpy.matmul: the last two axes multiply, the others broadcast; a vector is a row on the left, a column on the right.
Status infer_matmul(InferContext& context);
Status eval_matmul(KernelContext& context);
// The same for the relatives of MatMul: the product's shape (checks what is known), and the product itself. All three
// tensors have the same dtype; integers wrap.
Result<SymDims> matmul_dims(SymDims a, SymDims b);
void multiply(const Tensor& left, const Tensor& right, const Tensor& product, ThreadPool& threads);

// Y = alpha · A' · B' + beta · C, where A' is A or its transpose, and C broadcasts to Y.
Status infer_gemm(InferContext& context);
Status eval_gemm(KernelContext& context);

Status infer_einsum(InferContext& context);
Status eval_einsum(KernelContext& context);

// Determinants of square matrices [*, n, n] → [*].
Status infer_det(InferContext& context);
Status eval_det(KernelContext& context);

Status eval_fused_gemm(KernelContext& context);
Status infer_fused_matmul(InferContext& context);
Status eval_fused_matmul(KernelContext& context);

}  // namespace thane
