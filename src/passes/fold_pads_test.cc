// What a graph computes before and after, and what is left of it.
#include "passes/chain_test.h"

namespace thane {
namespace {

using testing::Chain;
using testing::random_floats;

Tensor numbers(std::initializer_list<int64_t> values) {
  Tensor out = Tensor::must_allocate(DType::kInt64, {static_cast<int64_t>(values.size())});
  std::copy(values.begin(), values.end(), out.data<int64_t>());
  return out;
}
Tensor number(float value) {
  Tensor out = Tensor::must_allocate(DType::kFloat32, {});
  *out.data<float>() = value;
  return out;
}

TEST(FoldPads, ZerosBecomeThePaddingOfAConv) {
  Chain chain({2, 3, 5, 6});
  chain.then("Pad", {numbers({0, 0, 1, 0, 0, 0, 2, 3})});
  chain.then("Conv", {random_floats({4, 3, 3, 3})}, {{"pads", Dims{0, 1, 1, 0}}, {"strides", Dims{2, 2}}});
  chain.check(fold_pads, 1);
  Chain valid({2, 3, 5, 6});
  valid.then("Pad", {numbers({0, 0, 1, 0, 0, 0, 2, 3}), number(0)});
  valid.then("Conv", {random_floats({4, 3, 3, 3})}, {{"auto_pad", std::string("VALID")}});
  valid.check(fold_pads, 1);
}

TEST(FoldPads, ChannelsLastAndNamedAxes) {
  Chain chain({2, 5, 6, 3});
  chain.then("Pad", {numbers({1, 0, 2, 1}), number(0), numbers({1, -2})});
  chain.then("Conv", {random_floats({4, 3, 3, 3})}, {{"layout", std::string("channels_last")}});
  chain.check(fold_pads, 1);
}

TEST(FoldPads, OtherPadsStay) {
  const std::pair<Dims, float> cases[] = {{{0, 0, 1, 0, 0, 0, 1, 0}, 1.0f},    // no zeros
                                          {{0, 1, 1, 0, 0, 0, 1, 0}, 0.0f},    // of channels
                                          {{0, 0, 1, -1, 0, 0, 1, 0}, 0.0f}};  // that cut off
  for (const auto& [amounts, value] : cases) {
    Chain chain({2, 3, 5, 6});
    Tensor pads = Tensor::must_allocate(DType::kInt64, {8});
    std::copy(amounts.begin(), amounts.end(), pads.data<int64_t>());
    chain.then("Pad", {pads, number(value)});
    chain.then("Conv", {random_floats({4, 3 + amounts[1], 3, 3})});
    chain.check(fold_pads, 2);
  }
  Chain reflected({2, 3, 5, 6});
  reflected.then("Pad", {numbers({0, 0, 1, 0, 0, 0, 1, 0})}, {{"mode", std::string("reflect")}});
  reflected.then("Conv", {random_floats({4, 3, 3, 3})});
  reflected.check(fold_pads, 2);
  Chain same({2, 3, 5, 6});
  same.then("Pad", {numbers({0, 0, 1, 0, 0, 0, 1, 0})});
  same.then("Conv", {random_floats({4, 3, 3, 3})}, {{"auto_pad", std::string("SAME_UPPER")}});
  same.check(fold_pads, 2);
}

}  // namespace
}  // namespace thane
