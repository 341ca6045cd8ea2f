#include "formats/torch/aten/call.h"

#include "base/format.h"

namespace thane::aten {

Result<Value> call(Context& context, std::string_view op, std::vector<Value>, NamedValues) {
  return unsupported(format("there is no {}", op)).at(context.place);
}

bool is_known(std::string_view) { return false; }

std::vector<std::string_view> schemas_of(std::string_view) { return {}; }

}  // namespace thane::aten
