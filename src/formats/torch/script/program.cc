#include "formats/torch/script/program.h"

#include "base/format.h"
#include "formats/torch/script/parser.h"

namespace thane::torchscript {

std::string_view Class::short_name() const {
  const std::string_view text = name;
  const size_t dot = text.rfind('.');
  return dot == std::string_view::npos ? text : text.substr(dot + 1);
}

Status Program::add(const std::string& module, std::shared_ptr<Buffer> source) {
  const auto [place, fresh] = files_.try_emplace(module);
  if (!fresh) return invalid_model(format("two files with the code of {}", module));
  File& file = place->second;
  file.source = std::move(source);
  auto unit = parse_unit({reinterpret_cast<const char*>(file.source->data()), file.source->size_bytes()}, budget_);
  if (!unit.ok()) {
    if (unit.error().code == ErrorCode::kResourceLimit) return std::move(unit).error().at(module);
    file.error = std::make_unique<Error>(std::move(unit).error());
    return ok();
  }
  file.unit = std::move(*unit);
  for (const ClassDef& definition : file.unit->classes) {
    const std::string name = format("{}.{}", module, definition.name);
    const auto [entry, added] = classes_.try_emplace(name, Class{name, &definition});
    if (!added) continue;  // the first one counts
    for (const FunctionDef& method : definition.methods) {
      const std::string full = format("{}.{}", name, method.name);
      methods_.try_emplace(full, Function{full, &method, &entry->second});
    }
  }
  for (const FunctionDef& definition : file.unit->functions) {
    const std::string name = format("{}.{}", module, definition.name);
    functions_.try_emplace(name, Function{name, &definition, nullptr});
  }
  return ok();
}

Error Program::missing(std::string_view what, std::string_view qualified) const {
  const size_t dot = qualified.rfind('.');
  const auto file = files_.find(qualified.substr(0, dot));
  if (file != files_.end() && file->second.error) {
    Error error{file->second.error->code, file->second.error->what, file->second.error->where,
                file->second.error->expected, file->second.error->hint};
    return std::move(error).at(std::string(qualified.substr(0, dot)));
  }
  return invalid_model(format("the archive lacks the code of {} {}", what, qualified));
}

Result<const Class*> Program::find_class(std::string_view qualified) const {
  const auto found = classes_.find(std::string(qualified));
  if (found == classes_.end()) return missing("class", qualified);
  return &found->second;
}

Result<const Function*> Program::find_function(std::string_view qualified) const {
  const auto found = functions_.find(std::string(qualified));
  if (found == functions_.end()) return missing("function", qualified);
  return &found->second;
}

const Function* Program::method(const Class& owner, std::string_view name) const {
  const auto found = methods_.find(format("{}.{}", owner.name, name));
  return found == methods_.end() ? nullptr : &found->second;
}

}  // namespace thane::torchscript
