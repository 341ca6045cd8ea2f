#include "rivals/table.h"

#include <algorithm>
#include <string>

#include "rivals/embedded.h"

namespace thane::rivals {
namespace {

using namespace std::string_view_literals;

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
    {"onnxruntime", "ONNX Runtime", "onnx", "onnx", "onnxruntime", "CPU", kPlain, kOnnxRuntimeTunables, {}},
    {"litert", "LiteRT", "tflite", "tflite", "ai-edge-litert", "CPU", kPlain, kNoTunables, kQuietTensorflow},
    {"tensorflow", "TensorFlow", "saved_model graphdef keras", "saved_model graphdef keras", "tensorflow", "CPU",
     kPlain, kTensorflowTunables, kQuietTensorflow},
    {"torch", "PyTorch", "pt2 torchscript", "pt2 torchscript", "torch", "CPU", kTorchVariants, kNoTunables, kOpenMp,
     true},
    {"lightning", "PyTorch Lightning", "ckpt", "ckpt", "lightning", "CPU", kLightningVariants, kNoTunables, kOpenMp,
     true, true},
    {"openvino", "OpenVINO", "onnx saved_model tflite graphdef", "", "openvino", "CPU", kPlain, kOpenvinoTunables, {}},
    {"mnn", "MNN", "onnx tflite", "", "MNN", "CPU", kPlain, kNoTunables, kOnlyThreads, true},
    {"ncnn", "ncnn", "onnx torchscript", "", "ncnn", "CPU", kPlain, kNoTunables, kOnlyThreads, true},
};

}  // namespace

std::span<const Rival> all_rivals() { return kRivals; }

const Rival* find_rival(std::string_view name) {
  const auto found = std::ranges::find(kRivals, name, &Rival::name);
  return found == std::end(kRivals) ? nullptr : found;
}

std::string worker_of(const Rival& rival) { return embedded::file(std::string(rival.name) + ".py"); }

std::string requirements_of(const Rival& rival) { return embedded::file(std::string(rival.name) + ".txt"); }

bool lists(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const size_t end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

}  // namespace thane::rivals
