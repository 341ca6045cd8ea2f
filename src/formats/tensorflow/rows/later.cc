#include "formats/tensorflow/call.h"
namespace thane::tensorflow {
std::span<const OpRow> image_rows() { return {}; }
std::span<const OpRow> list_rows() { return {}; }
std::span<const OpRow> string_rows() { return {}; }
std::span<const OpRow> example_rows() { return {}; }
std::span<const OpRow> quantize_rows() { return {}; }
std::span<const OpRow> linalg_rows() { return {}; }
std::span<const OpRow> signal_rows() { return {}; }
std::span<const OpRow> detection_rows() { return {}; }
std::span<const OpRow> recurrent_rows() { return {}; }
std::span<const OpRow> sparse_rows() { return {}; }
}  // namespace thane::tensorflow
