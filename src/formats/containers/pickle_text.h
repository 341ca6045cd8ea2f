// Pickled values for people.
#pragma once

#include <string>

#include "formats/containers/pickle.h"

namespace thane {

// As Python would print it, nearly: {'lr': 0.003}, chemprop.nn.NormAggregation(dim=0), tensor(float32[300, 86]). Cut
// with "…" after about `most` bytes; control characters are escaped.
std::string pickle_text(const PickleValue& value, size_t most);

}  // namespace thane
