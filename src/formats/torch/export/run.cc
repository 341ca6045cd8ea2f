#include "formats/torch/export/run.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "formats/torch/aten/call.h"
#include "formats/torch/aten/lowering.h"

namespace thane::torch {
namespace {

using aten::Context;
using aten::fail;
using aten::must;
using aten::NamedValues;
using aten::Value;

constexpr std::string_view kOps = "torch.ops.", kHigher = "torch.ops.higher_order.";
constexpr int kMostNesting = 50;

// Python's functions on numbers, which stand between ops.
std::string_view builtin(std::string_view target) {
  struct Row {
    std::string_view python, op;
  };
  static constexpr Row kRows[] = {
      {"_operator.add", "aten::add"},
      {"_operator.sub", "aten::sub"},
      {"_operator.mul", "aten::mul"},
      {"_operator.truediv", "aten::div"},
      {"_operator.floordiv", "aten::floordiv"},
      {"_operator.mod", "aten::remainder"},
      {"_operator.pow", "aten::pow"},
      {"_operator.neg", "aten::neg"},
      {"_operator.pos", "aten::Int"},
      {"_operator.eq", "aten::eq"},
      {"_operator.ne", "aten::ne"},
      {"_operator.lt", "aten::lt"},
      {"_operator.le", "aten::le"},
      {"_operator.gt", "aten::gt"},
      {"_operator.ge", "aten::ge"},
      {"_operator.and_", "aten::__and__"},
      {"_operator.or_", "aten::__or__"},
      {"_operator.not_", "aten::__not__"},
      {"_operator.lshift", "aten::__lshift__"},
      {"_operator.rshift", "aten::__rshift__"},
      {"math.ceil", "aten::ceil"},
      {"math.floor", "aten::floor"},
      {"math.trunc", "aten::trunc"},
      {"builtins.round", "aten::round"},
      {"torch.sym_float", "aten::Float"},
      {"torch.sym_int", "aten::Int"},
      {"torch.sym_not", "aten::__not__"},
      {"torch.sym_max", "prim::max"},
      {"torch.sym_min", "prim::min"},
      {"builtins.max", "prim::max"},
      {"builtins.min", "prim::min"},
      {"torch._sym_sqrt", "aten::sqrt"},
      {"torch._sym_log2", "aten::log2"},
  };
  for (const Row& row : kRows) {
    if (row.python == target) return row.op;
  }
  return {};
}

// "torch.ops.aten.add.Tensor" → "aten::add.Tensor"
std::string op_name(std::string_view target) {
  if (!target.starts_with(kOps)) return std::string(builtin(target));
  std::string name(target.substr(kOps.size()));
  const size_t dot = name.find('.');
  if (dot == std::string::npos) return {};
  return name.substr(0, dot) + "::" + name.substr(dot + 1);
}

bool is_higher_order(std::string_view target) {
  static constexpr std::string_view kNames[] = {
      "cond",
      "while_loop",
      "map_impl",
      "scan",
      "wrap_with_set_grad_enabled",
      "wrap_with_autocast",
      "hints_wrapper",
      "tag_activation_checkpoint",
      "invoke_subgraph",
      "wrap",
  };
  if (!target.starts_with(kHigher)) return false;
  target.remove_prefix(kHigher.size());
  return std::find(std::begin(kNames), std::end(kNames), target) != std::end(kNames);
}

class Runner {
 public:
  explicit Runner(Context& context) : context_(context) {}
  using Environment = std::unordered_map<std::string, Value>;

  void run_nodes(const Json& graph, Environment& env) {
    if (++depth_ > kMostNesting) fail(resource_limit("graphs nested too deeply"));
    for (const Json& node : array(graph, "nodes")) run_node(node, env);
    --depth_;
  }

  Value argument(const Json& argument, const Environment& env) {
    const Tagged t = tagged(argument);
    const Json& v = t.value;
    if (t.tag == "as_tensor") return lookup(text(member(v, "name")), env);
    if (t.tag == "name") return lookup(text(v), env);  // a tensor where nothing else can be: what a buffer becomes
    if (t.tag == "as_none") return {};
    if (t.tag == "as_int") return integer(v);
    if (t.tag == "as_float") return real(v);
    if (t.tag == "as_bool") return flag(v);
    if (t.tag == "as_string" || t.tag == "as_operator") return text(v);
    if (t.tag == "as_scalar_type") return scalar_type(integer(v));
    if (t.tag == "as_layout") return 0;
    if (t.tag == "as_memory_format") {
      static constexpr int64_t kFormats[] = {0, 0, 2, 3, 1};
      const int64_t format = integer(v);
      return format >= 0 && format < 5 ? kFormats[format] : 0;
    }
    if (t.tag == "as_device") return text(member(v, "type"));
    if (t.tag == "as_complex") return std::complex<double>(real(member(v, "real")), real(member(v, "imag")));
    if (t.tag == "as_sym_int" || t.tag == "as_sym_float" || t.tag == "as_sym_bool") return symbolic(v, env);
    if (t.tag == "as_optional_tensor") return optional_tensor(v, env);
    if (t.tag == "as_custom_obj" || t.tag == "as_graph") fail(unsupported(format("an argument of kind {}", t.tag)));
    if (!v.is_array()) fail(unsupported(format("an argument of kind {}", t.tag)));
    std::vector<Value> items;
    for (const Json& item : v) {
      if (t.tag == "as_tensors") {
        items.push_back(lookup(text(member(item, "name")), env));
      } else if (t.tag == "as_ints") {
        items.emplace_back(integer(item));
      } else if (t.tag == "as_floats") {
        items.emplace_back(real(item));
      } else if (t.tag == "as_bools") {
        items.emplace_back(flag(item));
      } else if (t.tag == "as_strings") {
        items.emplace_back(text(item));
      } else if (t.tag == "as_optional_tensors") {
        items.push_back(optional_tensor(item, env));
      } else if (t.tag == "as_sym_ints" || t.tag == "as_sym_floats" || t.tag == "as_sym_bools") {
        items.push_back(symbolic(item, env));
      } else {
        fail(unsupported(format("an argument of kind {}", t.tag)));
      }
    }
    return Value::list(std::move(items));
  }

  // The results of a nested graph for these inputs.
  std::vector<Value> run_graph(const Json& graph, const std::vector<Value>& inputs, const Environment& outer) {
    Environment env = outer;
    const Json& formals = array(graph, "inputs");
    if (formals.size() != inputs.size()) {
      fail(invalid_model(format("{} values for a graph", inputs.size())).expecting(std::to_string(formals.size())));
    }
    for (size_t i = 0; i < inputs.size(); ++i) bind(formals[i], inputs[i], env);
    run_nodes(graph, env);
    std::vector<Value> results;
    for (const Json& output : array(graph, "outputs")) results.push_back(argument(output, env));
    return results;
  }

  Edge edge(const Value& value) {
    if (value.is_tensor()) return must(context_.read(value.tensor()));
    if (value.is_symbol()) return value.symbol();
    if (value.is_int()) return context_.builder().int64(value.integer());
    if (value.is_bool()) return must(context_.builder().scalar(value.boolean(), DType::kBool));
    if (value.is_float()) return must(context_.builder().scalar(value.real(), DType::kFloat64));
    fail(unsupported(format("a {} where a tensor is needed", value.kind())));
  }

 private:
  Value lookup(const std::string& name, const Environment& env) {
    const auto found = env.find(name);
    if (found == env.end()) fail(invalid_model(format("'{}' is used before it is made", name)));
    return found->second;
  }
  Value symbolic(const Json& value, const Environment& env) {
    const Tagged t = tagged(value);
    if (t.tag == "as_name") return lookup(text(t.value), env);
    if (t.tag == "as_int") return integer(t.value);
    if (t.tag == "as_float") return real(t.value);
    return flag(t.value);
  }
  Value optional_tensor(const Json& value, const Environment& env) {
    const Tagged t = tagged(value);
    return t.tag == "as_none" ? Value() : lookup(text(member(t.value, "name")), env);
  }
  Value scalar_type(int64_t code) {
    const auto c10 = aten::c10_of_export(code);
    if (!c10) fail(unsupported(format("element type number {}", code)));
    return *c10;
  }

  // Puts a result under the name (or names) that an output Argument gives it.
  void bind(const Json& target, const Value& value, Environment& env) {
    const Tagged t = tagged(target);
    if (t.tag == "as_tensor") {
      // Graphs as arguments give lists, of one result too.
      const auto* items = value.items();
      env[text(member(t.value, "name"))] = items && items->size() == 1 ? (*items)[0] : value;
    } else if (t.tag == "as_sym_int" || t.tag == "as_sym_float" || t.tag == "as_sym_bool") {
      const Tagged symbol = tagged(t.value);
      if (symbol.tag == "as_name") env[text(symbol.value)] = value;
    } else if (t.tag == "as_optional_tensor") {
      const Tagged inner = tagged(t.value);
      if (inner.tag == "as_tensor") env[text(member(inner.value, "name"))] = value;
    } else if (t.value.is_array() && value.items()) {
      const auto& items = *value.items();
      for (size_t i = 0; i < t.value.size() && i < items.size(); ++i) {
        const Json& item = t.value[i];
        if (t.tag == "as_tensors") env[text(member(item, "name"))] = items[i];
        if (t.tag == "as_optional_tensors") {
          const Tagged inner = tagged(item);
          if (inner.tag == "as_tensor") env[text(member(inner.value, "name"))] = items[i];
        }
        if (t.tag == "as_sym_ints") {
          const Tagged inner = tagged(item);
          if (inner.tag == "as_name") env[text(inner.value)] = items[i];
        }
      }
    }
  }

  void run_node(const Json& node, Environment& env) {
    const std::string target = text(member(node, "target"));
    const Json* name = find(node, "name");
    context_.name = name ? text(*name) : std::string();
    const Json& outputs = array(node, "outputs");
    if (context_.name.empty() && !outputs.empty()) {
      const Tagged first = tagged(outputs[0]);
      if (first.tag == "as_tensor") context_.name = text(member(first.value, "name"));
    }
    context_.place = context_.name;
    Value result;
    if (target.starts_with(kHigher)) {
      result = higher_order(target.substr(kHigher.size()), array(node, "inputs"), env);
    } else if (target == "_operator.getitem") {
      const Json& inputs = array(node, "inputs");
      if (inputs.size() != 2) fail(invalid_model("getitem needs two arguments"));
      const Value list = argument(member(inputs[0], "arg"), env), index = argument(member(inputs[1], "arg"), env);
      const auto* items = list.items();
      if (!items || !index.is_int() || index.integer() < 0 || index.integer() >= static_cast<int64_t>(items->size())) {
        fail(invalid_model("getitem beyond its list"));
      }
      result = (*items)[static_cast<size_t>(index.integer())];
    } else {
      std::vector<Value> args;
      NamedValues kwargs;
      const bool named = target.starts_with(kOps);
      for (const Json& input : array(node, "inputs")) {
        Value value = argument(member(input, "arg"), env);
        const std::string key = text(member(input, "name"));
        if (named && !key.empty())
          kwargs.emplace_back(key, std::move(value));
        else
          args.push_back(std::move(value));
      }
      result = must(aten::call(context_, op_name(target), std::move(args), std::move(kwargs)));
    }
    // A list that is the only result, or several results.
    if (outputs.size() == 1) return bind(outputs[0], result, env);
    const auto* items = result.items();
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (items && i < items->size()) bind(outputs[i], (*items)[i], env);
    }
  }

  // --- graphs as arguments

  struct Operands {
    std::vector<const Json*> graphs;
    std::vector<Value> values;  // the other arguments in their order
  };
  Operands operands(const Json& inputs, const Environment& env) {
    Operands result;
    for (const Json& input : inputs) {
      const Json& arg = member(input, "arg");
      const Tagged t = tagged(arg);
      if (t.tag == "as_graph")
        result.graphs.push_back(&member(t.value, "graph"));
      else
        result.values.push_back(argument(arg, env));
    }
    return result;
  }
  static std::vector<Value> flat(const Value& value) {
    return value.items() ? *value.items() : std::vector<Value>{value};
  }

  Value higher_order(const std::string& name, const Json& inputs, const Environment& env) {
    const Operands in = operands(inputs, env);
    if (name == "cond") {
      if (in.graphs.size() != 2 || in.values.empty()) fail(invalid_model("cond needs two graphs"));
      return cond(*in.graphs[0], *in.graphs[1], in.values[0],
                  in.values.size() > 1 ? flat(in.values[1]) : std::vector<Value>{}, env);
    }
    if (name == "while_loop") {
      if (in.graphs.size() != 2 || in.values.empty()) fail(invalid_model("while_loop needs two graphs"));
      return while_loop(*in.graphs[0], *in.graphs[1], flat(in.values[0]),
                        in.values.size() > 1 ? flat(in.values[1]) : std::vector<Value>{}, env);
    }
    if (name == "map_impl" || name == "scan") {
      if (in.graphs.size() != 1 || in.values.empty()) fail(invalid_model(format("{} needs a graph", name)));
      const bool is_scan = name == "scan";
      const size_t used = is_scan ? 2 : 1;
      if (in.values.size() < used) fail(invalid_model("scan without sequences"));
      return scan(*in.graphs[0], is_scan ? flat(in.values[0]) : std::vector<Value>{}, flat(in.values[used - 1]),
                  in.values.size() > used ? flat(in.values[used]) : std::vector<Value>{}, env);
    }
    // Wrappers that only say how their graph was to be differentiated or compiled.
    if (in.graphs.size() != 1) fail(unsupported(format("higher_order.{}", name)));
    const size_t formals = array(*in.graphs[0], "inputs").size();
    if (in.values.size() < formals)
      fail(invalid_model(format("{} arguments for a graph of {}", in.values.size(), formals)));
    const std::vector<Value> last(in.values.end() - static_cast<std::ptrdiff_t>(formals), in.values.end());
    return Value::list(run_graph(*in.graphs[0], last, env));
  }

  Value wrapped(const Edge& edge) { return context_.tensor(edge); }

  Value cond(const Json& yes, const Json& no, const Value& predicate, const std::vector<Value>& values,
             const Environment& env) {
    if (predicate.is_bool()) return Value::list(run_graph(predicate.boolean() ? yes : no, values, env));
    Edge condition = edge(predicate);
    if (condition.known()) return Value::list(run_graph(condition.known()->as_int64(0) ? yes : no, values, env));
    const std::string name = context_.name;
    if (condition.dims() && !condition.dims()->empty()) condition = aten::Ops(context_).reshape(condition, Dims{});
    GraphBuilder then_body(context_.builder()), else_body(context_.builder());
    size_t count = 0;
    const auto fill = [&](GraphBuilder& body, const Json& graph) {
      context_.enter(body);
      const std::vector<Value> results = run_graph(graph, values, env);
      for (const Value& result : results) must(body.output(edge(result)));
      context_.leave();
      count = results.size();
    };
    fill(then_body, yes);
    const size_t expected = count;
    fill(else_body, no);
    if (count != expected) fail(invalid_model("the branches of cond differ in their results"));
    const auto outputs = must(context_.builder().emit(
        {.op = "If", .inputs = {condition}, .outputs = count, .name = name, .bodies = {&then_body, &else_body}}));
    std::vector<Value> results;
    for (const Edge& output : outputs) results.push_back(wrapped(output));
    return Value::list(std::move(results));
  }

  // Numbers carried through a loop are scalars there.
  Value while_loop(const Json& test, const Json& body_graph, const std::vector<Value>& carried,
                   const std::vector<Value>& extra, const Environment& env) {
    const std::string name = context_.name;
    const auto with_extra = [&](std::vector<Value> values) {
      values.insert(values.end(), extra.begin(), extra.end());
      return values;
    };
    const auto as_condition = [&](const std::vector<Value>& results) {
      if (results.size() != 1) fail(invalid_model("a loop's condition has several results"));
      Edge condition = edge(results[0]);
      if (condition.dims() && !condition.dims()->empty()) condition = aten::Ops(context_).reshape(condition, Dims{});
      return condition;
    };
    const Edge first = as_condition(run_graph(test, with_extra(carried), env));
    GraphBuilder body(context_.builder());
    body.input("iteration", Type::tensor(DType::kInt64, SymDims{}));
    body.input("condition", Type::tensor(DType::kBool, SymDims{}));
    std::vector<Edge> initial;
    std::vector<Value> inner;
    for (size_t i = 0; i < carried.size(); ++i) {
      initial.push_back(edge(carried[i]));
      // Shapes stay what they are through a loop: torch demands it.
      const Edge formal = body.input(format("carried{}", i), initial.back().type());
      inner.push_back(carried[i].is_tensor() ? wrapped(formal) : Value(aten::Symbol{formal}));
    }
    context_.enter(body);
    const std::vector<Value> next = run_graph(body_graph, with_extra(inner), env);
    if (next.size() != carried.size()) fail(invalid_model("a loop's body changes the number of values"));
    const Edge again = as_condition(run_graph(test, with_extra(next), env));
    must(body.output(again));
    for (const Value& value : next) must(body.output(edge(value)));
    context_.leave();
    std::vector<Edge> loop_inputs = {Edge{}, first};
    loop_inputs.insert(loop_inputs.end(), initial.begin(), initial.end());
    const auto outputs = must(context_.builder().emit(
        {.op = "Loop", .inputs = std::move(loop_inputs), .outputs = carried.size(), .name = name, .bodies = {&body}}));
    std::vector<Value> results;
    for (size_t i = 0; i < outputs.size(); ++i) {
      results.push_back(carried[i].is_tensor() ? wrapped(outputs[i]) : context_.scalar(outputs[i]));
    }
    return Value::list(std::move(results));
  }

  // Over the first axis of `sequences`; map is a scan without state.
  Value scan(const Json& graph, const std::vector<Value>& initial, const std::vector<Value>& sequences,
             const std::vector<Value>& extra, const Environment& env) {
    const std::string name = context_.name;
    GraphBuilder body(context_.builder());
    std::vector<Edge> inputs;
    std::vector<Value> inner;
    for (size_t i = 0; i < initial.size(); ++i) {
      inputs.push_back(edge(initial[i]));
      inner.push_back(wrapped(body.input(format("state{}", i), inputs.back().type())));
    }
    for (size_t i = 0; i < sequences.size(); ++i) {
      inputs.push_back(edge(sequences[i]));
      Type row = inputs.back().type();
      if (row.dims && row.dims->empty()) fail(invalid_model("a scan over a tensor without axes"));
      if (row.dims) row.dims->erase(row.dims->begin());
      inner.push_back(wrapped(body.input(format("row{}", i), row)));
    }
    inner.insert(inner.end(), extra.begin(), extra.end());
    context_.enter(body);
    const std::vector<Value> results = run_graph(graph, inner, env);
    for (const Value& result : results) must(body.output(edge(result)));
    context_.leave();
    const auto outputs =
        must(context_.builder().emit({.op = "Scan",
                                      .inputs = std::move(inputs),
                                      .outputs = results.size(),
                                      .attrs = {{"num_scan_inputs", static_cast<int64_t>(sequences.size())}},
                                      .name = name,
                                      .bodies = {&body}}));
    std::vector<Value> values;
    for (const Edge& output : outputs) values.push_back(wrapped(output));
    return Value::list(std::move(values));
  }

  Context& context_;
  int depth_ = 0;
};

Value fixed_value(const Json& constant) {
  const Tagged t = tagged(constant);
  if (t.tag == "as_int") return integer(t.value);
  if (t.tag == "as_float") return real(t.value);
  if (t.tag == "as_bool") return flag(t.value);
  if (t.tag == "as_string") return text(t.value);
  return {};
}

// --- which ops there are

struct Missing {
  int64_t count = 0;
  std::vector<std::string> examples;
};
void collect_missing(const Json& graph, std::map<std::string, Missing>& missing, int depth) {
  if (depth > kMostNesting) fail(resource_limit("graphs nested too deeply"));
  for (const Json& node : array(graph, "nodes")) {
    const std::string target = text(member(node, "target"));
    for (const Json& input : array(node, "inputs")) {
      const Tagged t = tagged(member(input, "arg"));
      if (t.tag == "as_graph") collect_missing(member(t.value, "graph"), missing, depth + 1);
    }
    const bool known = target.starts_with(kHigher) ? is_higher_order(target)
                                                   : target == "_operator.getitem" || aten::is_known(op_name(target));
    if (known) continue;
    Missing& entry = missing[target.starts_with(kOps) ? target.substr(kOps.size()) : target];
    ++entry.count;
    const Json* name = find(node, "name");
    if (name && entry.examples.size() < 3) entry.examples.push_back(text(*name));
  }
}

}  // namespace

Status check_ops(const Program& program) {
  std::map<std::string, Missing> missing;
  auto done = aten::guarded([&] { return collect_missing(*program.graph, missing, 0), true; });
  if (!done.ok()) return std::move(done).error();
  if (missing.empty()) return ok();
  std::string list;
  for (const auto& [op, entry] : missing) {
    list += format("{}{} × {}", list.empty() ? "" : "; ", op, entry.count);
    for (size_t i = 0; i < entry.examples.size(); ++i) list += (i ? ", " : ": ") + entry.examples[i];
    if (entry.count > static_cast<int64_t>(entry.examples.size())) list += ", …";
  }
  return unsupported(format("{} unsupported {}: {}", missing.size(), missing.size() == 1 ? "op" : "ops", list));
}

namespace {

// Runs the whole program. Buffers in `states` are states of the graph; those found changed otherwise are noted.
Graph run_program(const Program& program, std::span<const Fact> facts, std::vector<std::string>* changed) {
  GraphBuilder builder;
  Context context(builder);
  Runner runner(context);
  Runner::Environment env;
  size_t next = 0;
  const auto take = [&]() -> const Fact& {
    if (next >= facts.size()) fail(invalid_argument(format("{} inputs are too few", facts.size())));
    return facts[next++];
  };
  for (const ProgramInput& input : program.inputs) {
    if (input.kind != InputKind::kUser) continue;
    const Fact& fact = take();
    const Edge edge = builder.input(input.name, fact.type, fact.value);
    env[input.name] = input.number ? context.scalar(edge) : Value(context.tensor(edge));
  }
  // Buffers by name: two inputs may be the same one.
  std::map<std::string, aten::TensorPtr, std::less<>> boxes;
  std::map<std::string, Edge, std::less<>> states;
  for (const std::string& name : program.mutated) {
    if (states.contains(name)) continue;
    const auto stored = program.tensors.find(name);
    if (stored == program.tensors.end()) fail(invalid_model(format("the archive lacks the buffer '{}'", name)));
    const Edge edge = builder.state(name, take().type, stored->second);
    states.emplace(name, edge);
    boxes.emplace(name, context.tensor(edge));
  }
  for (const ProgramInput& input : program.inputs) {
    if (input.kind == InputKind::kFixed) env[input.name] = fixed_value(*input.fixed);
    if (input.kind != InputKind::kParameter && input.kind != InputKind::kBuffer && input.kind != InputKind::kConstant)
      continue;
    auto& box = boxes[input.target];
    if (!box) box = context.tensor(builder.constant(program.tensors.at(input.target), input.target));
    env[input.name] = box;
  }
  std::map<std::string, Edge, std::less<>> before;
  for (const auto& [name, box] : boxes) before.emplace(name, box->edge);
  runner.run_nodes(*program.graph, env);
  context.name.clear();
  for (const ProgramOutput& output : program.outputs) {
    if (output.kind == ProgramOutput::Kind::kIgnored) continue;
    const Value value = runner.argument(*output.value, env);
    if (output.kind == ProgramOutput::Kind::kUser) {
      must(builder.output(runner.edge(value), output.name));
    } else {
      const auto state = states.find(output.target);
      if (state != states.end()) builder.set_state(state->second, runner.edge(value));
    }
  }
  for (const auto& [name, box] : boxes) {
    if (box->edge == before.at(name)) continue;
    const auto state = states.find(name);
    if (state != states.end())
      builder.set_state(state->second, box->edge);
    else if (changed)
      changed->push_back(name);
  }
  return must(builder.finish());
}

}  // namespace

Result<Graph> write_graph(const Program& program, std::span<const Fact> inputs) {
  return aten::guarded([&] { return run_program(program, inputs, nullptr); });
}

Status find_mutated_buffers(Program& program) {
  // Only ops whose names end in an underscore, or the running statistics of a batch norm in training, can do it.
  bool suspicious = false;
  const std::string nodes = program.graph->dump();
  for (size_t at = nodes.find("_."); at != std::string::npos && !suspicious; at = nodes.find("_.", at + 1)) {
    suspicious = nodes.rfind("torch.ops.", at) != std::string::npos && at - nodes.rfind("torch.ops.", at) < 80;
  }
  suspicious |= nodes.find("batch_norm") != std::string::npos && nodes.find("\"training\"") != std::string::npos;
  if (!suspicious) return ok();
  std::vector<Fact> facts;
  for (const ProgramInput& input : program.inputs) {
    if (input.kind == InputKind::kUser) facts.push_back({input.type, std::nullopt, std::nullopt});
  }
  for (const std::string& name : program.mutated)
    facts.push_back({Type::tensor(program.tensors.at(name).dtype(), to_symbolic(program.tensors.at(name).dims())),
                     std::nullopt, std::nullopt});
  std::vector<std::string> changed;
  auto graph = aten::guarded([&] { return run_program(program, facts, &changed); });
  if (!graph.ok()) return ok();  // whatever it is will be met again
  program.mutated.insert(program.mutated.end(), changed.begin(), changed.end());
  return ok();
}

}  // namespace thane::torch
