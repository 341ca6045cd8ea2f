#include "formats/onnx/domains.h"

#include <array>

#include "ops/table.h"

namespace thane::onnx {
namespace {

struct StandardDomain {
  std::string_view name;
  Domain domain;
  int64_t newest;
};

constexpr std::array<StandardDomain, 4> kStandardDomains = {{
    {"", Domain::kOnnx, 27},
    {"ai.onnx.ml", Domain::kMl, 5},
    {"ai.onnx.preview", Domain::kPreview, 1},
    {kTrainingDomain, Domain::kPreview, 1},
}};

const StandardDomain* find_domain(std::string_view name) {
  for (const auto& row : kStandardDomains) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace

std::string_view canonical_domain(std::string_view domain) { return domain == "ai.onnx" ? "" : domain; }

int64_t newest_version(std::string_view domain) {
  const StandardDomain* row = find_domain(domain);
  return row ? row->newest : 0;
}

const DomainOp* find_vendor_op(std::string_view domain, std::string_view name) {
  if (domain == "com.microsoft.nchwc") return &blocked_op();
  std::span<const DomainOp> rows;
  if (domain == "com.microsoft") rows = microsoft_ops();
  if (domain.empty()) rows = odd_onnx_ops();
  for (const DomainOp& row : rows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

const OpDef* find_standard_op(std::string_view domain, std::string_view name) {
  if (domain == kThaneDomain) return find_op(Domain::kThane, name);
  const StandardDomain* row = find_domain(domain);
  return row ? find_op(row->domain, name) : nullptr;
}

}  // namespace thane::onnx
