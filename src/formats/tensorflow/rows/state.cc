// Variables of both kinds, checkpoints' restore ops, and optimizers' steps.
#include "base/format.h"
#include "formats/tensorflow/call.h"
#include "formats/tensorflow/tensor.h"

namespace thane::tensorflow {
namespace state_ops {
namespace {

std::string resource_name(const Call& call) {
  const std::string shared = call.s("shared_name");
  return shared.empty() || shared == "cd2c89b7-88b7-44c8-ad83-06c2a9158347" ? std::string(call.node.name) : shared;
}

void variable(Call& call) {
  const uint32_t id = call.frame.importer.variable_id(resource_name(call), call.type("dtype"), call.shape("shape"));
  call.set(0, Item::handle(Item::Kind::kVariable, id));
}

bool is_variable(Call& call, size_t i = 0) {
  if (call.item(i).kind == Item::Kind::kVariable) return true;
  if (!call.failed()) call.fail(invalid_model(format("its input {} is no variable", i)));
  return false;
}

void read(Call& call) { call.out(call.in(0)); }

// TF1's ops hand the variable on; the newer ones deliver nothing.
void deliver(Call& call, const Edge& value) {
  call.frame.importer.assign(call.item(0).id, call.frame.scope, value);
  call.out(value);
}
void assign(Call& call) {
  if (is_variable(call)) deliver(call, call.in(1));
}
void assign_changed(Call& call) {
  if (is_variable(call)) deliver(call, call.emit(call.row.target, {call.in(0), call.in(1)}));
}

void scatter(Call& call) {
  if (!is_variable(call)) return;
  Edge updates = call.in(2), data = call.in(0), indices = call.to_int64(call.in(1));
  std::string reduction(call.row.target);
  if (reduction == "sub") {
    updates = call.emit("Neg", {updates});
    reduction = "add";
  }
  const bool tuples = call.node.op.find("Nd") != std::string_view::npos;
  if (!tuples) indices = call.unsqueeze(indices, {-1});
  if (!tuples && call.has_rank(updates) && call.rank(updates) == 0) {
    const Edge shape = call.concat(
        {call.emit("Shape", {indices}, {{"end", int64_t{-1}}}), call.emit("Shape", {data}, {{"start", int64_t{1}}})},
        0);
    updates = call.emit("Expand", {updates, shape});
  }
  deliver(call, call.emit("ScatterND", {data, indices, updates}, {{"reduction", reduction}}));
}

// An optimizer's step without momentum.
void gradient_descent(Call& call) {
  if (is_variable(call)) deliver(call, call.sub(call.in(0), call.mul(call.in(1), call.in(2))));
}

void is_initialized(Call& call) { call.out(call.builder.constant(Tensor::scalar<bool>(true))); }

void restore(Call& call) {
  Program& program = call.frame.importer.program();
  if (!program.checkpoint) return call.fail(invalid_model("there is no checkpoint beside the model"));
  const Edge names_edge = call.in(1), slices_edge = call.node.op == "RestoreV2" ? call.in(2) : Edge{};
  if (call.failed()) return;
  const Tensor names = call.take(call.frame.importer.compute(names_edge));
  if (call.failed()) return;
  if (names.dtype() != DType::kString) return call.fail(invalid_model("its tensor names are no strings"));
  for (int64_t i = 0; i < names.size() && !call.failed(); ++i) {
    const std::string& name = names.data<std::string>()[i];
    if (!program.checkpoint->contains(name)) continue;  // optimizers' slots are sometimes missing
    auto value = program.checkpoint->read(name);
    if (!value.ok()) return call.fail(std::move(value).error());
    call.out(static_cast<size_t>(i), call.builder.constant(std::move(*value), name));
  }
  static_cast<void>(slices_edge);
}

void variable_shape(Call& call) {
  call.out(call.cast(call.shape_of(call.in(0)), call.type("out_type", DType::kInt32)));
}

void nothing(Call&) {}

constexpr OpRow kRows[] = {
    {"VarHandleOp", variable},
    {"VariableV2", variable},
    {"Variable", variable},
    {"AutoReloadVariable", variable},
    {"ReadVariableOp", read},
    {"DisableCopyOnRead", nothing},
    {"VariableShape", variable_shape},
    {"VarIsInitializedOp", is_initialized},
    {"IsVariableInitialized", is_initialized},
    {"DestroyResourceOp", nothing},
    {"Assign", assign},
    {"AssignVariableOp", assign},
    {"AssignAdd", assign_changed, "Add"},
    {"AssignAddVariableOp", assign_changed, "Add"},
    {"AssignSub", assign_changed, "Sub"},
    {"AssignSubVariableOp", assign_changed, "Sub"},
    {"ScatterUpdate", scatter, "none"},
    {"ScatterAdd", scatter, "add"},
    {"ScatterSub", scatter, "sub"},
    {"ScatterNdUpdate", scatter, "none"},
    {"ScatterNdAdd", scatter, "add"},
    {"ResourceScatterUpdate", scatter, "none"},
    {"ResourceScatterAdd", scatter, "add"},
    {"ResourceScatterSub", scatter, "sub"},
    {"ResourceScatterMul", scatter, "mul"},
    {"ResourceScatterMax", scatter, "max"},
    {"ResourceScatterMin", scatter, "min"},
    {"ResourceScatterNdUpdate", scatter, "none"},
    {"ResourceScatterNdAdd", scatter, "add"},
    {"ResourceScatterNdSub", scatter, "sub"},
    {"ApplyGradientDescent", gradient_descent},
    {"ResourceApplyGradientDescent", gradient_descent},
    {"RestoreV2", restore},
    {"Restore", restore},
    {"RestoreSlice", restore},
};

}  // namespace
}  // namespace state_ops

std::span<const OpRow> state_rows() { return state_ops::kRows; }

}  // namespace thane::tensorflow
