// Optional, OptionalGetElement, OptionalHasElement. At run time an optional that holds something is that thing.
#include <string_view>

#include "base/format.h"
#include "ops/sequence/sequence.h"

namespace thane {
namespace {

// Kinds and dtypes of what Type::to_string wrote; dimensions are dropped. Unknown text gives an unknown type.
Type parse_type(std::string_view text) {
  const auto inner = [&](std::string_view prefix) {
    return text.substr(prefix.size(), text.size() - prefix.size() - 1);
  };
  if (text.ends_with(')')) {
    if (text.starts_with("seq(")) return Type::sequence(parse_type(inner("seq(")));
    if (text.starts_with("optional(")) return Type::optional(parse_type(inner("optional(")));
    return {};
  }
  const auto dtype = dtype_from_name(text.substr(0, text.find('[')));
  return dtype ? Type::tensor(*dtype) : Type{};
}

}  // namespace

Status infer_optional(InferContext& context) {
  const auto& text = context.attrs<OptionalAttrs>().type;
  constexpr size_t kLongest = 4096;  // bounds the depth of the recursion
  if (text && text->size() > kLongest) return invalid_model(format("a type of {} characters", text->size()));
  if (context.has_input(0))
    context.set_type(0, Type::optional(context.type(0)));
  else
    context.set_type(0, Type::optional(text ? parse_type(*text) : Type{}));
  return ok();
}

Status eval_optional(KernelContext& context) {
  context.set_output(0, context.has_input(0) ? context.input_value(0) : Value());
  return ok();
}

Status infer_optional_get_element(InferContext& context) {
  const Type& type = context.type(0);
  if (type.kind == TypeKind::kOptional)
    context.set_type(0, type.element ? *type.element : Type{});
  else
    context.set_type(0, type);
  return ok();
}

Status eval_optional_get_element(KernelContext& context) {
  if (!context.has_input(0)) {
    return runtime_error("the optional is empty").hinting("ask OptionalHasElement first");
  }
  context.set_output(0, context.input_value(0));
  return ok();
}

Status infer_optional_has_element(InferContext& context) {
  context.set(0, DType::kBool, SymDims{});
  return ok();
}

Status eval_optional_has_element(KernelContext& context) {
  *context.output(0).data<bool>() = context.has_input(0);
  return ok();
}

}  // namespace thane
