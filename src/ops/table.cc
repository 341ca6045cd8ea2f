#include "ops/table.h"

#include <algorithm>
#include <array>
#include <vector>

#include "ops/families.h"

namespace thane {
namespace {

const auto& families() {
  static const std::array all = {
      activation_ops(), arithmetic_ops(), attention_ops(),   cast_ops(),      contrib_ops(),  control_ops(),
      conv_ops(),       detection_ops(),  fixed_point_ops(), image_ops(),     indexing_ops(), logic_ops(),
      loss_ops(),       math_ops(),       matmul_ops(),      ml_ops(),        movement_ops(), norm_ops(),
      pool_ops(),       quantize_ops(),   random_ops(),      recurrent_ops(), reduce_ops(),   select_ops(),
      sequence_ops(),   signal_ops(),     special_ops(),     text_ops(),      training_ops(), complex_ops(),
      libm_ops(),       example_ops(),    lookup_ops(),      segment_ops(),   strings_ops(),  linalg_ops(),
  };
  return all;
}

using Key = std::pair<Domain, std::string_view>;

}  // namespace

std::span<const std::span<const OpDef>> op_families() { return families(); }

const OpDef* find_op(Domain domain, std::string_view name) {
  static const std::vector<std::pair<Key, const OpDef*>> index = [] {
    std::vector<std::pair<Key, const OpDef*>> rows;
    for (const auto& family : families()) {
      for (const OpDef& op : family) rows.push_back({{op.domain, op.name}, &op});
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }();
  const auto found = std::lower_bound(index.begin(), index.end(), Key{domain, name},
                                      [](const auto& row, const Key& key) { return row.first < key; });
  return found != index.end() && found->first == Key{domain, name} ? found->second : nullptr;
}

}  // namespace thane
