#include "formats/torch/aten/call.h"

#include <algorithm>
#include <cmath>

#include "formats/torch/aten/lowering.h"
#include "formats/torch/aten/quantized.h"

namespace thane::aten {
namespace {

bool is_in_place(std::string_view name) { return name.ends_with('_') && !name.ends_with("__"); }

// What a tensor becomes when a result of whatever dtype is written to it. A view keeps its shape.
void store(Call& call, const TensorPtr& target, const Value& result) {
  if (!result.is_tensor() || result.tensor() == target) return;
  const Edge now = must(call.context.read(target));
  Edge edge = call.cast(must(call.context.read(result.tensor())), now.dtype());
  if (edge.dims() && now.dims() && edge.dims()->size() < now.dims()->size()) edge = call.expand(edge, call.shape(now));
  must(call.context.write(target, edge));
}

// squeeze_ and its like change how a tensor is seen, not what is in it: the box becomes the view.
void reshape_in_place(const TensorPtr& target, const TensorPtr& view) {
  auto old = std::make_shared<TensorBox>(*target);
  TensorBox changed = *view;
  changed.parent = old;
  changed.born = target->born;
  *target = std::move(changed);
}

Value finish(Call& call, const Schema& schema, Value result) {
  if (is_in_place(schema.name) && !schema.parameters.empty() && schema.parameters[0].written) {
    const Value& self = call[schema.parameters[0].name];
    if (!self.is_tensor()) return result;
    if (result.is_tensor() && result.tensor()->parent == self.tensor() && result.tensor()->view) {
      reshape_in_place(self.tensor(), result.tensor());
    } else {
      store(call, self.tensor(), result);
    }
    return self;
  }
  std::vector<Value> outs;
  for (const Parameter& parameter : schema.parameters) {
    if (parameter.written && parameter.kind == Kind::kTensor && !parameter.list && parameter.keyword_only) {
      outs.push_back(call[parameter.name]);
    }
  }
  if (outs.empty()) return result;
  if (outs.size() == 1) {
    store(call, outs[0].tensor(), result);
    return outs[0];
  }
  const std::vector<Value>* items = result.items();
  for (size_t i = 0; items && i < outs.size() && i < items->size(); ++i) store(call, outs[i].tensor(), (*items)[i]);
  return Value::tuple(std::move(outs));
}

// Ops that know integers only as numbers see the real numbers of quantized tensors; what comes out is quantized as the
// first of them was.
bool takes_quantized(const Row& row) {
  for (const Row& known : quantized_rows()) {
    if (&known == &row) return true;
  }
  for (const auto family : {view_rows, type_rows, query_rows}) {
    for (const Row& known : family()) {
      if (&known == &row) return true;
    }
  }
  return false;
}
struct RealNumbers {
  std::shared_ptr<const Quantization> how;  // null: nothing was quantized
  DType dtype = DType::kUndefined;

  void take(Context& context, Value& value) {
    if (value.is_list()) {
      std::vector<Value> items = *value.items();
      for (Value& item : items) take(context, item);
      if (how) value = Value::list(std::move(items));
    } else if (value.is_tensor() && value.tensor()->quantization) {
      const Ops ops(context);
      if (!how) how = value.tensor()->quantization, dtype = must(context.read(value.tensor())).dtype();
      value = context.tensor(dequantized(ops, value.tensor()));
    }
  }
  Value give(Context& context, const Value& value) const {
    if (!value.is_tensor()) return value;
    const Edge edge = must(context.read(value.tensor()));
    return is_float(edge.dtype()) ? Value(quantized(Ops(context), edge, how, dtype)) : value;
  }
};

std::string_view without_overload(std::string_view op) {
  const size_t colon = op.find("::");
  return op.substr(0, op.find('.', colon == std::string_view::npos ? 0 : colon));
}

}  // namespace

Result<Value> call(Context& context, std::string_view op, std::vector<Value> args, NamedValues kwargs) {
  const auto locate = [&](Error&& error) {
    Error located = std::move(error).at(std::string(op));
    return context.place.empty() ? std::move(located) : Error(std::move(located).at(context.place));
  };
  auto resolved = resolve(op, args, kwargs);
  if (!resolved.ok()) return locate(std::move(resolved).error());
  const Schema& schema = resolved->schema;
  const Row* row = find_row(schema.name, !schema.has_tensors());
  if (!row) return locate(unsupported("this op is not known"));
  auto result = guarded([&] {
    if (takes_quantized(*row)) {
      Call call(context, schema, std::move(resolved->args));
      return finish(call, schema, row->lower(call));
    }
    const std::vector<Value> given = resolved->args;
    RealNumbers real;
    for (Value& arg : resolved->args) real.take(context, arg);
    Call call(context, schema, std::move(resolved->args));
    if (!real.how) return finish(call, schema, row->lower(call));
    const Value result = real.give(context, row->lower(call));
    Call original(context, schema, given);
    return finish(original, schema, result);
  });
  if (!result.ok()) return locate(std::move(result).error());
  return result;
}

bool is_known(std::string_view op) {
  const std::string_view name = without_overload(op);
  return find_row(name, false) || find_row(name, true);
}

const Row* find_row(std::string_view name, bool numbers) {
  using Family = std::span<const Row> (*)();
  static constexpr Family kNumberFamilies[] = {number_rows, factory_rows, random_rows, query_rows, type_rows};
  static constexpr Family kFamilies[] = {
      activation_rows, attention_rows,     binary_rows,    comparison_rows,    complex_rows,    convolution_rows,
      embedding_rows,  factory_rows,       fourier_rows,   indexing_rows,      linear_rows,     linear_algebra_rows,
      loss_rows,       normalization_rows, padding_rows,   pooling_rows,       quantized_rows,  query_rows,
      random_rows,     recurrent_rows,     reduction_rows, rearrangement_rows, scan_rows,       scatter_rows,
      sorting_rows,    special_rows,       type_rows,      unary_rows,         upsampling_rows, view_rows,
      vision_rows,
  };
  const auto search = [&](std::string_view wanted, std::span<const Family> families) -> const Row* {
    const std::string_view bare = wanted.starts_with("aten::") ? wanted.substr(6) : wanted;
    for (const Family family : families) {
      for (const Row& row : family()) {
        if (row.name == bare) return &row;
      }
    }
    return nullptr;
  };
  const std::span<const Family> families = numbers ? std::span<const Family>(kNumberFamilies) : kFamilies;
  if (const Row* row = search(name, families)) return row;
  return is_in_place(name) ? search(name.substr(0, name.size() - 1), families) : nullptr;
}

// --- arguments
// ---------------------------------------------------------------------------------------------------------

const Value& Call::operator[](std::string_view name) const {
  static const Value kNone;
  for (size_t i = 0; i < schema_.parameters.size(); ++i) {
    if (schema_.parameters[i].name == name) return args_[i];
  }
  return kNone;
}

bool Call::declares(std::string_view name) const {
  return std::any_of(schema_.parameters.begin(), schema_.parameters.end(),
                     [&](const Parameter& parameter) { return parameter.name == name; });
}

const TensorPtr& Call::box(std::string_view name) const {
  const Value& value = (*this)[name];
  if (!value.is_tensor()) fail(invalid_model(format("{} is {}", name, value.kind())).expecting("a tensor"));
  return value.tensor();
}

Edge Call::edge_of(const Value& value, std::string_view name) const {
  if (value.is_tensor()) return must(context.read(value.tensor()));
  if (value.is_symbol()) return value.symbol();
  if (value.is_bool()) return scalar(value.boolean(), DType::kBool);
  if (value.is_int()) return int64(value.integer());
  if (value.is_float()) return scalar(value.real(), DType::kFloat64);
  if (value.is_complex()) return constant(thane::Tensor::scalar(value.complex()));
  fail(invalid_model(format("{} is {}", name, value.kind())).expecting("a tensor"));
}

std::vector<Edge> Call::edges(std::string_view name) const {
  const std::vector<Value>* items = (*this)[name].items();
  if (!items) fail(invalid_model(format("{} is {}", name, (*this)[name].kind())).expecting("a list of tensors"));
  std::vector<Edge> edges;
  for (const Value& item : *items) edges.push_back(item.is_none() ? Edge{} : edge_of(item, name));
  return edges;
}

std::vector<TensorPtr> Call::boxes(std::string_view name) const {
  const std::vector<Value>* items = (*this)[name].items();
  if (!items) fail(invalid_model(format("{} is {}", name, (*this)[name].kind())).expecting("a list of tensors"));
  std::vector<TensorPtr> boxes;
  for (const Value& item : *items) {
    if (!item.is_tensor()) fail(invalid_model(format("{} holds {}", name, item.kind())).expecting("tensors"));
    boxes.push_back(item.tensor());
  }
  return boxes;
}

namespace {

// The contents of a tensor of one element, when they are known.
const thane::Tensor* known_scalar(const Call& call, const Value& value) {
  if (!value.is_tensor() && !value.is_symbol()) return nullptr;
  const thane::Tensor* known = call.edge_of(value).known();
  return known && known->size() == 1 && !is_complex(known->dtype()) && known->dtype() != DType::kString ? known
                                                                                                        : nullptr;
}

int64_t integer_of(const Call& call, const Value& value, std::string_view name) {
  if (value.is_int()) return value.integer();
  if (value.is_bool()) return value.boolean();
  if (value.is_float() && value.real() == std::trunc(value.real()) && std::abs(value.real()) < 9e18) {
    return static_cast<int64_t>(value.real());
  }
  if (const thane::Tensor* known = known_scalar(call, value)) return known->as_int64(0);
  if (value.is_symbol() || value.is_tensor()) {
    fail(unsupported(format("{} depends on data", name)).expecting("an integer known before running"));
  }
  fail(invalid_model(format("{} is {}", name, value.kind())).expecting("an integer"));
}

double real_of_value(const Call& call, const Value& value, std::string_view name) {
  if (value.is_float()) return value.real();
  if (value.is_int()) return static_cast<double>(value.integer());
  if (value.is_bool()) return value.boolean();
  if (const thane::Tensor* known = known_scalar(call, value)) return known->as_double(0);
  if (value.is_symbol() || value.is_tensor()) {
    fail(unsupported(format("{} depends on data", name)).expecting("a number known before running"));
  }
  fail(invalid_model(format("{} is {}", name, value.kind())).expecting("a number"));
}

}  // namespace

int64_t Call::integer(std::string_view name) const { return integer_of(*this, (*this)[name], name); }
double Call::real(std::string_view name) const { return real_of_value(*this, (*this)[name], name); }

bool Call::flag(std::string_view name, bool otherwise) const { return has(name) ? integer(name) != 0 : otherwise; }

std::string Call::text(std::string_view name, std::string_view otherwise) const {
  const Value& value = (*this)[name];
  return value.is_string() ? value.string() : std::string(otherwise);
}

Dims Call::ints(std::string_view name) const {
  const Value& value = (*this)[name];
  if (value.is_none()) return {};
  const std::vector<Value>* items = value.items();
  if (!items) return {integer_of(*this, value, name)};
  Dims ints;
  for (const Value& item : *items) ints.push_back(integer_of(*this, item, name));
  return ints;
}

Dims Call::ints(std::string_view name, size_t n) const {
  Dims values = ints(name);
  if (values.size() == 1) values.resize(n, values[0]);
  if (values.size() != n) {
    fail(invalid_model(format("{} has {} numbers", name, values.size())).expecting(std::to_string(n)));
  }
  return values;
}

std::vector<double> Call::reals(std::string_view name) const {
  std::vector<double> values;
  if (const std::vector<Value>* items = (*this)[name].items()) {
    for (const Value& item : *items) values.push_back(real_of_value(*this, item, name));
  }
  return values;
}

Edge Call::number_of(const Value& value, DType dtype) const {
  if (value.is_tensor() || value.is_symbol()) {
    Edge x = cast(edge_of(value), dtype);
    return x.dims() && x.dims()->size() == 1 ? reshape(x, Dims{}) : x;
  }
  if (value.is_complex()) return cast(edge_of(value), dtype);
  if (value.is_int() && dtype == DType::kInt64) return int64(value.integer());
  return scalar(real_of_value(*this, value, "a number"), dtype);
}

Edge Call::shape_edge(const Value& list) const {
  const std::vector<Value>* items = list.items();
  if (!items) {
    if (list.is_tensor() || list.is_symbol() || list.is_int()) return reshape(number_of(list, DType::kInt64), Dims{1});
    fail(invalid_model(format("a shape is {}", list.kind())).expecting("a list of ints"));
  }
  Dims known;
  std::vector<Edge> parts;
  for (const Value& item : *items) {
    if (item.is_int()) known.push_back(item.integer());
    parts.push_back({});
  }
  if (known.size() == items->size()) return int64s(known);
  for (size_t i = 0; i < items->size(); ++i) parts[i] = reshape(number_of((*items)[i], DType::kInt64), Dims{1});
  return concat(std::move(parts), 0);
}

DType Call::dtype_argument(std::string_view name, DType otherwise) const {
  if (!has(name)) return otherwise;
  const int64_t code = integer(name);
  const auto dtype = dtype_of_c10(code);
  if (!dtype) refuse(format("element type number {}", code));
  return *dtype;
}

Edge Call::floating(const Edge& x) const {
  return is_float(x.dtype()) || is_complex(x.dtype()) ? x : cast(x, DType::kFloat32);
}

std::vector<Edge> Call::promoted(std::initializer_list<std::string_view> names, bool to_float) const {
  Promotion promotion;
  Ops ops(context);
  for (const std::string_view name : names) promotion.add(ops, (*this)[name]);
  DType dtype = promotion.result();
  if (to_float && !is_float(dtype) && !is_complex(dtype)) dtype = DType::kFloat32;
  std::vector<Edge> edges;
  for (const std::string_view name : names) {
    const Value& value = (*this)[name];
    edges.push_back(value.is_tensor() ? cast(edge_of(value, name), dtype) : number_of(value, dtype));
  }
  return edges;
}

Value Call::tensors(const std::vector<Edge>& edges) const {
  std::vector<Value> items;
  for (const Edge& edge : edges) items.push_back(tensor(edge));
  return Value::list(std::move(items));
}

Value Call::view(const TensorPtr& parent, TensorBox::View view, TensorBox::Write write) const {
  return must(context.view_of(parent, std::move(view), std::move(write)));
}

}  // namespace thane::aten
