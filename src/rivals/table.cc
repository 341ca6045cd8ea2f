#include "rivals/table.h"

#include <algorithm>

#include "rivals/embedded.h"

namespace thane::rivals {
namespace {

using namespace std::string_view_literals;
namespace e = embedded;

constexpr Variant kPlain[] = {{"", "", "{}"}};
constexpr Variant kTorchVariants[] = {
    {"", "", "{}"},
    {"plain", "torchscript", R"({"optimized": false})"},
    {"compile", "pt2", R"({"compile": true})"},
};
constexpr Variant kLightningVariants[] = {
    {"", "", "{}"},
    {"trainer", "", R"({"trainer": true})"},
};

constexpr std::string_view kNoTunables[] = {"{}"};
constexpr std::string_view kOnnxRuntimeTunables[] = {"{}", R"({"spinning": false})"};
constexpr std::string_view kOpenvinoTunables[] = {"{}", R"({"hint": "THROUGHPUT"})"};
constexpr std::string_view kTensorflowTunables[] = {"{}", R"({"xla": true})"};

constexpr std::string_view kQuietTensorflow[] = {"TF_CPP_MIN_LOG_LEVEL=3", "CUDA_VISIBLE_DEVICES=-1"};
constexpr std::string_view kOpenMp[] = {"OMP_NUM_THREADS={threads}",
                                        "CUDA_VISIBLE_DEVICES=", "TORCHINDUCTOR_COMPILE_THREADS=1"};
constexpr std::string_view kOnlyThreads[] = {"OMP_NUM_THREADS={threads}"};

constexpr Rival kRivals[] = {
    {"onnxruntime",
     "ONNX Runtime",
     "onnx",
     "onnx",
     "onnxruntime",
     "CPU",
     &e::k_onnxruntime_py,
     &e::k_onnxruntime_txt,
     kPlain,
     kOnnxRuntimeTunables,
     {}},
    {"litert", "LiteRT", "tflite", "tflite", "ai-edge-litert", "CPU", &e::k_litert_py, &e::k_litert_txt, kPlain,
     kNoTunables, kQuietTensorflow},
    {"tensorflow", "TensorFlow", "saved_model graphdef keras", "saved_model graphdef keras", "tensorflow", "CPU",
     &e::k_tensorflow_py, &e::k_tensorflow_txt, kPlain, kTensorflowTunables, kQuietTensorflow},
    {"torch", "PyTorch", "pt2 torchscript", "pt2 torchscript", "torch", "CPU", &e::k_torch_py, &e::k_torch_txt,
     kTorchVariants, kNoTunables, kOpenMp, true},
    {"lightning", "PyTorch Lightning", "ckpt", "ckpt", "lightning", "CPU", &e::k_lightning_py, &e::k_lightning_txt,
     kLightningVariants, kNoTunables, kOpenMp, true},
    {"openvino",
     "OpenVINO",
     "onnx saved_model tflite graphdef",
     "",
     "openvino",
     "CPU",
     &e::k_openvino_py,
     &e::k_openvino_txt,
     kPlain,
     kOpenvinoTunables,
     {}},
    {"mnn", "MNN", "onnx tflite", "", "MNN", "CPU", &e::k_mnn_py, &e::k_mnn_txt, kPlain, kNoTunables, kOnlyThreads,
     true},
    {"ncnn", "ncnn", "torchscript onnx", "", "ncnn", "CPU", &e::k_ncnn_py, &e::k_ncnn_txt, kPlain, kNoTunables,
     kOnlyThreads, true},
};

}  // namespace

std::span<const Rival> all_rivals() { return kRivals; }

const Rival* find_rival(std::string_view name) {
  const auto found = std::ranges::find(kRivals, name, &Rival::name);
  return found == std::end(kRivals) ? nullptr : found;
}

bool lists(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const size_t end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

}  // namespace thane::rivals
