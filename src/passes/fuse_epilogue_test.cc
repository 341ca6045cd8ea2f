// What a graph computes before and after, and what is left of it.
#include "passes/chain_test.h"

namespace thane {
namespace {

using testing::Chain;
using testing::random_floats;

TEST(FuseEpilogue, BiasResidualAndActivationJoinAMatMul) {
  Chain chain({2, 4, 6});
  chain.then("MatMul", {random_floats({6, 5})});
  chain.then("Add", {random_floats({5})});
  chain.then("Add", {random_floats({2, 4, 5})});
  chain.then("Relu", {});
  chain.check(fuse_epilogue, 1);
}

TEST(FuseEpilogue, AResidualWithoutABias) {
  Chain chain({4, 6});
  chain.then("MatMul", {random_floats({6, 5})});
  chain.then("Add", {random_floats({4, 5})});
  chain.check(fuse_epilogue, 1);
}

TEST(FuseEpilogue, OneResidualAndOnlyOneOfTheSameShape) {
  Chain two({2, 4, 6});
  two.then("MatMul", {random_floats({6, 5})});
  two.then("Add", {random_floats({2, 4, 5})});
  two.then("Add", {random_floats({2, 4, 5})});
  two.check(fuse_epilogue, 2);
  Chain broadcast({2, 4, 6});
  broadcast.then("MatMul", {random_floats({6, 5})});
  broadcast.then("Add", {random_floats({1, 4, 5})});
  broadcast.check(fuse_epilogue, 2);
}

TEST(FuseEpilogue, NoResidualAfterAnActivation) {
  Chain chain({4, 6});
  chain.then("MatMul", {random_floats({6, 5})});
  chain.then("Add", {random_floats({5})});
  chain.then("Relu", {});
  chain.then("Add", {random_floats({4, 5})});
  chain.check(fuse_epilogue, 2);
}

}  // namespace
}  // namespace thane
