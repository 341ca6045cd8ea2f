#include "engine/choose_kernel.h"

#include <algorithm>

#include "base/format.h"

namespace thane {

Result<KernelChoice> choose_kernel(const KernelQuery& query, const std::function<Status(const Kernel&)>& ready) {
  KernelChoice choice;
  const bool are_known = std::ranges::all_of(
      query.outputs, [](const Type& type) { return type.dtype == DType::kUndefined || type.has_concrete_dims(); });
  for (const Kernel* kernel : query.node.op->kernels) {
    std::string reason =
        are_known || kernel->takes_unknown_outputs ? kernel->refuse(query) : "an output's shape is not known";
    if (!reason.empty()) {
      choice.refusals.push_back(format("{}: {}", kernel->name, reason));
      continue;
    }
    if (ready) THANE_TRY(ready(*kernel));
    THANE_ASSIGN(choice.kernel, kernel->prepare(query));
    choice.name = kernel->name;
    break;
  }
  return choice;
}

}  // namespace thane
