#include <cstring>
#include <random>

#include "ops/conv/conv.h"
#include "ops/conv/kernels.h"
#include "ops/op_test.h"

namespace thane {
namespace {

Tensor noise(const Dims& dims, std::mt19937& random) {
  std::uniform_real_distribution<float> values(-1, 1);
  Tensor out = Tensor::must_allocate(DType::kFloat32, dims);
  for (int64_t i = 0; i < out.size(); ++i) out.data<float>()[i] = values(random);
  return out;
}

struct Case {
  int64_t batch, height, width, in, channels, kernel, stride, pad;
  bool biases;
};

// The kernel against the two convolutions, run one after the other by their reference; and the same bits for any
// number of threads.
void check(const Case& c, std::mt19937& random) {
  const std::vector<Value> values{Value(noise({c.batch, c.height, c.width, c.in}, random)),
                                  Value(noise({c.channels, c.in, 1, 1}, random)), Value(noise({c.channels}, random)),
                                  Value(noise({c.channels, 1, c.kernel, c.kernel}, random)),
                                  Value(noise({c.channels}, random))};
  auto attrs = std::make_shared<ExpandedDepthwiseAttrs>();
  attrs->layout = DataLayout::kChannelsLast;
  attrs->group = c.channels;
  attrs->strides = {c.stride, c.stride};
  attrs->pads = {c.pad, c.pad, c.pad, c.pad};
  attrs->expansion = {ActivationKind::kClip, 0, 6};
  attrs->activation = {ActivationKind::kSilu};
  Node node;
  node.op = find_op(Domain::kThane, "ExpandedDepthwiseConv");
  node.attrs = attrs;
  std::vector<const Value*> inputs;
  std::vector<Type> types;
  std::vector<const Type*> type_pointers;
  std::vector<const Tensor*> constants;
  for (size_t i = 0; i < values.size(); ++i) types.push_back(values[i].type());
  for (size_t i = 0; i < values.size(); ++i) {
    const bool given = c.biases || (i != 2 && i != 4);
    node.inputs.push_back(given ? static_cast<ValueId>(i) : kNoValue);
    inputs.push_back(given ? &values[i] : nullptr);
    type_pointers.push_back(given ? &types[i] : nullptr);
    constants.push_back(given && i > 0 ? &values[i].tensor() : nullptr);
  }
  node.outputs = {5};
  ThreadPool alone(1);
  RandomSource source{0};
  const auto want = evaluate(node, inputs, alone, nullptr, source);
  ASSERT_TRUE(want.ok()) << want.error().to_string();
  const Tensor& expected = (*want)[0].tensor();
  const std::vector<Type> outputs{(*want)[0].type()};
  for (const Isa isa : {Isa::kPortable, cpu_facts().best}) {
    std::vector<float> first;
    for (const int threads : {1, 2, 3, 8}) {
      const KernelQuery query{node, type_pointers, outputs, constants, isa, Precision::kFp32, threads};
      ASSERT_EQ(kExpandedDepthwise.refuse(query), "");
      const auto kernel = kExpandedDepthwise.prepare(query);
      ASSERT_TRUE(kernel.ok());
      ThreadPool pool(threads);
      std::vector<Value> result{Value(Tensor::must_allocate(DType::kFloat32, expected.dims()))};
      KernelContext context(node, inputs, result, pool, nullptr, &source);
      ASSERT_TRUE((*kernel)->run(context).ok());
      const std::vector<float> got = testing::elements<float>(result[0].tensor());
      for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected.data<float>()[i], 2e-4) << i;
      if (threads == 1) first = got;
      ASSERT_EQ(std::memcmp(first.data(), got.data(), got.size() * sizeof(float)), 0) << threads << " threads";
    }
  }
}

TEST(ExpandedDepthwise, IsBothConvolutions) {
  std::mt19937 random(4);
  for (const bool biases : {false, true}) {
    check({1, 9, 13, 5, 19, 3, 1, 1, biases}, random);
    check({2, 12, 7, 8, 32, 3, 2, 1, biases}, random);
    check({1, 10, 21, 3, 9, 5, 2, 2, biases}, random);
    check({3, 6, 6, 4, 8, 5, 1, 0, biases}, random);
    check({1, 7, 8, 2, 24, 2, 3, 0, biases}, random);  // rows that no window reads
    check({1, 5, 1, 2, 8, 3, 1, 1, biases}, random);
  }
}

}  // namespace
}  // namespace thane
