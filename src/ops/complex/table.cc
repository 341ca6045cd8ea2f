// Complex numbers seen as pairs of real ones, and back.
#include <cstring>

#include "ir/context.h"
#include "ops/families.h"

namespace thane {
namespace {

constexpr DType pair_dtype(DType dtype) { return dtype == DType::kComplex64 ? DType::kFloat32 : DType::kFloat64; }

Status infer_view_as_real(InferContext& context) {
  std::optional<SymDims> dims;
  if (const SymDims* in = context.dims(0)) {
    dims = *in;
    dims->push_back(2);
  }
  context.set(0, pair_dtype(context.dtype(0)), dims);
  return ok();
}
Status infer_view_as_complex(InferContext& context) {
  std::optional<SymDims> dims;
  if (const SymDims* in = context.dims(0)) {
    if (in->empty()) return invalid_model("a scalar as pairs").expecting("a last axis of 2");
    if (in->back().is_number() && in->back().number() != 2) {
      return invalid_model("last axis of " + in->back().to_string()).expecting("2: real and imaginary parts");
    }
    dims = SymDims(in->begin(), in->end() - 1);
  }
  context.set(0, context.dtype(0) == DType::kFloat32 ? DType::kComplex64 : DType::kComplex128, dims);
  return ok();
}
Status eval_bytes(KernelContext& context) {
  const Tensor& in = context.input(0);
  Tensor& out = context.output(0);
  if (in.size_bytes() != out.size_bytes()) return runtime_error("the last axis is not 2");
  if (out.size_bytes() > 0) std::memcpy(out.raw(), in.raw(), out.size_bytes());
  return ok();
}

constexpr Param kComplexIn[] = {{.name = "X", .types = kComplexes}};
constexpr Param kPairsIn[] = {{.name = "X", .types = mask_of(DType::kFloat32, DType::kFloat64)}};

constexpr OpDef pairs(std::string_view name, std::span<const Param> inputs, std::span<const Param> outputs,
                      Status (*infer)(InferContext&)) {
  return {.name = name,
          .domain = Domain::kThane,
          .inputs = inputs,
          .min_inputs = 1,
          .outputs = outputs,
          .infer = infer,
          .eval = eval_bytes};
}

constexpr OpDef kOps[] = {
    pairs("ViewAsComplex", kPairsIn, kComplexIn, infer_view_as_complex),
    pairs("ViewAsReal", kComplexIn, kPairsIn, infer_view_as_real),
};

}  // namespace

std::span<const OpDef> complex_ops() { return kOps; }

}  // namespace thane
