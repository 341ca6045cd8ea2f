#include "kernels/gemm/transpose.h"

#include <cstring>
#include <vector>

#include "kernels/gemm/gemm.h"
#include "kernels/kernel_test.h"

namespace thane {
namespace {

// Every tail of rows, taps and columns, from a source that ends where it says.
TEST(Transpose, PutsEveryNumberInItsPlace) {
  std::mt19937 random(5);
  for (int64_t taps : {1, 2, 9, 25}) {
    for (int64_t rows : {1, 3, 4, 16, 21, 64}) {
      for (int64_t columns : {1, 4, 7, 16, 33}) {
        const int64_t stride = rows * taps + 2, width = columns + columns % 3;
        GuardedFloats from((columns - 1) * stride + rows * taps), to(taps * rows * width);
        from.fill(random);
        transpose_columns(rows, taps, columns, from.data(), stride, 2.0f, to.data(), width);
        for (int64_t i = 0; i < rows * taps; ++i) {
          for (int64_t j = 0; j < width; ++j) {
            const float want = j < columns ? from[j * stride + i] * 2 : 0;
            ASSERT_EQ(to[(i % taps * rows + i / taps) * width + j], want) << taps << ' ' << rows << ' ' << columns;
          }
        }
      }
    }
  }
}

// Packed from wherever they lie, weights give the same panels.
TEST(Transpose, PacksUnalignedWeights) {
  for_each_isa([](Isa isa) {
    const GemmKernel& kernel = gemm_kernel(isa);
    std::mt19937 random(3);
    for (int64_t n : {1, 7, 16, 33, 130}) {
      const int64_t k = 37, taps = 9;
      GuardedFloats b(taps * k * n), plain(taps * k * kernel.packed_columns(n)), moved(plain.size());
      b.fill(random);
      std::vector<char> bytes(static_cast<size_t>(b.size()) * sizeof(float) + 1);
      std::memcpy(bytes.data() + 1, b.data(), bytes.size() - 1);
      const auto* unaligned = reinterpret_cast<const float*>(bytes.data() + 1);
      const auto expect_same = [&] {
        ASSERT_EQ(std::memcmp(plain.data(), moved.data(), static_cast<size_t>(plain.size()) * sizeof(float)), 0);
      };
      for (const bool columns : {false, true}) {
        const int64_t rows = taps * k, down = columns ? 1 : n, across = columns ? rows : 1;
        pack_b(kernel, rows, n, b.data(), down, across, 3.0f, plain.data());
        pack_b(kernel, rows, n, unaligned, down, across, 3.0f, moved.data());
        expect_same();
      }
      std::vector<float> by_tap(static_cast<size_t>(b.size()));
      for (int64_t j = 0; j < n; ++j) {
        for (int64_t i = 0; i < taps * k; ++i) {
          by_tap[static_cast<size_t>((i % taps * k + i / taps) * n + j)] = b[j * taps * k + i];
        }
      }
      pack_b(kernel, taps * k, n, by_tap.data(), n, 1, 1.0f, plain.data());
      pack_taps(kernel, taps, k, n, unaligned, taps * k, moved.data());
      expect_same();
    }
  });
}

}  // namespace
}  // namespace thane
