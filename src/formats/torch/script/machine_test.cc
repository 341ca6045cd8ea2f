#include "formats/torch/script/machine.h"

#include <gtest/gtest.h>

#include "formats/torch/script/graph_domain.h"
#include "formats/torch/script/scout.h"

namespace thane::torchscript {
namespace {

// A program of one file, "__torch__", and a graph it writes.
class MachineTest : public testing::Test {
 protected:
  void load(const std::string& source) {
    auto buffer = allocate_buffer(source.size());
    ASSERT_TRUE(buffer.ok());
    std::copy(source.begin(), source.end(), reinterpret_cast<char*>((*buffer)->data()));
    ASSERT_TRUE(program_.add("__torch__", *buffer).ok());
  }

  Result<Value> call(std::vector<Value> args = {}) {
    auto function = program_.find_function("__torch__.f");
    if (!function.ok()) return std::move(function).error();
    return machine_.call_function(**function, std::move(args), {});
  }

  std::string text(std::vector<Value> args = {}) {
    const auto value = call(std::move(args));
    return value.ok() ? to_text(*value) : value.error().to_string();
  }

  Value tensor(const std::string& name, Type type) {
    return Value(context_.tensor(main_.input(name, std::move(type))));
  }

  Program program_;
  GraphBuilder main_;
  aten::Context context_{main_};
  GraphDomain domain_{main_, context_, 10};
  Machine machine_{program_, domain_, context_};
};

TEST_F(MachineTest, RunsPlainPrograms) {
  load(
      "def f(n: int) -> List[int]:\n"
      "  a = annotate(List[int], [])\n"
      "  x = 1\n"
      "  for i in range(n):\n"
      "    x0 = torch.mul(x, 2)\n"
      "    if torch.gt(x0, 8):\n"
      "      _0 = torch.append(a, torch.neg(x0))\n"
      "    else:\n"
      "      _1 = torch.append(a, x0)\n"
      "    x = x0\n"
      "  return a\n");
  EXPECT_EQ(text({Value(5)}), "[2, 4, 8, -16, -32]");
}

TEST_F(MachineTest, KnowsListsStringsAndDicts) {
  load(
      "def f() -> List[str]:\n"
      "  d = annotate(Dict[str, int], {\"b\": 2, \"a\": 1})\n"
      "  d[\"c\"] = 3\n"
      "  k = torch.keys(d)\n"
      "  torch.sort(k)\n"
      "  s = torch.join(\"-\", k)\n"
      "  l = torch.slice(torch.split(\"x y z\"), None, None, -1)\n"
      "  return [s, torch.upper(s), torch.format(\"{} of {}\", d[\"c\"], torch.len(d)), l[-1], torch.join(\"\", l)]\n");
  EXPECT_EQ(text(), "['a-b-c', 'A-B-C', '3 of 3', 'x', 'zyx']");
}

TEST_F(MachineTest, TakesTheBranchThatConditionsChooseAndOnlyThat) {
  load(
      "def f(n: int) -> int:\n"
      "  if torch.eq(n, 0):\n"
      "    return torch.an_op_nobody_knows(n)\n"
      "  else:\n"
      "    return n\n");
  EXPECT_EQ(text({Value(7)}), "7");
}

TEST_F(MachineTest, ExceptionsAreErrorsWithTypeMessageAndPlace) {
  load(
      "def f(n: int) -> int:\n"
      "  ops.prim.RaiseException(torch.format(\"bad {}\", n), \"builtins.ValueError\")\n"
      "  return n\n");
  const std::string error = text({Value(3)});
  EXPECT_NE(error.find("ValueError: bad 3"), std::string::npos) << error;
  EXPECT_NE(error.find("line 2"), std::string::npos) << error;
}

TEST_F(MachineTest, KnowsNamedTuplesClassesAndEnums) {
  load(
      "class P(NamedTuple):\n"
      "  a : int\n"
      "  b : int\n"
      "class C(Enum):\n"
      "  RED : int = 1\n"
      "  BLUE : int = 2\n"
      "class K:\n"
      "  v : int\n"
      "  def __init__(self: __torch__.K,\n"
      "    v: int) -> NoneType:\n"
      "    self.v = v\n"
      "    return None\n"
      "  def twice(self: __torch__.K) -> int:\n"
      "    return torch.mul(self.v, 2)\n"
      "def f() -> List[int]:\n"
      "  p = __torch__.P(3, 4)\n"
      "  _0 = __torch__.K.__new__(__torch__.K)\n"
      "  _1 = (_0).__init__(5, )\n"
      "  x, y, = p\n"
      "  c = __torch__.C.BLUE\n"
      "  if isinstance(p, __torch__.P):\n"
      "    z = c.value\n"
      "  else:\n"
      "    z = 0\n"
      "  return [p.b, x, y, (_0).twice(), z]\n");
  EXPECT_EQ(text(), "[4, 3, 4, 10, 2]");
}

TEST_F(MachineTest, EndlessProgramsEnd) {
  load(
      "def f() -> int:\n"
      "  x = 0\n"
      "  while True:\n"
      "    x = torch.add(x, 1)\n"
      "  return x\n");
  machine_.limit_steps(10'000);
  const auto value = call();
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.error().code, ErrorCode::kResourceLimit);
}

TEST_F(MachineTest, RecursionEnds) {
  load(
      "def f(n: int) -> int:\n"
      "  return __torch__.f(n, )\n");
  const auto value = call({Value(1)});
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.error().code, ErrorCode::kResourceLimit);
}

TEST_F(MachineTest, BranchesOnDataBecomeIf) {
  load(
      "def f(c: Tensor,\n"
      "    n: int) -> int:\n"
      "  l = [1, 2]\n"
      "  if bool(c):\n"
      "    m = torch.add(n, 1)\n"
      "    _0 = torch.append(l, m)\n"
      "  else:\n"
      "    m = n\n"
      "    _1 = torch.append(l, 0)\n"
      "  return torch.add(m, l[2])\n");
  const auto value = call({tensor("c", Type::tensor(DType::kBool, SymDims{})), Value(4)});
  ASSERT_TRUE(value.ok()) << value.error().to_string();
  EXPECT_TRUE(value->is_symbol());
  ASSERT_TRUE(main_.output(value->symbol(), "out").ok());
  const auto graph = main_.finish();
  ASSERT_TRUE(graph.ok()) << graph.error().to_string();
  EXPECT_NE(to_text(*graph).find("If"), std::string::npos) << to_text(*graph);
}

TEST_F(MachineTest, ABranchThatRaisesBecomesACheck) {
  load(
      "def f(c: Tensor) -> int:\n"
      "  if bool(c):\n"
      "    ops.prim.RaiseException(\"no\", \"builtins.ValueError\")\n"
      "    x = 1\n"
      "  else:\n"
      "    x = 2\n"
      "  return x\n");
  EXPECT_EQ(text({tensor("c", Type::tensor(DType::kBool, SymDims{}))}), "2");
  ASSERT_EQ(domain_.checks().size(), 1u);
  EXPECT_NE(domain_.checks()[0].message.find("ValueError: no"), std::string::npos);
}

TEST_F(MachineTest, LoopsOnDataBecomeLoop) {
  load(
      "def f(n: Tensor) -> int:\n"
      "  k = int(n)\n"
      "  total = 0\n"
      "  l = annotate(List[int], [])\n"
      "  for i in range(k):\n"
      "    total0 = torch.add(total, i)\n"
      "    _0 = torch.append(l, total0)\n"
      "    total = total0\n"
      "  return torch.add(total, torch.len(l))\n");
  const auto value = call({tensor("n", Type::tensor(DType::kInt64, SymDims{}))});
  ASSERT_TRUE(value.ok()) << value.error().to_string();
  ASSERT_TRUE(value->is_symbol());
  ASSERT_TRUE(main_.output(value->symbol(), "out").ok());
  const auto graph = main_.finish();
  ASSERT_TRUE(graph.ok()) << graph.error().to_string();
  EXPECT_NE(to_text(*graph).find("Loop"), std::string::npos) << to_text(*graph);
}

TEST_F(MachineTest, AllUnsupportedOpsAreListed) {
  load(
      "def f(x: Tensor) -> Tensor:\n"
      "  a = torch.first_strange_op(x)\n"
      "  b = torch.second_strange_op(a)\n"
      "  c = ops.mylib.other(x)\n"
      "  d = ops.mylib.other(x)\n"
      "  return b\n");
  ASSERT_TRUE(call({tensor("x", Type::tensor(DType::kFloat32, SymDims{Dim(2)}))}).ok());
  const Status missing = domain_.missing();
  ASSERT_FALSE(missing.ok());
  const std::string error = missing.error().to_string();
  EXPECT_NE(error.find("aten::first_strange_op × 1"), std::string::npos) << error;
  EXPECT_NE(error.find("mylib::other × 2"), std::string::npos) << error;
}

TEST(Scout, FindsWhatMayChange) {
  Program program;
  const std::string source =
      "class M(Module):\n"
      "  def forward(self: __torch__.M,\n"
      "    x: Tensor) -> Dict[str, Tensor]:\n"
      "    b = self.buffer\n"
      "    v = torch.select(b, 0, 1)\n"
      "    _0 = torch.add_(v, x)\n"
      "    if torch.gt(torch.dim(x), 2):\n"
      "      self.count = 1\n"
      "    else:\n"
      "      pass\n"
      "    return {\"y\": torch.add(self.other, x)}\n";
  auto buffer = allocate_buffer(source.size());
  std::copy(source.begin(), source.end(), reinterpret_cast<char*>((*buffer)->data()));
  ASSERT_TRUE(program.add("__torch__", *buffer).ok());
  const auto model = std::make_shared<Instance>();
  model->type = *program.find_class("__torch__.M");
  model->is_model = true;
  for (const char* name : {"buffer", "other"}) {
    auto stored = std::make_shared<StoredTensor>();
    stored->tensor = Tensor::must_allocate(DType::kFloat32, {2, 2});
    model->attributes[name] = Value(ObjectPtr(stored));
  }
  model->attributes["count"] = Value(0);
  GraphBuilder scratch;
  aten::Context context(scratch);
  ScoutDomain domain;
  Machine machine(program, domain, context);
  const Value self{ObjectPtr(model)}, x{ObjectPtr(std::make_shared<Argument>())};
  const auto result = machine.call_method(self, "forward", {x}, {});
  ASSERT_TRUE(result.ok()) << result.error().to_string();
  ASSERT_TRUE(result->is_dict());
  std::string changed;
  for (const auto& origin : domain.changed()) changed += origin.attribute + " ";
  EXPECT_EQ(changed, "buffer count ");
}

}  // namespace
}  // namespace thane::torchscript
