#include "ir/form_memory.h"

#include <gtest/gtest.h>

namespace thane {
namespace {

TEST(FormMemory, HandsOutPiecesOfOneBuffer) {
  FormMemory memory(1000);
  const Tensor a = *memory.allocate(DType::kFloat32, {3, 5}), b = *memory.allocate(DType::kInt8, {64});
  const auto address = [](const Tensor& tensor) { return reinterpret_cast<uintptr_t>(tensor.raw()); };
  EXPECT_EQ(address(a) % 64, 0u);
  EXPECT_EQ(address(b), address(a) + 64);
  EXPECT_EQ(a.dims(), (Dims{3, 5}));
  // What does not fit any more has memory of its own, and what does still comes from the buffer.
  const Tensor large = *memory.allocate(DType::kFloat32, {300});
  large.data<float>()[299] = 1;
  EXPECT_EQ(address(*memory.allocate(DType::kInt8, {1})), address(b) + 64);
  EXPECT_FALSE(memory.allocate(DType::kFloat32, {int64_t{1} << 40, int64_t{1} << 40}).ok());
}

}  // namespace
}  // namespace thane
