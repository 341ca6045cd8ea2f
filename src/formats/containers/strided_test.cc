#include "formats/containers/strided.h"

#include <gtest/gtest.h>

namespace thane {
namespace {

// 0 … count-1 as float32.
StridedTensor over(int64_t count, Dims shape, Dims strides, int64_t offset = 0) {
  auto storage = std::make_shared<Storage>();
  storage->dtype = DType::kFloat32;
  storage->element_bytes = 4;
  storage->count = count;
  storage->bytes = *allocate_buffer(static_cast<size_t>(count) * 4);
  for (int64_t i = 0; i < count; ++i) reinterpret_cast<float*>(storage->bytes->data())[i] = static_cast<float>(i);
  StridedTensor tensor;
  tensor.storage = std::move(storage);
  tensor.dtype = DType::kFloat32;
  tensor.shape = std::move(shape);
  tensor.strides = std::move(strides);
  tensor.offset = offset;
  return tensor;
}

std::vector<float> elements(const StridedTensor& tensor) {
  const auto dense = tensor.dense();
  EXPECT_TRUE(dense.ok()) << dense.error().to_string();
  return dense.ok() ? std::vector<float>(dense->data<float>(), dense->data<float>() + dense->size())
                    : std::vector<float>{};
}

TEST(Strided, ViewsWhatIsContiguous) {
  const StridedTensor tensor = over(6, {2, 2}, {2, 1}, 1);
  EXPECT_EQ(elements(tensor), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(tensor.dense()->raw(), tensor.storage->bytes->data() + 4);
}

TEST(Strided, GathersTheRest) {
  EXPECT_EQ(elements(over(6, {3, 2}, {1, 3})), (std::vector<float>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(elements(over(6, {2, 3}, {0, 2})), (std::vector<float>{0, 2, 4, 0, 2, 4}));
  EXPECT_EQ(elements(over(8, {2, 2, 2}, {1, 4, 2})), (std::vector<float>{0, 2, 4, 6, 1, 3, 5, 7}));
  EXPECT_EQ(elements(over(3, {}, {}, 2)), (std::vector<float>{2}));
  EXPECT_EQ(elements(over(3, {1, 3}, {99, 1})), (std::vector<float>{0, 1, 2}));
}

TEST(Strided, RefusesWhatLeavesTheStorage) {
  EXPECT_TRUE(over(6, {0, 7}, {7, 1}).check().ok());
  EXPECT_FALSE(over(6, {7}, {1}).check().ok());
  EXPECT_FALSE(over(6, {2}, {1}, 5).check().ok());
  EXPECT_FALSE(over(6, {2}, {-1}, 5).check().ok());
  EXPECT_FALSE(over(6, {2, 2}, {1}).check().ok());
  EXPECT_FALSE(over(6, {3, 3}, {INT64_MAX / 2, INT64_MAX / 2}).check().ok());
  EXPECT_FALSE(over(1, {int64_t{1} << 40}, {0}).dense().ok());
}

}  // namespace
}  // namespace thane
