#include "ops/op_test.h"

namespace thane {
namespace {

using testing::counting;
using testing::OpCase;

Tensor f(const Dims& dims) { return counting<float>(dims); }

TEST(Training, InputsComeInGroups) {
  const auto error = [](std::vector<Tensor> tensors, size_t outputs) {
    OpCase op("Adagrad", Domain::kPreview);
    op.input(Tensor::scalar(0.1f)).input(Tensor::scalar(int64_t{0}));
    for (const Tensor& tensor : tensors) op.input(tensor);
    return op.outputs(outputs).error();
  };
  EXPECT_EQ(error({f({2}), f({2}), f({2})}, 2), "");
  EXPECT_NE(error({f({2}), f({2}), f({2})}, 1), "");
  EXPECT_NE(error({f({2}), f({2})}, 2), "");
  EXPECT_NE(error({f({2}), f({3}), f({2})}, 2), "");
  EXPECT_NE(error({f({2}), counting<double>({2}), f({2})}, 2), "");
}

}  // namespace
}  // namespace thane
