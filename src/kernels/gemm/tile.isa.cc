// The matrix product of floats, a register tile at a time.
#include "kernels/gemm/tile.h"
#include "kernels/gemm/row.h"

namespace thane::THANE_ISA {
namespace {

template <int R, int V>
void tile_rows(const GemmPanel& p, int64_t row, Ahead& ahead) {
  fetch_addends<R, V>(p, row);
  Vec tile[R][V];
  clear(tile);
  multiply_rows(p, row, PanelColumns<V>(p.b), ahead, tile);
  finish<R, V>(tile, p, row);
}

// All rows of the panel in tiles of nearly equal height: a last tile of one row would take as long as one of several.
template <int V>
void many_rows(const GemmPanel& p) {
  Ahead ahead(p, V * kLanes, (p.m + kMostRows[V] - 1) / kMostRows[V]);
  for_each_tile(p.m, kMostRows[V], [&](int64_t row, int64_t rows) {
    with_count<kMostRows[V]>(rows, [&](auto r) { tile_rows<r.value, V>(p, row, ahead); });
  });
}

void panel(const GemmPanel& p) noexcept {
  run_panel<FloatWord>(p, [](const GemmPanel& panel, auto v) { many_rows<v.value>(panel); });
}

}  // namespace

extern const GemmKernel kGemm;
const GemmKernel kGemm = {kMostRows[kVectors], kColumns, kLanes, panel};

}  // namespace thane::THANE_ISA
