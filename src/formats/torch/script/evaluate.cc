// Expressions.
#include <cmath>
#include <limits>

#include "base/format.h"
#include "formats/torch/script/depth.h"
#include "formats/torch/script/machine.h"

namespace thane::torchscript {
namespace {

constexpr std::pair<std::string_view, std::string_view> kBinaryOps[] = {
    {"+", "aten::add"},           {"-", "aten::sub"},       {"*", "aten::mul"},     {"/", "aten::div"},
    {"//", "aten::floordiv"},     {"%", "aten::remainder"}, {"**", "aten::pow"},    {"@", "aten::matmul"},
    {"&", "aten::__and__"},       {"|", "aten::__or__"},    {"^", "aten::__xor__"}, {"<<", "aten::__lshift__"},
    {">>", "aten::__rshift__"},   {"==", "aten::eq"},       {"!=", "aten::ne"},     {"<", "aten::lt"},
    {"<=", "aten::le"},           {">", "aten::gt"},        {">=", "aten::ge"},     {"is", "aten::__is__"},
    {"is not", "aten::__isnot__"}};

// Functions without a module, and the ops they are.
constexpr std::pair<std::string_view, std::string_view> kFunctions[] = {
    {"int", "aten::Int"},     {"float", "aten::Float"},     {"bool", "aten::Bool"},     {"str", "aten::str"},
    {"len", "aten::len"},     {"complex", "aten::Complex"}, {"abs", "prim::abs"},       {"min", "prim::min"},
    {"max", "prim::max"},     {"ord", "aten::ord"},         {"chr", "aten::chr"},       {"print", "prim::Print"},
    {"round", "aten::round"}, {"hash", "aten::hash"},       {"sorted", "aten::sorted"}, {"list", "aten::list"},
    {"dict", "aten::dict"},   {"divmod", "aten::divmod"},   {"pow", "aten::pow"},       {"sum", "aten::sum"},
    {"all", "aten::all"},     {"any", "aten::any"},         {"hex", "aten::hex"},       {"oct", "aten::oct"},
    {"bin", "aten::bin"}};

Value name_value(std::string path) {
  auto value = std::make_shared<NamePath>();
  value->path = std::move(path);
  return Value(ObjectPtr(value));
}

}  // namespace

std::string Machine::dotted(const Expr& expr) {
  if (expr.kind == ExprKind::kName || expr.kind == ExprKind::kNone) return std::string(expr.text);
  if (expr.kind != ExprKind::kAttribute) return {};
  std::string owner = dotted(*expr.items[0]);
  return owner.empty() ? owner : owner + '.' + std::string(expr.text);
}

Result<Value> Machine::evaluate(const Expr& expr, Frame& frame) {
  const Depth depth(depth_);
  if (depth_ > kMostDepth) return resource_limit("code that is nested too deeply").at(place());
  switch (expr.kind) {
    case ExprKind::kNone: return Value();
    case ExprKind::kBool: return Value(expr.integer != 0);
    case ExprKind::kInt: return Value(expr.integer);
    case ExprKind::kFloat: return Value(expr.real);
    case ExprKind::kImaginary: return Value(std::complex<double>(0, expr.real));
    case ExprKind::kString: return Value(std::string(expr.text));
    case ExprKind::kEllipsis: return Value(std::string("..."));
    case ExprKind::kName: return evaluate_name(expr, frame);
    case ExprKind::kAttribute: {
      THANE_ASSIGN(const Value owner, evaluate(*expr.items[0], frame));
      return attribute(owner, expr.text);
    }
    case ExprKind::kSubscript: return evaluate_subscript(expr, frame);
    case ExprKind::kCall: return evaluate_call(expr, frame);
    case ExprKind::kTuple:
    case ExprKind::kList:
    case ExprKind::kSet: {
      std::vector<Value> items;
      items.reserve(expr.items.size());
      for (const Expr* item : expr.items) {
        THANE_ASSIGN(Value value, evaluate(*item, frame));
        if (expr.kind == ExprKind::kTuple) THANE_TRY(check_nesting(value));
        items.push_back(std::move(value));
      }
      return expr.kind == ExprKind::kTuple ? Value::tuple(std::move(items)) : make_list(std::move(items));
    }
    case ExprKind::kDict: {
      const Value dict = make_dict({});
      for (size_t i = 0; i + 1 < expr.items.size(); i += 2) {
        THANE_ASSIGN(Value key, evaluate(*expr.items[i], frame));
        THANE_ASSIGN(Value value, evaluate(*expr.items[i + 1], frame));
        THANE_ASSIGN(const Value ignored, op("aten::_set_item", {dict, std::move(key), std::move(value)}, {}));
      }
      return dict;
    }
    case ExprKind::kListComp:
    case ExprKind::kDictComp: return evaluate_comprehension(expr, frame);
    case ExprKind::kSlice: return invalid_model("a slice outside of brackets").at(place());
    case ExprKind::kUnary: return evaluate_unary(expr, frame);
    case ExprKind::kBinary: return evaluate_binary(expr, frame);
    case ExprKind::kTernary: {
      THANE_ASSIGN(const Value condition, evaluate(*expr.items[0], frame));
      THANE_ASSIGN(const auto known, truth(condition));
      if (known) return evaluate(*expr.items[*known ? 1 : 2], frame);
      THANE_ASSIGN(Value yes, evaluate(*expr.items[1], frame));
      THANE_ASSIGN(Value no, evaluate(*expr.items[2], frame));
      return domain_.select(*this, condition, std::move(yes), std::move(no));
    }
  }
  return Value();
}

Result<Value> Machine::evaluate_name(const Expr& expr, Frame& frame) {
  const auto found = frame.locals.find(expr.text);
  if (found != frame.locals.end()) return found->second;
  if (expr.text == "inf") return Value(std::numeric_limits<double>::infinity());
  if (expr.text == "nan") return Value(std::numeric_limits<double>::quiet_NaN());
  if (expr.text == "infj") return Value(std::complex<double>(0, std::numeric_limits<double>::infinity()));
  if (expr.text == "nanj") return Value(std::complex<double>(0, std::numeric_limits<double>::quiet_NaN()));
  for (const std::string_view known : {"torch", "ops", "CONSTANTS", "__torch__"}) {
    if (expr.text == known) return name_value(std::string(known));
  }
  for (const auto& [name, op_name] : kFunctions) {
    if (expr.text == name) {
      const size_t colons = op_name.find("::");
      return name_value(format("ops.{}.{}", op_name.substr(0, colons), op_name.substr(colons + 2)));
    }
  }
  return invalid_model(format("'{}' has no value here", expr.text)).at(place());
}

Result<Value> Machine::evaluate_subscript(const Expr& expr, Frame& frame) {
  THANE_ASSIGN(const Value owner, evaluate(*expr.items[0], frame));
  const Expr& index = *expr.items[1];
  const auto tuple = as<NamedTuple>(owner);
  if (index.kind == ExprKind::kSlice) {
    std::vector<Value> args = {tuple ? Value::tuple(tuple->items) : owner};
    if (owner.is_tensor()) args.emplace_back(0);
    for (const Expr* part : index.items) {
      Value bound;
      if (part) {
        THANE_ASSIGN(bound, evaluate(*part, frame));
      }
      args.push_back(std::move(bound));
    }
    if (args.back().is_none()) args.back() = Value(1);
    return op("aten::slice", std::move(args), {});
  }
  THANE_ASSIGN(Value position, evaluate(index, frame));
  if (owner.is_tensor() && position.is_int()) return op("aten::select", {owner, Value(0), std::move(position)}, {});
  return op("aten::__getitem__", {tuple ? Value::tuple(tuple->items) : owner, std::move(position)}, {});
}

Result<Value> Machine::evaluate_unary(const Expr& expr, Frame& frame) {
  THANE_ASSIGN(Value value, evaluate(*expr.items[0], frame));
  if (expr.text == "not") return op("aten::__not__", {std::move(value)}, {});
  if (expr.text == "+") return value;
  if (expr.text == "-") {
    if (value.is_int() && value.integer() != std::numeric_limits<int64_t>::min()) return Value(-value.integer());
    if (value.is_float()) return Value(-value.real());
    if (value.is_complex()) return Value(-value.complex());
    return op("aten::neg", {std::move(value)}, {});
  }
  if (value.is_int()) return Value(~value.integer());
  return op("aten::bitwise_not", {std::move(value)}, {});
}

Result<Value> Machine::evaluate_binary(const Expr& expr, Frame& frame) {
  THANE_ASSIGN(Value left, evaluate(*expr.items[0], frame));
  if (expr.text == "and" || expr.text == "or") {
    THANE_ASSIGN(const auto known, truth(left));
    const bool is_and = expr.text == "and";
    if (known) return *known == is_and ? evaluate(*expr.items[1], frame) : Result<Value>(std::move(left));
    THANE_ASSIGN(Value right, evaluate(*expr.items[1], frame));
    return is_and ? domain_.select(*this, left, std::move(right), Value(false))
                  : domain_.select(*this, left, Value(true), std::move(right));
  }
  THANE_ASSIGN(Value right, evaluate(*expr.items[1], frame));
  if (expr.text == "in" || expr.text == "not in") {
    THANE_ASSIGN(Value found, op("aten::__contains__", {std::move(right), std::move(left)}, {}));
    return expr.text == "in" ? Result<Value>(std::move(found)) : op("aten::__not__", {std::move(found)}, {});
  }
  for (const auto& [text, name] : kBinaryOps) {
    if (text == expr.text) return op(std::string(name), {std::move(left), std::move(right)}, {});
  }
  return invalid_model(format("the operator {}", expr.text)).at(place());
}

Result<Value> Machine::evaluate_comprehension(const Expr& expr, Frame& frame) {
  const bool is_dict = expr.kind == ExprKind::kDictComp;
  const size_t first = is_dict ? 2 : 1;
  THANE_ASSIGN(const Value source, evaluate(*expr.items[first + 1], frame));
  std::vector<Value> sources;
  if (source.is_int()) {  // range
    for (int64_t i = 0; i < source.integer(); ++i) {
      THANE_TRY(step());
      sources.emplace_back(i);
    }
  } else {
    THANE_ASSIGN(sources, iterate(source));
  }
  const Value result = is_dict ? make_dict({}) : make_list({});
  const Locals before = frame.locals;
  for (Value& item : sources) {
    THANE_TRY(step());
    THANE_TRY(assign(*expr.items[first], std::move(item), frame));
    bool wanted = true;
    for (size_t i = first + 2; i < expr.items.size(); ++i) {
      THANE_ASSIGN(const Value condition, evaluate(*expr.items[i], frame));
      THANE_ASSIGN(const auto known, truth(condition));
      if (!known) return unsupported("a comprehension whose length depends on data").at(place());
      wanted &= *known;
    }
    if (!wanted) continue;
    THANE_ASSIGN(Value key, evaluate(*expr.items[0], frame));
    if (is_dict) {
      THANE_ASSIGN(Value value, evaluate(*expr.items[1], frame));
      THANE_ASSIGN(const Value ignored, op("aten::_set_item", {result, std::move(key), std::move(value)}, {}));
    } else {
      if (is_container(key)) hold(result);
      result.list()->items.push_back(std::move(key));
    }
  }
  frame.locals = before;
  return result;
}

// --- calls -----------------------------------------------------------------------------------------------------------

Result<Value> Machine::evaluate_call(const Expr& expr, Frame& frame) {
  const Expr& callee = *expr.items[0];
  if (callee.kind == ExprKind::kName && !frame.locals.contains(callee.text)) {
    bool known = true;
    Result<Value> value = special_form(callee.text, expr, frame, known);
    if (known) return value;
  }
  Value function, self;
  std::string_view method;
  if (callee.kind == ExprKind::kAttribute) {
    THANE_ASSIGN(self, evaluate(*callee.items[0], frame));
    if (as<NamePath>(self) || as<ClassValue>(self)) {
      THANE_ASSIGN(function, attribute(self, callee.text));
    } else {
      method = callee.text;
    }
  } else {
    THANE_ASSIGN(function, evaluate(callee, frame));
  }
  std::vector<Value> args;
  aten::NamedValues kwargs;
  const size_t positional = expr.items.size() - expr.keywords.size();
  for (size_t i = 1; i < expr.items.size(); ++i) {
    THANE_ASSIGN(Value value, evaluate(*expr.items[i], frame));
    if (i < positional)
      args.push_back(std::move(value));
    else
      kwargs.emplace_back(expr.keywords[i - positional], std::move(value));
  }
  if (method.empty()) return call_value(function, std::move(args), std::move(kwargs));
  if (const auto instance = as<Instance>(self); instance && !program_.method(*instance->type, method)) {
    THANE_ASSIGN(function, attribute(self, method));
    return call_value(function, std::move(args), std::move(kwargs));
  }
  return call_method(self, method, std::move(args), std::move(kwargs));
}

// Calls whose arguments are types or names.
Result<Value> Machine::special_form(std::string_view name, const Expr& expr, Frame& frame, bool& known) {
  const size_t count = expr.items.size() - 1;
  const auto argument = [&](size_t i) { return evaluate(*expr.items[i + 1], frame); };
  if ((name == "annotate" || name == "unchecked_cast") && count == 2) {
    THANE_ASSIGN(Value value, argument(1));
    return name == "annotate" ? annotate(*expr.items[1], std::move(value)) : Result<Value>(std::move(value));
  }
  if (name == "uninitialized") return Value(ObjectPtr(std::make_shared<Uninitialized>()));
  if (name == "isinstance" && count == 2) {
    THANE_ASSIGN(const Value value, argument(0));
    if (as<Unknown>(value)) return value;
    THANE_ASSIGN(const bool is, is_instance(value, *expr.items[2]));
    return Value(is);
  }
  if ((name == "getattr" || name == "hasattr") && count >= 2 && expr.items[2]->kind == ExprKind::kString) {
    THANE_ASSIGN(const Value owner, argument(0));
    const auto instance = as<Instance>(owner);
    const bool has = !instance || instance->attributes.contains(std::string(expr.items[2]->text)) ||
                     program_.method(*instance->type, expr.items[2]->text);
    if (name == "hasattr") return Value(has);
    if (!has && count == 3) return argument(2);
    return attribute(owner, expr.items[2]->text);
  }
  if (name == "range" && count >= 1 && count <= 3) {
    std::vector<Value> bounds;
    for (size_t i = 0; i < count; ++i) {
      THANE_ASSIGN(Value bound, argument(i));
      bounds.push_back(std::move(bound));
    }
    // One bound stays a number, which a loop takes as the number of its rounds.
    if (count == 1) return std::move(bounds[0]);
    if (count == 2) bounds.emplace_back(1);
    THANE_ASSIGN(const Value length, op("aten::__range_length", bounds, {}));
    if (!length.is_int()) return unsupported("a range whose bounds depend on data").at(place());
    std::vector<Value> items;
    for (int64_t i = 0; i < length.integer(); ++i) {
      THANE_TRY(step());
      THANE_ASSIGN(Value item, op("aten::__derive_index", {Value(i), bounds[0], bounds[2]}, {}));
      items.push_back(std::move(item));
    }
    return Value::tuple(std::move(items));
  }
  if ((name == "fork" || name == "awaitable") && count >= 1) {
    THANE_ASSIGN(const Value function, argument(0));
    std::vector<Value> args;
    for (size_t i = 1; i < count; ++i) {
      THANE_ASSIGN(Value value, argument(i));
      args.push_back(std::move(value));
    }
    auto future = std::make_shared<FutureValue>();
    THANE_ASSIGN(future->value, call_value(function, std::move(args), {}));
    hold(Value(ObjectPtr(future)));
    return Value(ObjectPtr(future));
  }
  known = false;
  return Value();
}

// annotate(int, tensor) is a conversion; annotate(List[int], []) says only what is known anyway.
Result<Value> Machine::annotate(const Expr& type, Value value) {
  const bool data = value.is_tensor();
  if (data && type.is_name("int")) return op("aten::IntImplicit", {std::move(value)}, {});
  if (data && type.is_name("float")) return op("aten::FloatImplicit", {std::move(value)}, {});
  if (data && type.is_name("number")) return op("aten::ScalarImplicit", {std::move(value)}, {});
  if (data && type.is_name("bool")) return op("aten::Bool", {std::move(value)}, {});
  if (value.is_int() && type.is_name("float")) return Value(static_cast<double>(value.integer()));
  return value;
}

Result<bool> Machine::is_instance(const Value& value, const Expr& type) {
  if (type.kind == ExprKind::kTuple || type.kind == ExprKind::kList) {
    for (const Expr* item : type.items) {
      THANE_ASSIGN(const bool is, is_instance(value, *item));
      if (is) return true;
    }
    return false;
  }
  if (type.kind == ExprKind::kNone) return value.is_none();
  const Expr& name = type.kind == ExprKind::kSubscript ? *type.items[0] : type;
  const std::string text = dotted(name);
  const bool known_int = value.is_int() || (value.is_symbol() && value.symbol().dtype() == DType::kInt64);
  const bool known_float = value.is_float() || (value.is_symbol() && value.symbol().dtype() == DType::kFloat64);
  const bool known_bool = value.is_bool() || (value.is_symbol() && value.symbol().dtype() == DType::kBool);
  if (text == "int") return known_int;
  if (text == "float") return known_float;
  if (text == "bool") return known_bool;
  if (text == "complex") return value.is_complex();
  if (text == "str") return value.is_string();
  if (text == "Tensor") return value.is_tensor();
  if (text == "NoneType") return value.is_none();
  if (text == "number" || text == "Scalar") return known_int || known_float || value.is_complex();
  if (text == "Device" || text == "device") return value.is_string();
  if (text == "Optional") return value.is_none() || is_instance(value, *type.items[1]);
  const auto all_are = [&](const std::vector<Value>& items, const Expr& element) -> Result<bool> {
    for (const Value& item : items) {
      THANE_ASSIGN(const bool is, is_instance(item, element));
      if (!is) return false;
    }
    return true;
  };
  if (text == "List" || text == "list" || text == "t") {
    if (as<GraphList>(value)) return true;
    if (!value.is_list()) return false;
    return type.kind == ExprKind::kSubscript ? all_are(value.list()->items, *type.items[1]) : Result<bool>(true);
  }
  if (text == "Tuple" || text == "tuple") {
    if (!value.is_tuple()) return false;
    if (type.kind != ExprKind::kSubscript) return true;
    const Expr& elements = *type.items[1];
    if (elements.kind != ExprKind::kTuple) {
      return value.tuple().size() == 1 ? is_instance(value.tuple()[0], elements) : Result<bool>(false);
    }
    if (elements.items.size() != value.tuple().size()) return false;
    for (size_t i = 0; i < elements.items.size(); ++i) {
      THANE_ASSIGN(const bool is, is_instance(value.tuple()[i], *elements.items[i]));
      if (!is) return false;
    }
    return true;
  }
  if (text == "Dict" || text == "dict") return value.is_dict();
  if (const auto instance = as<Instance>(value)) return instance->type->name == text;
  if (const auto tuple = as<NamedTuple>(value)) return tuple->type->name == text;
  if (const auto entry = as<EnumValue>(value)) return entry->type->name == text;
  return false;
}

}  // namespace thane::torchscript
