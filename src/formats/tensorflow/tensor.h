// TensorProto → Tensor.
#pragma once

#include "formats/source.h"
#include "formats/tensorflow/proto.h"

namespace thane::tensorflow {

// Views the file where the elements lie in it as they are in memory. A message may give fewer values than its shape has
// elements: the last one is repeated.
Result<Tensor> decode_tensor(Bytes message, Source& source);

// The same for a message whose shape stands elsewhere, as does its data type (TensorFlow's number) where it has none.
Result<Tensor> decode_tensor_of_shape(Bytes message, int64_t tf_type, const Dims& dims, Source& source);

// A scalar or a list of strings, for attributes and file names.
Tensor string_tensor(Dims dims, std::vector<std::string> values);

// Strings as checkpoints and tensor_content keep them: all lengths, then all bytes. `checksum_bytes` stand between.
Result<Tensor> decode_strings(Bytes bytes, Dims dims, size_t checksum_bytes, Source& source);

}  // namespace thane::tensorflow
