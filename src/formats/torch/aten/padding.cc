// Padding. PyTorch counts from the last axis: [left, right, top, bottom, …].
#include <algorithm>

#include "formats/torch/aten/lowering.h"

namespace thane::aten {
namespace padding_ops {
namespace {

Edge padded(Call& c, const Edge& x, const Dims& pad, const std::string& mode, double value) {
  const size_t rank = c.rank(x);
  if (pad.size() % 2 || pad.size() / 2 > rank) fail(invalid_model(format("{} paddings for {} axes", pad.size(), rank)));
  Dims before(rank, 0), after(rank, 0);
  Edge y = x;
  for (size_t i = 0; i < pad.size() / 2; ++i) {
    const size_t axis = rank - 1 - i;
    before[axis] = std::max<int64_t>(pad[2 * i], 0);
    after[axis] = std::max<int64_t>(pad[2 * i + 1], 0);
    // Below zero: cut off.
    const int64_t begin = std::max<int64_t>(-pad[2 * i], 0), cut = std::max<int64_t>(-pad[2 * i + 1], 0);
    if (mode == "constant" && (begin > 0 || cut > 0)) {
      y = c.slice(y, static_cast<int64_t>(axis), begin, cut > 0 ? -cut : INT64_MAX);
    }
  }
  if (mode == "constant") return c.pad(y, before, after, value);
  Dims pads = before;
  pads.insert(pads.end(), after.begin(), after.end());
  y = c.op("Pad", {y, c.int64s(pads)}, {{"mode", mode}});
  for (size_t i = 0; i < pad.size() / 2; ++i) {
    const auto axis = static_cast<int64_t>(rank - 1 - i);
    const int64_t begin = std::max<int64_t>(-pad[2 * i], 0), cut = std::max<int64_t>(-pad[2 * i + 1], 0);
    if (begin > 0 || cut > 0) y = c.slice(y, axis, begin, cut > 0 ? -cut : INT64_MAX);
  }
  return y;
}
std::string onnx_mode(Call& c, const std::string& mode) {
  if (mode == "constant") return mode;
  if (mode == "reflect") return "reflect";
  if (mode == "replicate") return "edge";
  if (mode == "circular") return "wrap";
  c.refuse(format("padding mode '{}'", mode));
}
Value pad(Call& c) {
  return c.tensor(
      padded(c, c.edge("self"), c.ints("pad"), onnx_mode(c, c.text("mode", "constant")), c.real("value", 0)));
}
Value constant_pad(Call& c) {
  return c.tensor(padded(c, c.edge("self"), c.ints("pad"), "constant", c.real("value", 0)));
}
Value reflection_pad(Call& c) { return c.tensor(padded(c, c.edge("self"), c.ints("padding"), "reflect", 0)); }
Value replication_pad(Call& c) { return c.tensor(padded(c, c.edge("self"), c.ints("padding"), "edge", 0)); }
Value circular_pad(Call& c) { return c.tensor(padded(c, c.edge("self"), c.ints("pad"), "wrap", 0)); }
Value pad_enum(Call& c) {
  static constexpr std::string_view kModes[] = {"constant", "reflect", "edge", "wrap"};
  const int64_t mode = c.integer("mode");
  if (mode < 0 || mode > 3) c.refuse(format("padding mode {}", mode));
  return c.tensor(padded(c, c.edge("self"), c.ints("pad"), std::string(kModes[mode]), c.real("value", 0)));
}
// Sequences of different lengths, side by side.
Value pad_sequence(Call& c) {
  std::vector<Edge> rows = c.edges("sequences");
  int64_t longest = 0;
  for (const Edge& row : rows) longest = std::max(longest, c.number(row, 0));
  const bool left = c.text("padding_side", "right") == "left";
  for (Edge& row : rows) {
    Dims before(c.rank(row), 0), after(c.rank(row), 0);
    (left ? before : after)[0] = longest - c.number(row, 0);
    row = c.unsqueeze(c.pad(row, before, after, c.real("padding_value", 0)), {c.flag("batch_first") ? 0 : 1});
  }
  return c.tensor(c.concat(std::move(rows), c.flag("batch_first") ? 0 : 1));
}

constexpr Row kRows[] = {
    {"pad", pad},
    {"constant_pad_nd", constant_pad},
    {"reflection_pad1d", reflection_pad},
    {"reflection_pad2d", reflection_pad},
    {"reflection_pad3d", reflection_pad},
    {"replication_pad1d", replication_pad},
    {"replication_pad2d", replication_pad},
    {"replication_pad3d", replication_pad},
    {"_pad_circular", circular_pad},
    {"_pad_enum", pad_enum},
    {"pad_sequence", pad_sequence},
};

}  // namespace
}  // namespace padding_ops

std::span<const Row> padding_rows() { return padding_ops::kRows; }

}  // namespace thane::aten
