// What a graph computes before and after, and what is left of it.
#include "passes/chain_test.h"

namespace thane {
namespace {

using testing::Chain;
using testing::random_floats;

TEST(FoldScales, StepsAfterAConv) {
  Chain chain({2, 3, 5, 6});
  chain.then("Conv", {random_floats({4, 3, 3, 3})}, {{"pads", Dims{1, 1, 1, 1}}});
  chain.then("Mul", {random_floats({1})});
  chain.then("Add", {random_floats({4, 1, 1})});
  chain.then("Mul", {random_floats({1, 4, 1, 1})});
  chain.check(fold_scales, 1);
}

TEST(FoldScales, ChannelsLast) {
  Chain chain({2, 5, 6, 3});
  chain.then("Conv", {random_floats({4, 3, 3, 3})}, {{"layout", std::string("channels_last")}});
  chain.then("Mul", {random_floats({4})});
  chain.then("Add", {random_floats({1, 1, 1, 4})});
  chain.check(fold_scales, 1);
  Chain other({2, 5, 6, 3});
  other.then("Conv", {random_floats({4, 3, 2, 3})}, {{"layout", std::string("channels_last")}});
  other.then("Mul", {random_floats({4, 1})});  // along another axis
  other.check(fold_scales, 2);
}

TEST(FoldScales, StepsBeforeAConv) {
  Chain chain({1, 3, 5, 6});
  chain.then("Add", {random_floats({})});
  chain.then("Mul", {random_floats({1})});
  chain.then("Add", {random_floats({1, 1, 1, 1})});
  chain.then("Conv", {random_floats({4, 3, 2, 2}), random_floats({4})});
  chain.check(fold_scales, 1);
}

TEST(FoldScales, PaddingIsNotShifted) {
  Chain chain({1, 3, 5, 6});
  chain.then("Add", {random_floats({})});
  chain.then("Mul", {random_floats({})});
  chain.then("Conv", {random_floats({3, 1, 3, 3})}, {{"pads", Dims{1, 1, 1, 1}}, {"group", int64_t{3}}});
  chain.check(fold_scales, 2);
}

TEST(FoldScales, WhatIsNoChannelStays) {
  Chain chain({1, 3, 5, 4});
  chain.then("Conv", {random_floats({4, 3, 1, 1})});
  chain.then("Mul", {random_floats({4})});  // along the last axis
  chain.then("Add", {random_floats({2, 4, 1, 1})});
  chain.check(fold_scales, 3);
}

}  // namespace
}  // namespace thane
