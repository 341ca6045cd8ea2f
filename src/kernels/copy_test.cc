#include "kernels/copy.h"

#include <gtest/gtest.h>

#include <random>

namespace thane {
namespace {

// Colour by colour to pixel by pixel.
TEST(CopyStrided, WeavesThreePlanes) {
  ThreadPool pool(3);
  for (const int64_t pixels : {1, 2, 3, 4, 5, 8, 11, 1023, 1024, 1025, 5000}) {
    constexpr int64_t kImages = 2, kPlanes = 3;
    std::vector<uint32_t> from(static_cast<size_t>(kImages * kPlanes * pixels)), to(from.size() + 1, 7);
    for (size_t i = 0; i < from.size(); ++i) from[i] = static_cast<uint32_t>(100 + i);
    const int64_t dims[] = {kImages, pixels, kPlanes}, in[] = {kPlanes * pixels, 1, pixels},
                  out[] = {kPlanes * pixels, kPlanes, 1};
    copy_strided(DType::kFloat32, dims, from.data(), in, to.data(), out, pool);
    for (int64_t i = 0; i < kImages * pixels * kPlanes; ++i) {
      const int64_t image = i / (kPlanes * pixels), pixel = i / kPlanes % pixels, plane = i % kPlanes;
      ASSERT_EQ(to[static_cast<size_t>(i)], from[static_cast<size_t>((image * kPlanes + plane) * pixels + pixel)]) << i;
    }
    ASSERT_EQ(to.back(), 7u);
  }
}

// Against a loop over every index, on random shapes, permutations, steps and directions.
TEST(CopyStrided, MatchesAPlainLoop) {
  std::mt19937 random(1);
  const auto pick = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  ThreadPool pool(3);
  for (int round = 0; round < 400; ++round) {
    const auto rank = static_cast<size_t>(pick(0, 5));
    std::vector<int64_t> dims(rank), from_strides(rank), to_strides(rank);
    for (int64_t& dim : dims) dim = pick(0, 20) == 0 ? 0 : pick(1, rank < 3 ? 90 : 7);
    // Each side steps through its axes in an order of its own; the source may also repeat or run backwards.
    int64_t sizes[2] = {1, 1}, begin = 0;
    for (int side = 0; side < 2; ++side) {
      std::vector<size_t> order(rank);
      for (size_t i = 0; i < rank; ++i) order[i] = i;
      std::shuffle(order.begin(), order.end(), random);
      for (size_t axis : order) {
        const int64_t step = pick(0, 5) == 0 ? 2 : 1;
        const int64_t stride = sizes[side] * step;
        if (side == 1) {
          to_strides[axis] = stride;
        } else if (pick(0, 5) == 0) {
          from_strides[axis] = 0;
          continue;
        } else if (pick(0, 4) == 0) {
          from_strides[axis] = -stride;
          begin += stride * std::max<int64_t>(0, dims[axis] - 1);
        } else {
          from_strides[axis] = stride;
        }
        sizes[side] = stride * std::max<int64_t>(1, dims[axis]);
      }
    }
    std::vector<uint32_t> from(static_cast<size_t>(sizes[0])), to(static_cast<size_t>(sizes[1]), 7), want = to;
    for (size_t i = 0; i < from.size(); ++i) from[i] = static_cast<uint32_t>(100 + i);
    int64_t count = 1;
    for (int64_t dim : dims) count *= dim;
    for (int64_t i = 0; i < count; ++i) {
      int64_t rest = i, in = begin, out = 0;
      for (size_t axis = rank; axis-- > 0; rest /= dims[axis]) {
        in += rest % dims[axis] * from_strides[axis];
        out += rest % dims[axis] * to_strides[axis];
      }
      want[static_cast<size_t>(out)] = from[static_cast<size_t>(in)];
    }
    copy_strided(DType::kFloat32, dims, from.data() + begin, from_strides, to.data(), to_strides, pool);
    ASSERT_EQ(to, want) << "round " << round;
  }
}

TEST(CopyStrided, FewElementsInnermost) {
  ThreadPool pool(2);
  for (const int64_t pixels : {17, 48, 64, 3072}) {
    for (const int64_t colours : {2, 3, 4}) {
      const int64_t image = pixels * colours;
      std::vector<uint8_t> from(static_cast<size_t>(2 * image)), to(from.size());
      for (size_t i = 0; i < from.size(); ++i) from[i] = static_cast<uint8_t>(i * 7 + i / 251);
      const int64_t dims[] = {2, pixels, colours}, from_strides[] = {image, 1, pixels},
                    to_strides[] = {image, colours, 1};
      copy_strided(DType::kUInt8, dims, from.data(), from_strides, to.data(), to_strides, pool);
      for (int64_t i = 0; i < 2 * image; ++i) {
        const int64_t at = i / image * image + i % colours * pixels + i % image / colours;
        ASSERT_EQ(to[static_cast<size_t>(i)], from[static_cast<size_t>(at)]) << pixels << "x" << colours << " " << i;
      }
    }
  }
}

TEST(CopyStrided, Strings) {
  const std::string from[] = {"a", "b", "c", "d", "e", "f"};
  std::string to[6];
  ThreadPool pool(1);
  const int64_t dims[] = {3, 2}, from_strides[] = {1, 3}, to_strides[] = {2, 1};
  copy_strided(DType::kString, dims, from, from_strides, to, to_strides, pool);
  EXPECT_EQ(std::vector<std::string>(to, to + 6), (std::vector<std::string>{"a", "d", "b", "e", "c", "f"}));
}

}  // namespace
}  // namespace thane
