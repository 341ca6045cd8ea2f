#include "formats/lists.h"

namespace thane {

AttrValue Attr::value() const {
  switch (kind_) {
    case Kind::kInt: return int_;
    case Kind::kFloat: return float_;
    case Kind::kText: return std::string(static_cast<const char*>(place_), size_);
    case Kind::kInts: {
      const auto* first = static_cast<const int64_t*>(place_);
      return std::vector<int64_t>(first, first + size_);
    }
    case Kind::kFloats: {
      const auto* first = static_cast<const float*>(place_);
      return std::vector<float>(first, first + size_);
    }
    case Kind::kTexts: {
      const auto* first = static_cast<const std::string*>(place_);
      return std::vector<std::string>(first, first + size_);
    }
    case Kind::kTensor: return *static_cast<const Tensor*>(place_);
    case Kind::kValue: return *static_cast<const AttrValue*>(place_);
  }
  return {};
}

AttrMap AttrList::to_map() const {
  if (map_) return *map_;
  AttrMap map;
  for (const Attr& attr : list_) map.emplace(attr.name(), attr.value());
  return map;
}

}  // namespace thane
