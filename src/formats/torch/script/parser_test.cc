#include "formats/torch/script/parser.h"

#include <gtest/gtest.h>

#include "formats/torch/script/lexer.h"

namespace thane::torchscript {
namespace {

std::unique_ptr<Unit> parse(std::string_view source) {
  size_t budget = 10'000;
  auto unit = parse_unit(source, budget);
  EXPECT_TRUE(unit.ok()) << (unit.ok() ? "" : unit.error().to_string());
  return unit.ok() ? std::move(*unit) : nullptr;
}

std::string failure(std::string_view source) {
  size_t budget = 10'000;
  const auto unit = parse_unit(source, budget);
  return unit.ok() ? "" : unit.error().to_string();
}

// The expression in "def f():\n  return …".
const Expr& returned(const Unit& unit) { return *unit.functions[0].body[0]->value; }

TEST(Lexer, FollowsIndentationAndBrackets) {
  const auto tokens = tokenize("if a:\n  b(1,\n     2)\n# note\n\nc\n");
  ASSERT_TRUE(tokens.ok());
  std::string kinds;
  for (const Token& token : *tokens) kinds += "nifjsyNID."[static_cast<size_t>(token.kind)];
  EXPECT_EQ(kinds, "nnyNInyiyiyNDnN.");
}

TEST(Lexer, KnowsEscapes) {
  EXPECT_EQ(*unescape(R"("a\n\"\x41\101\t")"), "a\n\"AA\t");
  EXPECT_EQ(*unescape(R"("\u00e9")"), "\xc3\xa9");
  EXPECT_EQ(*unescape(R"('''it's''')"), "it's");
  EXPECT_FALSE(unescape(R"("\U99999999")").ok());
}

TEST(Lexer, RefusesWhatPythonDoes) {
  EXPECT_FALSE(tokenize("a = 'b\n").ok());
  EXPECT_FALSE(tokenize("f(1\n").ok());
  EXPECT_FALSE(tokenize("f)\n").ok());
  EXPECT_FALSE(tokenize("if a:\n    b\n  c\n").ok());
  EXPECT_FALSE(tokenize("a = 1 ? 2\n").ok());
}

TEST(Parser, ReadsNumbers) {
  const auto unit = parse("def f():\n  return [1, 1.5e-05, 2., 3j, -9223372036854775808, 1e999]\n");
  const auto& items = returned(*unit).items;
  EXPECT_EQ(items[0]->integer, 1);
  EXPECT_EQ(items[1]->real, 1.5e-05);
  EXPECT_EQ(items[2]->kind, Expr::Kind::kFloat);
  EXPECT_EQ(items[3]->kind, Expr::Kind::kImaginary);
  EXPECT_EQ(items[4]->integer, std::numeric_limits<int64_t>::min());
  EXPECT_EQ(items[5]->real, std::numeric_limits<double>::infinity());
  EXPECT_NE(failure("def f():\n  return 9223372036854775808\n"), "");
}

TEST(Parser, BindsOperatorsAsPythonDoes) {
  const auto unit = parse("def f():\n  return not a + b * -c ** 2 < d and e if g else h\n");
  const Expr& ternary = returned(*unit);
  ASSERT_EQ(ternary.kind, Expr::Kind::kTernary);
  const Expr& both = *ternary.items[1];
  EXPECT_EQ(both.text, "and");
  EXPECT_EQ(both.items[0]->text, "not");
  const Expr& less = *both.items[0]->items[0];
  EXPECT_EQ(less.text, "<");
  EXPECT_EQ(less.items[0]->text, "+");
  const Expr& minus = *less.items[0]->items[1]->items[1];
  EXPECT_EQ(minus.text, "-");
  EXPECT_EQ(minus.items[0]->text, "**");
}

TEST(Parser, ReadsTheFormsTheSerializerWrites) {
  const auto unit = parse(
      "class M(Module):\n"
      "  __parameters__ = [\"weight\", ]\n"
      "  weight : Tensor\n"
      "  n : Final[int] = 2\n"
      "  __annotations__[\"0\"] = __torch__.A\n"
      "  def forward(self: __torch__.M,\n"
      "    x: Tensor,\n"
      "    k: int=3) -> Tuple[Tensor, int]:\n"
      "    a, b, = (getattr(self, \"0\")).forward(x, k, )\n"
      "    self.n = b\n"
      "    _0 = annotate(List[int], [])\n"
      "    for i in range(k):\n"
      "      _1 = torch.append(_0, i)\n"
      "    if torch.eq(k, 3):\n"
      "      pass\n"
      "    elif torch.eq(k, 4):\n"
      "      ops.prim.RaiseException(\"no\")\n"
      "    else:\n"
      "      x = x[1:, ..., None]\n"
      "    return (a, torch.softmax(x, dim=-1, dtype=None))\n"
      "def g(x: Dict[str, Tensor]) -> NoneType:\n"
      "  return {k: v for k, v in x.items() if True}\n");
  const ClassDef* type = unit->find_class("M");
  ASSERT_NE(type, nullptr);
  EXPECT_EQ(type->base, "Module");
  EXPECT_NE(type->field("0"), nullptr);
  EXPECT_EQ(type->field("n")->initial->integer, 2);
  const FunctionDef* forward = type->method("forward");
  ASSERT_NE(forward, nullptr);
  EXPECT_EQ(forward->parameters.size(), 3u);
  EXPECT_EQ(forward->body.size(), 6u);
  EXPECT_EQ(forward->body[0]->targets[0]->items.size(), 2u);
  const Stmt& choice = *forward->body[4];
  ASSERT_EQ(choice.orelse.size(), 1u);
  EXPECT_EQ(choice.orelse[0]->kind, Stmt::Kind::kIf);
  const Expr& call = *forward->body[5]->value->items[1];
  EXPECT_EQ(call.keywords.size(), 2u);
  EXPECT_EQ(unit->functions[0].body[0]->value->kind, Expr::Kind::kDictComp);
}

TEST(Parser, SaysWhereCodeIsWrong) {
  EXPECT_NE(failure("def f():\n  a = = 2\n").find("line 2"), std::string::npos);
  EXPECT_NE(failure("def f():\n  1 = 2\n"), "");
  EXPECT_NE(failure("def f(:\n  pass\n"), "");
  EXPECT_NE(failure("x = 1\n"), "");
}

TEST(Parser, BoundsNestingAndSize) {
  const std::string deep(5000, '-');
  EXPECT_NE(failure("def f():\n  return " + deep + "1\n"), "");
  EXPECT_NE(failure("def f():\n  return " + std::string(800, '(') + "1" + std::string(800, ')') + "\n"), "");
  std::string chain = "def f():\n  return a";
  for (int i = 0; i < 5000; ++i) chain += ".b";
  EXPECT_NE(failure(chain + "\n").find("nested"), std::string::npos);
  std::string blocks = "def f():\n";
  for (int i = 1; i < 1000; ++i) blocks += std::string(static_cast<size_t>(i), ' ') + "if a:\n";
  EXPECT_NE(failure(blocks), "");
  std::string many = "def f():\n  return [";
  for (int i = 0; i < 20'000; ++i) many += "1,";
  EXPECT_NE(failure(many + "]\n"), "");
}

}  // namespace
}  // namespace thane::torchscript
