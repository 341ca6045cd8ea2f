// 3×3 convolutions of 8-bit data with constant 8-bit weights by Winograd's F(4×4, 3×3), exact, channels last, whatever
// the rounding.
#pragma once

#include <memory>

#include "kernels/integer/winograd.h"
#include "ops/conv/winograd_tiles.h"
#include "ops/integer_product.h"

namespace thane {

class IntegerWinogradConv {
 public:
  // As those of IntegerProduct.
  static std::string refuse(const IntegerSource& source, const ConvShape& shape);
  static Result<std::unique_ptr<IntegerWinogradConv>> make(const IntegerSource& source, const ConvShape& shape,
                                                           IntegerColumns columns);
  Status run(const void* x, bool is_signed, int32_t zero, const int32_t* bias, void* y, ThreadPool& threads) const;

 private:
  IntegerWinogradConv(const IntegerSource& source, const ConvShape& shape);
  void multiply(int64_t tiles, const int32_t* v, int32_t* m, ThreadPool& threads) const;

  const IntegerGemm& gemm_;
  const IntegerWinograd& kernels_;
  int64_t in_, out_;        // channels
  int64_t words_, padded_;  // of a pixel of the transformed space, before and after the products
  WinogradTiles tiles_;
  int64_t chunk_;
  Tensor panels_;  // [36][point_bytes]
  int64_t point_bytes_;
  IntegerColumns columns_;  // [padded]
  std::shared_ptr<ScratchPool> scratch_;
};

}  // namespace thane
