#include "ir/attrs.h"

#include <algorithm>
#include <array>

#include "base/format.h"
#include "ir/type.h"

namespace thane {
namespace {

constexpr std::array<std::string_view, 8> kKindNames = {"int",  "float",  "string",  "tensor",
                                                        "ints", "floats", "strings", "tensors"};

std::string quote(const std::string& text) {
  constexpr size_t kLongest = 60;
  std::string out = "\"";
  for (const char c : text.substr(0, kLongest)) {
    out += static_cast<unsigned char>(c) < 0x20 || c == '"' ? '?' : c;
  }
  return out + (text.size() > kLongest ? "…\"" : "\"");
}

std::string print(int64_t v) { return std::to_string(v); }
std::string print(float v) { return format("{}", v); }
std::string print(const std::string& v) { return quote(v); }
std::string print(const Tensor& v) {
  if (v.dtype() == DType::kInt64 && v.size() <= 8) {
    return to_string(Dims(v.data<int64_t>(), v.data<int64_t>() + v.size()));
  }
  return Type::tensor(v.dtype(), to_symbolic(v.dims())).to_string();
}
template <class T>
std::string print(const std::vector<T>& v) {
  constexpr size_t kMost = 12;
  std::string out = "[";
  for (size_t i = 0; i < std::min(v.size(), kMost); ++i) out += (i ? ", " : "") + print(v[i]);
  return out + (v.size() > kMost ? format(", … {} in all]", v.size()) : "]");
}

}  // namespace

bool identical(const AttrValue& a, const AttrValue& b) {
  if (a.index() != b.index()) return false;
  if (const auto* x = std::get_if<Tensor>(&a)) return identical(*x, std::get<Tensor>(b));
  if (const auto* x = std::get_if<std::vector<Tensor>>(&a)) {
    const auto& y = std::get<std::vector<Tensor>>(b);
    return std::equal(x->begin(), x->end(), y.begin(), y.end(),
                      [](const Tensor& s, const Tensor& t) { return identical(s, t); });
  }
  return std::visit(
      [&]<class T>(const T& x) {
        if constexpr (std::same_as<T, Tensor> || std::same_as<T, std::vector<Tensor>>)
          return false;
        else
          return x == std::get<T>(b);
      },
      a);
}

bool identical(const AttrMap& a, const AttrMap& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && identical(x.second, y.second); });
}

std::string to_string(const AttrMap& attrs) {
  std::string out;
  for (const auto& [name, value] : attrs) {
    if (!out.empty()) out += " ";
    out += name + "=" + std::visit([](const auto& v) { return print(v); }, value);
  }
  return out;
}

namespace attrs_detail {

Error wrong_type(std::string_view name, const AttrValue& found, std::string_view expected) {
  return invalid_model(format("attribute '{}' is of kind {}", name, kKindNames[found.index()]))
      .expecting(std::string(expected));
}

Error missing(std::string_view name) { return invalid_model(format("attribute '{}' is missing", name)); }

Error unknown_choice(std::string_view name, const std::string& found, std::span<const std::string_view> names) {
  std::string expected;
  for (const auto& choice : names) expected += (expected.empty() ? "" : "|") + std::string(choice);
  return invalid_model(format("attribute '{}' is {}", name, quote(found))).expecting(std::move(expected));
}

Error unknown_attribute(const std::string& name) {
  return invalid_model(format("attribute {} is not one of this op", quote(name)));
}

Error bad_dtype(std::string_view name, int64_t code) {
  return invalid_model(format("attribute '{}' is {}, which is no data type", name, code));
}

namespace {

// Calls visit with an object of the type that a kind from int to tensors stands for.
template <class Visit>
void with_kind(FieldKind kind, const Visit& visit) {
  [&]<size_t... I>(std::index_sequence<I...>) {
    ((static_cast<size_t>(kind) == I ? visit(std::type_identity<std::variant_alternative_t<I, AttrValue>>{}) : void()),
     ...);
  }
  (std::make_index_sequence<std::variant_size_v<AttrValue>>{});
}

}  // namespace

const AttrValue* Reader::find(std::string_view name) {
  const auto found = map_.find(name);
  if (found == map_.end()) return nullptr;
  names_.push_back(name);
  return &found->second;
}

void Reader::fail(Error error) {
  if (!error_) error_ = std::make_unique<Error>(std::move(error));
}

void Reader::require(std::string_view name) {
  if (!map_.contains(name)) fail(missing(name));
}

void Reader::read(std::string_view name, FieldKind kind, void* member) {
  const AttrValue* value = find(name);
  if (!value) return;
  if (kind == FieldKind::kBool) {
    const auto* v = std::get_if<int64_t>(value);
    if (!v) return fail(wrong_type(name, *value, "int"));
    *static_cast<bool*>(member) = *v != 0;
  } else if (kind == FieldKind::kDType) {
    const auto* v = std::get_if<int64_t>(value);
    if (!v) return fail(wrong_type(name, *value, "int (a data type)"));
    if (*v != 0 && !is_valid_dtype(*v)) return fail(bad_dtype(name, *v));
    *static_cast<DType*>(member) = static_cast<DType>(*v);
  } else {
    const auto index = static_cast<size_t>(kind);
    if (index != value->index()) return fail(wrong_type(name, *value, kKindNames[index]));
    with_kind(kind, [&]<class T>(std::type_identity<T>) { *static_cast<T*>(member) = std::get<T>(*value); });
  }
}

size_t Reader::choose(std::string_view name, size_t standard, std::span<const std::string_view> names) {
  const AttrValue* value = find(name);
  if (!value) return standard;
  const auto* text = std::get_if<std::string>(value);
  if (!text) {
    fail(wrong_type(name, *value, "string"));
    return standard;
  }
  const auto found = std::find(names.begin(), names.end(), *text);
  if (found == names.end()) {
    fail(unknown_choice(name, *text, names));
    return standard;
  }
  return static_cast<size_t>(found - names.begin());
}

Status Reader::finish() const {
  if (error_) return Error(*error_);
  for (const auto& [name, value] : map_) {
    if (std::find(names_.begin(), names_.end(), name) == names_.end()) return unknown_attribute(name);
  }
  return ok();
}

void Writer::write(std::string_view name, FieldKind kind, const void* member) {
  if (kind == FieldKind::kBool) {
    map_.emplace(name, int64_t{*static_cast<const bool*>(member)});
  } else if (kind == FieldKind::kDType) {
    map_.emplace(name, static_cast<int64_t>(*static_cast<const DType*>(member)));
  } else if (kind != FieldKind::kTensor || static_cast<const Tensor*>(member)->defined()) {
    with_kind(kind, [&]<class T>(std::type_identity<T>) { map_.emplace(name, *static_cast<const T*>(member)); });
  }
}

void Writer::write(std::string_view name, std::string_view choice) { map_.emplace(name, std::string(choice)); }

AttrMap Writer::beyond(const Writer& defaults) && {
  std::erase_if(map_, [&](const auto& item) {
    if (std::find(required_.begin(), required_.end(), item.first) != required_.end()) return false;
    const auto found = defaults.map_.find(item.first);
    return found != defaults.map_.end() && identical(item.second, found->second);
  });
  return std::move(map_);
}

}  // namespace attrs_detail

Result<AttrsPtr> AttrsSchema::parse(const AttrMap& foreign) const {
  std::shared_ptr<Attrs> attrs = make();
  attrs_detail::Reader reader(foreign);
  read(*attrs, reader);
  THANE_TRY(reader.finish());
  if (prepare) THANE_TRY(prepare(*attrs));
  return AttrsPtr(std::move(attrs));
}

AttrMap AttrsSchema::unparse(const Attrs& attrs) const {
  attrs_detail::Writer written, defaults;
  write(attrs, written);
  write(*make(), defaults);
  return std::move(written).beyond(defaults);
}

}  // namespace thane
