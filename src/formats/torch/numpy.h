// NumPy's arrays and scalars in pickles.
#pragma once

#include "formats/containers/pickle.h"

namespace thane::torch {

using PickleArgs = std::span<PickleValue* const>;

// numpy.core.multiarray._reconstruct: an empty array, which BUILD fills.
Result<PickleValue*> reconstruct_array(PickleTree& tree, PickleArgs args);
// The state of an array: (version, shape, dtype, Fortran order, bytes).
Status build_array(PickleTree& tree, PickleValue& object, const PickleValue& state);
// numpy.core.numeric._frombuffer(bytes, dtype, shape, order): protocol 5.
Result<PickleValue*> array_from_buffer(PickleTree& tree, PickleArgs args);
// numpy.core.multiarray.scalar(dtype, bytes): the number itself.
Result<PickleValue*> make_numpy_scalar(PickleTree& tree, PickleArgs args);

}  // namespace thane::torch
