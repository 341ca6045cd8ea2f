// Calls of functions, and control flow of the second kind: functions as branches and bodies.
#include "base/format.h"
#include "formats/tensorflow/call.h"
#include "formats/tensorflow/structure.h"

namespace thane::tensorflow {
namespace control_ops {
namespace {

std::vector<Item> items_from(Call& call, size_t first) {
  std::vector<Item> items;
  for (size_t i = first; i < call.size(); ++i) items.push_back(call.item(i));
  return items;
}

void deliver(Call& call, Result<std::vector<Item>> results) {
  if (!results.ok()) return call.fail(std::move(results).error());
  call.outputs = std::move(*results);
}

void partitioned_call(Call& call) {
  Frame& frame = call.frame;
  deliver(call, frame.importer.call(call.function("f"), items_from(call, 0), frame.builder, frame.scope, frame.depth));
}

// Which branch, when that is known already.
std::optional<int64_t> chosen(const Edge& condition) {
  const Tensor* known = condition.present() ? condition.known() : nullptr;
  if (!known || known->size() != 1 || known->dtype() == DType::kString) return std::nullopt;
  return known->dtype() == DType::kFloat32 || known->dtype() == DType::kFloat64 ? int64_t{known->as_double(0) != 0}
                                                                                : known->as_int64(0);
}

void branches(Call& call, Edge condition, const std::vector<std::string_view>& functions, bool boolean) {
  Frame& frame = call.frame;
  const std::vector<Item> arguments = items_from(call, 1);
  if (call.failed()) return;
  if (functions.empty()) return call.fail(invalid_model("it has no branches"));
  if (const auto known = chosen(condition)) {
    const auto last = static_cast<int64_t>(functions.size()) - 1;
    const int64_t index = boolean ? *known != 0 : *known < 0 || *known > last ? last : *known;
    return deliver(call, frame.importer.call(functions[static_cast<size_t>(index)], arguments, frame.builder,
                                             frame.scope, frame.depth));
  }
  if (boolean && condition.dtype() != DType::kBool) condition = call.cast(condition, DType::kBool);
  std::vector<BranchBody> bodies;
  for (size_t i = 0; i < functions.size(); ++i) {
    bodies.push_back({static_cast<int64_t>(i), [&, i](GraphBuilder& builder, StateScope& scope) {
                        return frame.importer.call(functions[i], arguments, builder, scope, frame.depth + 1);
                      }});
  }
  deliver(call, emit_branches(frame, condition, bodies, std::string(call.node.name)));
}

void if_op(Call& call) {
  branches(call, call.in(0), {call.function("else_branch"), call.function("then_branch")}, true);
}
void case_op(Call& call) {
  const AttrProto* list = call.node.attr("branches");
  std::vector<std::string_view> functions;
  if (list) functions.assign(list->texts.begin(), list->texts.end());
  branches(call, call.in(0), functions, false);
}

// Which arguments of a loop's body are its results of the same place.
std::vector<bool> unchanged(const Body& body) {
  std::vector<bool> same(body.results.size(), false);
  for (size_t i = 0; i < body.results.size(); ++i) {
    Ref ref = body.results[i];
    for (int step = 0; step < 64 && body.op(ref.node) == "Identity" && !body.nodes[ref.node].inputs.empty(); ++step) {
      ref = body.nodes[ref.node].inputs[0];
    }
    same[i] = ref.node == i && i < body.arguments;
  }
  return same;
}

void while_op(Call& call) {
  Frame& frame = call.frame;
  const std::string_view condition = call.function("cond"), step = call.function("body");
  const Body* function = call.take(frame.importer.program().function(step));
  if (call.failed()) return;
  if (!function || function->results.size() != call.size())
    return call.fail(invalid_model("its body does not deliver what it takes"));
  const LoopBody body{
      .condition = [&](GraphBuilder& builder, StateScope& scope, const std::vector<Item>& values) -> Result<Item> {
        THANE_ASSIGN(const std::vector<Item> results,
                     frame.importer.call(condition, values, builder, scope, frame.depth + 1));
        if (results.empty()) return invalid_model("the condition delivers nothing");
        return results[0];
      },
      .step =
          [&](GraphBuilder& builder, StateScope& scope, const std::vector<Item>& values) {
            return frame.importer.call(step, values, builder, scope, frame.depth + 1);
          },
      .invariant = unchanged(*function)};
  deliver(call, emit_loop(frame, items_from(call, 0), body, std::string(call.node.name)));
}

constexpr OpRow kRows[] = {
    {"PartitionedCall", partitioned_call},
    {"StatefulPartitionedCall", partitioned_call},
    {"TPUPartitionedCall", partitioned_call},
    {"If", if_op},
    {"StatelessIf", if_op},
    {"Case", case_op},
    {"StatelessCase", case_op},
    {"While", while_op},
    {"StatelessWhile", while_op},
};

}  // namespace
}  // namespace control_ops

std::span<const OpRow> control_rows() { return control_ops::kRows; }

}  // namespace thane::tensorflow
