// Old op versions: a node of any op set is brought to the newest form of its op, the only one the rest of thane knows.
#pragma once

#include <span>
#include <string_view>

#include "formats/onnx/rewrite.h"

namespace thane::onnx {

// Brings nodes of `op` written for a version below `below` to the form of version `below`.
struct Upgrade {
  std::string_view domain, op;
  int64_t below;
  Status (*rewrite)(Rewrite&);
};

// Applies all upgrades the node needs, one after the other.
Status upgrade(Rewrite& rewrite);

}  // namespace thane::onnx
