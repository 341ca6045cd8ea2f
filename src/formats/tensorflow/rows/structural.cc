// Nodes that only hold something together, constants, and what training and debugging leave behind.
#include <cstring>

#include "formats/tensorflow/call.h"
#include "formats/tensorflow/tensor.h"

namespace thane::tensorflow {
namespace structural_ops {
namespace {

void pass(Call& call) {
  for (size_t i = 0; i < call.size(); ++i) call.set(i, call.item(i));
}
void pass_first(Call& call) { call.set(0, call.item(0)); }
void nothing(Call&) {}

void constant(Call& call) {
  const AttrProto* value = call.node.attr("value");
  if (!value) return call.fail(invalid_model("it has no value"));
  Tensor tensor = call.take(decode_tensor(value->text, call.frame.importer.program().source));
  if (call.failed()) return;
  if (tensor.dtype() == DType::kComplex64 || tensor.dtype() == DType::kComplex128) {
    // Pairs of reals.
    Dims dims = tensor.dims();
    dims.push_back(2);
    const DType part = tensor.dtype() == DType::kComplex64 ? DType::kFloat32 : DType::kFloat64;
    Tensor pairs = call.take(Tensor::allocate(part, dims));
    if (call.failed()) return;
    std::memcpy(pairs.raw(), tensor.raw(), pairs.size_bytes());
    return call.out_complex(0, call.builder.constant(std::move(pairs), std::string(call.node.name)));
  }
  call.out(call.builder.constant(std::move(tensor), std::string(call.node.name)));
}

void not_fed(Call& call) {
  call.fail(
      invalid_model("it is an input that the signature does not name").hinting("choose another signature or outputs"));
}

void ensure_shape(Call& call) {
  const Item& item = call.item(0);
  if (item.kind == Item::Kind::kTensor && item.edge.type().is_tensor()) {
    const auto dims = to_dims(call.shape("shape"));
    if (dims && (!item.edge.dims() || item.edge.dims()->size() == dims->size())) {
      // Told on a value of its own: the input may be looked at elsewhere, too.
      const Edge same = call.emit("Identity", {item.edge});
      if (same.present()) call.builder.declare(same, Type::tensor(same.dtype(), *dims));
      return call.out(same);
    }
  }
  call.set(0, item);
}

constexpr OpRow kRows[] = {
    {"Const", constant},
    {"HostConst", constant},
    {"Placeholder", not_fed},
    {"PlaceholderV2", not_fed},
    {"_Arg", not_fed},
    {"PlaceholderWithDefault", pass_first},
    {"Identity", pass_first},
    {"RefIdentity", pass_first},
    {"IdentityN", pass},
    {"StopGradient", pass_first},
    {"PreventGradient", pass_first},
    {"Snapshot", pass_first},
    {"DeepCopy", pass_first},
    {"GuaranteeConst", pass_first},
    {"CheckNumerics", pass_first},
    {"CheckNumericsV2", pass_first},
    {"DebugIdentity", pass_first},
    {"DebugIdentityV2", pass_first},
    {"Copy", pass_first},
    {"CopyHost", pass_first},
    {"_Retval", pass_first},
    {"ReadVariableXlaSplitND", pass_first},
    {"XlaSharding", pass_first},
    {"EnsureShape", ensure_shape},
    {"NoOp", nothing},
    {"ControlTrigger", nothing},
    {"Assert", nothing},
    {"PrintV2", nothing},
    {"Print", pass_first},
    {"ScalarSummary", nothing},
    {"HistogramSummary", nothing},
    {"MergeSummary", nothing},
    {"ConfigureDistributedTPU", nothing},
};

}  // namespace
}  // namespace structural_ops

std::span<const OpRow> structural_rows() { return structural_ops::kRows; }

}  // namespace thane::tensorflow
