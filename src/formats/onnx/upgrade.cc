#include "formats/onnx/upgrade.h"

namespace thane::onnx {
namespace {

// The next step for a node, or null: the row with the lowest version that is beyond the node's.
const Upgrade* next_upgrade(const ForeignNode&) { return nullptr; }

}  // namespace

Status upgrade(Rewrite& rewrite) {
  while (const Upgrade* step = next_upgrade(rewrite.node)) {
    THANE_TRY(step->rewrite(rewrite));
    rewrite.node.version = step->below;
  }
  return ok();
}

}  // namespace thane::onnx
