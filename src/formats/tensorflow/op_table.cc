// All ops that are understood, by name.
#include "base/format.h"
#include "formats/tensorflow/call.h"

namespace thane::tensorflow {
namespace {

using Rows = std::span<const OpRow> (*)();
constexpr Rows kFamilies[] = {
    structural_rows, array_rows,  slice_rows,     control_rows,   elementwise_rows, math_rows,
    matmul_rows,     nn_rows,     conv_rows,      image_rows,     indexing_rows,    reduction_rows,
    state_rows,      list_rows,   string_rows,    example_rows,   random_rows,      quantize_rows,
    linalg_rows,     signal_rows, detection_rows, recurrent_rows, sparse_rows,
};

// Handled by Frame itself.
constexpr std::string_view kControlOps[] = {"Switch",   "RefSwitch", "_SwitchN",      "Merge",
                                            "RefMerge", "Enter",     "RefEnter",      "Exit",
                                            "RefExit",  "LoopCond",  "NextIteration", "RefNextIteration"};

struct Missing {
  int64_t count = 0;
  std::vector<std::string> examples;
};

// Everything below `roots` in one body, and in the functions it calls.
class Search {
 public:
  explicit Search(Program& program) : program_(program) {}

  Status visit(const Body& body, std::vector<uint32_t> pending) {
    std::vector<bool> seen(body.nodes.size(), false);
    for (uint32_t node : pending) seen[node] = true;
    while (!pending.empty()) {
      const uint32_t index = pending.back();
      pending.pop_back();
      const Body::Node& node = body.nodes[index];
      if (node.def) {
        THANE_TRY(consider(body, *node.def));
        if (node.def->op == "Assert") continue;
      }
      for (const Ref& input : node.inputs) {
        if (seen[input.node]) continue;
        seen[input.node] = true;
        pending.push_back(input.node);
      }
    }
    return ok();
  }

  std::map<std::string, Missing> missing;

 private:
  Status consider(const Body& body, const NodeDef& node) {
    const auto called = [&](std::string_view name) -> Status {
      if (!visited_.insert(name).second) return ok();
      THANE_ASSIGN(const Body* function, program_.function(name));
      if (!function) return ok();
      std::vector<uint32_t> roots;
      for (const Ref& result : function->results) roots.push_back(result.node);
      return visit(*function, std::move(roots));
    };
    if (program_.library.find(node.op)) return called(node.op);
    for (const auto& [name, attr] : node.attrs) {
      if (attr.kind == AttrProto::Kind::kFunction) THANE_TRY(called(attr.text));
      if (name == "branches")
        for (Bytes branch : attr.texts) THANE_TRY(called(branch));
    }
    if (op_rows().contains(node.op) || std::ranges::find(kControlOps, node.op) != std::end(kControlOps)) return ok();
    Missing& entry = missing[std::string(node.op)];
    ++entry.count;
    if (entry.examples.size() < 3)
      entry.examples.push_back(body.name == "graph" ? std::string(node.name)
                                                    : body.name + "/" + std::string(node.name));
    return ok();
  }

  Program& program_;
  std::set<std::string_view> visited_;
};

}  // namespace

const std::unordered_map<std::string_view, const OpRow*>& op_rows() {
  static const auto rows = [] {
    std::unordered_map<std::string_view, const OpRow*> all;
    for (Rows family : kFamilies) {
      for (const OpRow& row : family()) all.emplace(row.op, &row);
    }
    return all;
  }();
  return rows;
}

std::optional<Error> unsupported_ops(Program& program, const std::vector<uint32_t>& roots) {
  Search search(program);
  if (auto status = search.visit(program.main, roots); !status.ok() || search.missing.empty()) return std::nullopt;
  std::string text;
  for (const auto& [op, entry] : search.missing) {
    text += format("{}{} × {}: ", text.empty() ? "" : "; ", op, entry.count);
    for (size_t i = 0; i < entry.examples.size(); ++i) text += (i ? ", " : "") + entry.examples[i];
    if (entry.count > static_cast<int64_t>(entry.examples.size())) text += ", …";
  }
  return unsupported(
      format("{} unsupported {}: {}", search.missing.size(), search.missing.size() == 1 ? "op" : "ops", text));
}

}  // namespace thane::tensorflow
