// ImageDecoder: the bytes of a picture file → height × width × channels.
#include <algorithm>
#include <cstring>

#include "ops/image/image.h"
#include "ops/image/pictures.h"

namespace thane {

Status infer_image_decoder(InferContext& context) {
  if (const SymDims* dims = context.dims(0); dims && dims->size() != 1) {
    return invalid_model("the encoded stream has the shape " + to_string(*dims)).expecting("rank 1");
  }
  const bool grey = context.attrs<ImageDecoderAttrs>().pixel_format == PixelFormat::kGrayscale;
  context.set(0, DType::kUInt8, SymDims{Dim::unknown(), Dim::unknown(), Dim(grey ? 1 : 3)});
  return ok();
}

Status eval_image_decoder(KernelContext& context) {
  const PixelFormat format = context.attrs<ImageDecoderAttrs>().pixel_format;
  const Tensor& stream = context.input(0);
  const int channels = format == PixelFormat::kGrayscale ? 1 : 3;
  THANE_ASSIGN(Pixels pixels, decode_picture({stream.data<std::byte>(), stream.size_bytes()}, channels));
  if (format == PixelFormat::kBgr) {
    for (size_t i = 0; i + 2 < pixels.values.size(); i += 3) std::swap(pixels.values[i], pixels.values[i + 2]);
  }
  THANE_ASSIGN(Tensor * out, context.allocate(0, DType::kUInt8, {pixels.height, pixels.width, channels}));
  std::memcpy(out->raw(), pixels.values.data(), pixels.values.size());
  return ok();
}

}  // namespace thane
