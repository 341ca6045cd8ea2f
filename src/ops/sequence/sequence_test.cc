#include "ops/sequence/sequence.h"

#include <limits>

#include "ops/op_test.h"

namespace thane {
namespace {

using testing::counting;
using testing::elements;
using testing::ints;
using testing::OpCase;

Value sequence_of(std::initializer_list<Tensor> items) {
  Sequence sequence;
  for (const Tensor& item : items) sequence.items.emplace_back(item);
  sequence.element = Type::tensor(items.begin()->dtype());
  return Value(std::move(sequence));
}
Value position(int64_t at) { return Tensor::scalar(at); }

TEST(Sequence, Positions) {
  const Value three = sequence_of({ints({1}), ints({2, 2}), ints({3})});
  const auto at = [&](int64_t i) { return OpCase("SequenceAt").input(three).input(position(i)).run(); };
  EXPECT_EQ(elements<int64_t>(*at(-2)), (std::vector<int64_t>{2, 2}));
  EXPECT_FALSE(at(3).ok());
  EXPECT_FALSE(at(-4).ok());
  EXPECT_FALSE(at(std::numeric_limits<int64_t>::min()).ok());
  const auto inserted = [&](int64_t i) {
    const auto out = OpCase("SequenceInsert").input(three).input(ints({9})).input(position(i)).run_all();
    std::string firsts;
    if (out.ok())
      for (const Value& item : (*out)[0].sequence().items) firsts += std::to_string(*item.tensor().data<int64_t>());
    return firsts;
  };
  EXPECT_EQ(inserted(3), "1239");
  EXPECT_EQ(inserted(-1), "1293");
  EXPECT_EQ(inserted(-3), "9123");
  EXPECT_EQ(inserted(4), "");
  EXPECT_EQ(inserted(-4), "");
  EXPECT_NE(OpCase("SequenceErase").input(Value(Sequence{Type::tensor(DType::kFloat32), {}})).error(), "");
}

TEST(Sequence, ItemsOfOneType) {
  EXPECT_NE(OpCase("SequenceInsert").input(sequence_of({ints({1})})).input(counting<float>({1})).error(), "");
  EXPECT_NE(OpCase("SequenceConstruct").input(ints({1})).input(counting<float>({1})).error(), "");
  EXPECT_NE(OpCase("SequenceAt").input(ints({1})).input(position(0)).error(), "");
}

TEST(SplitToSequence, Sizes) {
  const auto count = [](Tensor split) {
    const auto out = OpCase("SplitToSequence").input(counting<float>({5, 2})).input(std::move(split)).run_all();
    return out.ok() ? static_cast<int>((*out)[0].sequence().items.size()) : -1;
  };
  EXPECT_EQ(count(Tensor::scalar<int64_t>(2)), 3);
  EXPECT_EQ(count(ints({5, 0})), 2);
  EXPECT_EQ(count(ints({2, 2})), -1);
  EXPECT_EQ(count(ints({6, -1})), -1);
  EXPECT_EQ(count(ints({std::numeric_limits<int64_t>::max(), 6})), -1);
  EXPECT_EQ(count(Tensor::scalar<int64_t>(0)), -1);
}

TEST(ConcatFromSequence, ShapesMustFit) {
  const auto shape = [](Value sequence, int axis, int new_axis) {
    const auto out =
        OpCase("ConcatFromSequence").input(std::move(sequence)).attr("axis", axis).attr("new_axis", new_axis).run();
    return out.ok() ? to_string(out->dims()) : "error";
  };
  const Tensor a = counting<float>({2, 3}), b = counting<float>({1, 3});
  EXPECT_EQ(shape(sequence_of({a, b}), 0, 0), "[3, 3]");
  EXPECT_EQ(shape(sequence_of({a, b}), 1, 0), "error");
  EXPECT_EQ(shape(sequence_of({a, a}), -1, 1), "[2, 3, 2]");
  EXPECT_EQ(shape(sequence_of({a, b}), 0, 1), "error");
  EXPECT_EQ(shape(sequence_of({a, counting<float>({3})}), 0, 0), "error");
  EXPECT_EQ(shape(sequence_of({Tensor::scalar(1.0f)}), 0, 0), "error");
  EXPECT_EQ(shape(sequence_of({Tensor::scalar(1.0f)}), 0, 1), "[1]");
}

TEST(Optional, EmptyAndFull) {
  const auto has = [](auto&& op) { return op.run()->as_int64(0) == 1; };
  EXPECT_FALSE(has(OpCase("OptionalHasElement")));
  EXPECT_FALSE(has(OpCase("OptionalHasElement").input(Value())));
  EXPECT_TRUE(has(OpCase("OptionalHasElement").input(ints({1}))));
  EXPECT_NE(OpCase("OptionalGetElement").input(Value()).error(), "");
  const auto type = OpCase("Optional").attr("type", "seq(float32[2, 3])").infer({});
  EXPECT_EQ((*type)[0].type.to_string(), "optional(seq(float32[...]))");
}

}  // namespace
}  // namespace thane
