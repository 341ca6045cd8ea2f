#include "formats/torch/aten/schema.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/format.h"

namespace thane::aten {
namespace {

// One line per overload, sorted by name: "aten::add.Tensor(Tensor self,Tensor other,*,Scalar alpha=1)".
constexpr std::string_view kSchemas =
#include "formats/torch/aten/schemas.inc"
    ;

std::string_view name_of(std::string_view line) { return line.substr(0, line.find_first_of(".(")); }

// The first line at or after `at`.
size_t line_start(size_t at) {
  if (at == 0) return 0;
  const size_t end = kSchemas.find('\n', at - 1);
  return end == std::string_view::npos ? kSchemas.size() : end + 1;
}

// Where the lines of `name` begin, or where they would.
size_t find_first(std::string_view name) {
  size_t low = 0, high = kSchemas.size();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const size_t line = line_start(middle);
    if (line >= high) {
      high = middle;
    } else if (name_of(kSchemas.substr(line)) < name) {
      low = line + 1;
    } else {
      high = middle;
    }
  }
  return line_start(low);
}

Kind kind_of(std::string_view type, std::string_view& object) {
  struct Row {
    std::string_view name;
    Kind kind;
  };
  static constexpr Row kKinds[] = {
      {"Tensor", Kind::kTensor}, {"Scalar", Kind::kScalar},      {"number", Kind::kScalar}, {"int", Kind::kInt},
      {"float", Kind::kFloat},   {"complex", Kind::kComplex},    {"bool", Kind::kBool},     {"str", Kind::kString},
      {"device", Kind::kDevice}, {"Generator", Kind::kGenerator}};
  for (const Row& row : kKinds) {
    if (row.name == type) return row.kind;
  }
  object = type;
  return Kind::kObject;
}

// A default: "1", "0.5", "True", "[0,1]", "", "strided", "\"linear\"".
Value parse_default(std::string_view text, const Parameter& parameter) {
  if (text.empty()) return {};
  if (text.front() == '[') {
    std::vector<Value> items;
    text = text.substr(1, text.size() - 2);
    while (!text.empty()) {
      const size_t comma = std::min(text.find(','), text.size());
      items.push_back(parse_default(text.substr(0, comma), parameter));
      text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return Value::list(std::move(items));
  }
  if (text.front() == '"' || text.front() == '\'') return std::string(text.substr(1, text.size() - 2));
  if (text == "True") return true;
  if (text == "False") return false;
  if (text == "contiguous_format" || text == "strided") return 0;
  if (text == "long") return 4;
  if (text == "Mean") return 1;
  if (text == "Sum") return 2;
  const char* end = text.data() + text.size();
  int64_t integer = 0;
  const auto read = std::from_chars(text.data(), end, integer);
  if (read.ec == std::errc() && read.ptr == end) {
    return parameter.kind == Kind::kFloat ? Value(static_cast<double>(integer)) : Value(integer);
  }
  double real = 0;
  if (std::from_chars(text.data(), end, real).ec == std::errc()) return real;
  return std::string(text);
}

Parameter parse_parameter(std::string_view text) {
  Parameter parameter;
  const size_t space = text.find(' ');
  std::string_view type = text.substr(0, space);
  std::string_view name = text.substr(space + 1);
  const size_t equals = name.find('=');
  parameter.name = name.substr(0, equals);
  if (type.ends_with('!')) parameter.written = true, type.remove_suffix(1);
  if (type.ends_with('?')) parameter.optional = true, type.remove_suffix(1);
  if (type.ends_with(']')) {
    const size_t open = type.find('[');
    parameter.list = true;
    for (const char c : type.substr(open + 1, type.size() - open - 2))
      parameter.length = parameter.length * 10 + (c - '0');
    type = type.substr(0, open);
    if (type.ends_with('!')) parameter.written = true, type.remove_suffix(1);
    if (type.ends_with('?')) parameter.optional_items = true, type.remove_suffix(1);
  }
  parameter.kind = kind_of(type, parameter.object);
  if (equals != std::string_view::npos) {
    parameter.has_default = true;
    parameter.fallback = parse_default(name.substr(equals + 1), parameter);
    // int[2] stride=1
    if (parameter.list && parameter.fallback.is_number()) {
      parameter.fallback = Value::list(std::vector<Value>(static_cast<size_t>(parameter.length), parameter.fallback));
    }
  }
  return parameter;
}

Schema parse(std::string_view line) {
  Schema schema;
  const size_t open = line.find('(');
  schema.name = name_of(line);
  if (schema.name.size() < open) schema.overload = line.substr(schema.name.size() + 1, open - schema.name.size() - 1);
  std::string_view rest = line.substr(open + 1, line.size() - open - 2);
  bool keyword_only = false;
  while (!rest.empty()) {
    int depth = 0;
    bool quoted = false;
    size_t end = 0;
    for (; end < rest.size(); ++end) {
      const char c = rest[end];
      if (c == '"') quoted = !quoted;
      if (c == '[') ++depth;
      if (c == ']') --depth;
      if (c == ',' && depth == 0 && !quoted) break;
    }
    const std::string_view part = rest.substr(0, end);
    if (part == "*") {
      keyword_only = true;
    } else {
      schema.parameters.push_back(parse_parameter(part));
      schema.parameters.back().keyword_only = keyword_only;
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return schema;
}

// --- which arguments fit
// -----------------------------------------------------------------------------------------------

std::optional<Value> fit_list(const Value& value, const Parameter& parameter, bool convert);

// The value as this parameter takes it, or nothing. Without `convert` only what has the type itself.
std::optional<Value> fit_one(const Value& value, Kind kind, bool convert) {
  const DType symbol = value.is_symbol() ? value.symbol().dtype() : DType::kUndefined;
  switch (kind) {
    case Kind::kTensor:
      if (value.is_tensor() || (convert && (value.is_number() || value.is_symbol()))) return value;
      return std::nullopt;
    case Kind::kScalar:
      if (value.is_number() || value.is_symbol()) return value;
      return convert && value.is_tensor() ? std::optional(value) : std::nullopt;
    case Kind::kInt:
      if (value.is_int() || symbol == DType::kInt64) return value;
      if (!convert) return std::nullopt;
      if (value.is_bool()) return Value(int64_t{value.boolean()});
      if (value.is_tensor() || symbol == DType::kBool) return value;
      return std::nullopt;
    case Kind::kFloat:
      if (value.is_float() || symbol == DType::kFloat64) return value;
      if (!convert) return std::nullopt;
      if (value.is_int()) return Value(static_cast<double>(value.integer()));
      if (value.is_bool()) return Value(value.boolean() ? 1.0 : 0.0);
      if (value.is_tensor() || value.is_symbol()) return value;
      return std::nullopt;
    case Kind::kComplex:
      if (value.is_complex()) return value;
      if (!convert) return std::nullopt;
      if (value.is_float()) return Value(std::complex<double>(value.real()));
      if (value.is_int()) return Value(std::complex<double>(static_cast<double>(value.integer())));
      return std::nullopt;
    case Kind::kBool:
      if (value.is_bool() || symbol == DType::kBool) return value;
      if (convert && value.is_int()) return Value(value.integer() != 0);
      return convert && value.is_tensor() ? std::optional(value) : std::nullopt;
    case Kind::kString:
    case Kind::kDevice: return value.is_string() ? std::optional(value) : std::nullopt;
    case Kind::kGenerator:
    case Kind::kObject: return value.is_object() ? std::optional(value) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<Value> fit(const Value& value, const Parameter& parameter, bool convert) {
  if (value.is_none()) return parameter.optional ? std::optional(value) : std::nullopt;
  if (parameter.list) return fit_list(value, parameter, convert);
  return fit_one(value, parameter.kind, convert);
}

std::optional<Value> fit_list(const Value& value, const Parameter& parameter, bool convert) {
  const std::vector<Value>* items = value.items();
  if (!items) {
    // A number where a list of fixed length is wanted; a rank-1 tensor where ints are.
    if (parameter.length > 0) {
      const auto one = fit_one(value, parameter.kind, convert);
      if (one && !value.is_tensor()) {
        return Value::list(std::vector<Value>(static_cast<size_t>(parameter.length), *one));
      }
    }
    return std::nullopt;
  }
  std::vector<Value> fitted;
  for (const Value& item : *items) {
    if (item.is_none() && parameter.optional_items) {
      fitted.emplace_back();
      continue;
    }
    auto one = fit_one(item, parameter.kind, convert);
    if (!one) return std::nullopt;
    fitted.push_back(std::move(*one));
  }
  return Value::list(std::move(fitted));
}

bool fit_arguments(const Schema& schema, const std::vector<Value>& args, const NamedValues& kwargs, bool convert,
                   std::vector<Value>& bound) {
  bound.clear();
  size_t used = 0, named = 0;
  for (const Parameter& parameter : schema.parameters) {
    const Value* given = nullptr;
    if (!parameter.keyword_only && used < args.size()) {
      given = &args[used++];
    } else {
      for (const auto& [name, value] : kwargs) {
        if (name == parameter.name) given = &value, ++named;
      }
    }
    if (!given) {
      if (!parameter.has_default) return false;
      bound.push_back(parameter.fallback);
      continue;
    }
    // Programs pass None for a default that is not optional: as if it were not given.
    if (given->is_none() && !parameter.optional && parameter.has_default && convert) {
      bound.push_back(parameter.fallback);
      continue;
    }
    auto fitted = fit(*given, parameter, convert);
    if (!fitted) return false;
    bound.push_back(std::move(*fitted));
  }
  return used == args.size() && named == kwargs.size();
}

std::string kinds_of(const std::vector<Value>& args, const NamedValues& kwargs) {
  std::string text;
  for (const Value& value : args) text += format("{}{}", text.empty() ? "" : ", ", value.kind());
  for (const auto& [name, value] : kwargs) text += format("{}{}={}", text.empty() ? "" : ", ", name, value.kind());
  return text;
}

}  // namespace

bool Schema::has_tensors() const {
  return std::any_of(parameters.begin(), parameters.end(), [](const Parameter& p) { return p.kind == Kind::kTensor; });
}

std::string Schema::text() const { return overload.empty() ? std::string(name) : format("{}.{}", name, overload); }

std::vector<std::string_view> schemas_of(std::string_view name) {
  std::vector<std::string_view> lines;
  for (size_t at = find_first(name); at < kSchemas.size();) {
    const size_t end = kSchemas.find('\n', at);
    const std::string_view line = kSchemas.substr(at, end - at);
    if (name_of(line) != name) break;
    lines.push_back(line);
    at = end + 1;
  }
  return lines;
}

std::vector<Schema> find_schemas(std::string_view name) {
  std::vector<Schema> schemas;
  for (const std::string_view line : schemas_of(name)) schemas.push_back(parse(line));
  return schemas;
}

Result<Resolved> resolve(std::string_view op, const std::vector<Value>& args, const NamedValues& kwargs) {
  const size_t colon = op.find("::");
  const size_t dot = op.find('.', colon == std::string_view::npos ? 0 : colon);
  const std::string_view name = op.substr(0, dot);
  const std::string_view overload = dot == std::string_view::npos ? std::string_view() : op.substr(dot + 1);
  std::vector<Schema> schemas = find_schemas(name);
  if (schemas.empty()) return unsupported(format("there is no op {}", name));
  if (dot != std::string_view::npos) {
    std::erase_if(schemas, [&](const Schema& s) { return s.overload != (overload == "default" ? "" : overload); });
    if (schemas.empty()) return unsupported(format("{} has no overload {}", name, overload));
  }
  std::vector<Value> bound;
  for (const bool convert : {false, true}) {
    for (Schema& schema : schemas) {
      if (fit_arguments(schema, args, kwargs, convert, bound)) return Resolved{std::move(schema), std::move(bound)};
    }
  }
  std::string expected;
  for (const std::string_view line : schemas_of(name)) {
    if (expected.size() < 400) expected += format("{}{}", expected.empty() ? "" : " or ", line.substr(name.size()));
  }
  return invalid_model(format("{} does not take ({})", op, kinds_of(args, kwargs))).expecting(std::move(expected));
}

}  // namespace thane::aten
