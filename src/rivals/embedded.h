// Files of this room that travel inside the program: worker scripts, and the pinned packages of each engine.
#pragma once

#include <string_view>

namespace thane::rivals::embedded {

extern const std::string_view k_protocol_py;
extern const std::string_view k_onnxruntime_py, k_onnxruntime_txt;
extern const std::string_view k_litert_py, k_litert_txt;
extern const std::string_view k_tensorflow_py, k_tensorflow_txt;
extern const std::string_view k_torch_py, k_torch_txt;
extern const std::string_view k_lightning_py, k_lightning_txt;
extern const std::string_view k_openvino_py, k_openvino_txt;
extern const std::string_view k_mnn_py, k_mnn_txt;
extern const std::string_view k_ncnn_py, k_ncnn_txt;

}  // namespace thane::rivals::embedded
