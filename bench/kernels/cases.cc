#include "bench/kernels/cases.h"

#include <memory>

#include "kernels/depthwise/depthwise.h"
#include "kernels/gemm/strassen.h"
#include "kernels/gemm/tiling.h"
#include "kernels/integer/gemm.h"
#include "kernels/map/map.h"
#include "kernels/rows/rows.h"

namespace thane {
namespace {

template <class T>
using Memory = std::shared_ptr<std::vector<T>>;

template <class T>
Memory<T> memory(int64_t count, T value) {
  return std::make_shared<std::vector<T>>(static_cast<size_t>(count) + 64, value);
}

std::string times(std::initializer_list<int64_t> sizes) {
  std::string text;
  for (int64_t size : sizes) text += (text.empty() ? "" : "×") + std::to_string(size);
  return text;
}

using RunProduct = std::function<void(const GemmPanel& whole)>;

RunProduct plainly(Isa isa, int64_t m, int64_t n, int64_t k) {
  const GemmTiling tiling(gemm_kernel(isa), m, n, k);
  return [=](const GemmPanel& whole) { tiling.run(whole, 0, tiling.jobs()); };
}

RunProduct by_strassen(Isa isa, int64_t m, int64_t n, int64_t k) {
  const StrassenTiling tiling(isa, gemm_kernel(isa), m, n, k, 1);
  const auto kept = memory(tiling.round_floats(), 0.0f), work = memory(tiling.work_floats(), 0.0f);
  return [=](const GemmPanel& whole) {
    for (int64_t round = 0; round < tiling.rounds(); ++round) {
      tiling.sum_rows(whole, round, 0, tiling.row_pairs(round), kept->data());
      tiling.run(whole, round, 0, tiling.jobs(round), kept->data(), work->data());
    }
  };
}

// C[m × n] = A[m × k] · B + bias, with `copies` of B in turn: more than caches hold, where weights come from memory.
KernelCase product(Isa isa, std::string family, int64_t m, int64_t n, int64_t k, int64_t copies, const RunProduct& run,
                   const char* remark = "") {
  const GemmKernel& kernel = gemm_kernel(isa);
  const int64_t b_floats = k * kernel.packed_columns(n);
  const auto a = memory(m * k, 0.5f), b = memory(b_floats * copies, 0.25f), c = memory(m * n, 0.0f),
             bias = memory(n, 1.0f);
  const double bytes = copies > 1 ? static_cast<double>(b_floats * 4) : 0;
  return {std::move(family), times({m, n, k}) + (copies > 1 ? ", weights from memory" : "") + remark,
          2.0 * static_cast<double>(m * n * k), bytes, [=, turn = int64_t{0}]() mutable {
            GemmPanel whole{.m = m, .n = n, .k = k, .a = a->data(), .lda = k, .c = c->data(), .ldc = n};
            whole.b = b->data() + turn++ % copies * b_floats;
            whole.epilogue.column_bias = bias->data();
            run(whole);
          }};
}

// A panel of bytes by a chunk of rows, requantized.
KernelCase byte_product(Isa isa, int64_t rows, int64_t depth) {
  const IntegerGemm& kernel = integer_gemms(isa).narrow;
  const int64_t words = kernel.words_of(depth), columns = kernel.columns;
  const auto a = memory<int32_t>(rows * words, 0x00030001), sums = memory<int32_t>(rows * columns, 0);
  const auto b = memory<int8_t>(kernel.column_bytes(depth) * columns, 3);
  const auto scales = memory(columns, 1e-3f);
  return {"integer", times({rows, columns, depth}), 2.0 * static_cast<double>(rows * columns * depth), 0, [=] {
            IntegerPanel panel{.rows = {.m = rows, .words = words, .a = a->data()}, .n = columns, .b = b->data()};
            panel.c = sums->data();
            panel.ldc = columns;
            panel.epilogue = {.result = IntegerResult::kScaled, .scales = scales->data(), .shrinks = true};
            panel.epilogue.low = -128;
            panel.epilogue.high = 127;
            integer_gemms(isa).narrow.panel(panel);
          }};
}

// One line of outputs, 3 × 3, from lines in the cache.
KernelCase depthwise_lines(Isa isa, int64_t out_lines, int64_t pixels, int64_t channels, int64_t stride) {
  constexpr int64_t kKernel = 3;
  const int64_t length = (pixels - 1) * stride + kKernel, in_lines = kKernel + out_lines - 1;
  const auto x = memory(in_lines * length * channels, 1.0f), weights = memory(kKernel * kKernel * channels, 0.5f),
             y = memory(out_lines * pixels * channels, 0.0f);
  const auto columns = std::make_shared<std::vector<const float*>>();
  for (int64_t i = 0; i < in_lines * length; ++i) columns->push_back(x->data() + i * channels);
  const auto lines = std::make_shared<std::vector<const float* const*>>();
  for (int64_t i = 0; i < in_lines; ++i) lines->push_back(columns->data() + i * length);
  return {"depthwise", times({out_lines, pixels, channels}) + ", stride " + std::to_string(stride),
          2.0 * kKernel * kKernel * static_cast<double>(out_lines * pixels * channels), 0, [=] {
            (void)x, (void)columns;  // kept with the case
            depthwise_kernel(isa).run({.channels = channels,
                                       .rows = kKernel,
                                       .kernel = kKernel,
                                       .stride = stride,
                                       .lines = lines->data(),
                                       .out_lines = out_lines,
                                       .weights = weights->data(),
                                       .y = y->data(),
                                       .pixels = pixels});
          }};
}

KernelCase function(Isa isa, const char* name, MapOp op) {
  constexpr int64_t kCount = 4096;
  const auto x = memory(kCount, 0.7f), y = memory(kCount, 0.0f);
  return {"map", name, static_cast<double>(kCount), 0,
          [=] { map_kernels(isa).run({.op = op, .alpha = 1}, kCount, x->data(), y->data()); }};
}

}  // namespace

std::vector<KernelCase> kernel_cases(Isa isa, const std::string& family) {
  std::vector<KernelCase> cases;
  if (family == "gemm") {
    const auto plain = [&](int64_t m, int64_t n, int64_t k, int64_t copies) {
      cases.push_back(product(isa, family, m, n, k, copies, plainly(isa, m, n, k)));
    };
    // BERT's, MiniLM's query alone and query, key and value in one, the pointwise convolutions of ResNet-50, expansions
    // of MobileNetV2, and squares.
    for (const auto& [m, n, k] : std::initializer_list<std::array<int64_t, 3>>{{128, 768, 768},
                                                                               {128, 3072, 768},
                                                                               {128, 768, 3072},
                                                                               {128, 384, 384},
                                                                               {128, 1152, 384},
                                                                               {3136, 64, 256},
                                                                               {784, 512, 128},
                                                                               {196, 1024, 256},
                                                                               {196, 256, 1024},
                                                                               {112, 96, 16},
                                                                               {3136, 24, 144},
                                                                               {784, 32, 288},
                                                                               {1024, 1024, 1024},
                                                                               {2048, 2048, 2048}}) {
      plain(m, n, k, 1);
    }
    plain(49, 2048, 512, 16);
    // Of those that go by Strassen's algorithm, shares of the peak are those of the plain product's operations.
    for (const auto& [m, n, k] : std::initializer_list<std::array<int64_t, 3>>{
             {128, 768, 768}, {128, 3072, 768}, {128, 768, 3072}, {1024, 1024, 1024}}) {
      plain(m, n, k, 16);
      cases.push_back(product(isa, family, m, n, k, 16, by_strassen(isa, m, n, k), ", Strassen"));
    }
  } else if (family == "gemv") {
    cases.push_back(product(isa, family, 1, 4096, 4096, 4, plainly(isa, 1, 4096, 4096)));
    cases.push_back(product(isa, family, 1, 1000, 2048, 24, plainly(isa, 1, 1000, 2048)));
  } else if (family == "integer") {
    for (const int64_t depth : {64, 256, 1152}) cases.push_back(byte_product(isa, 48, depth));
  } else if (family == "depthwise") {
    cases.push_back(depthwise_lines(isa, 1, 56, 144, 1));
    cases.push_back(depthwise_lines(isa, 2, 56, 144, 1));
    cases.push_back(depthwise_lines(isa, 1, 28, 192, 2));
    cases.push_back(depthwise_lines(isa, 2, 14, 512, 1));
  } else if (family == "map") {
    cases.push_back(function(isa, "exp", MapOp::kExp));
    cases.push_back(function(isa, "tanh", MapOp::kTanh));
    cases.push_back(function(isa, "sigmoid", MapOp::kSigmoid));
    cases.push_back(function(isa, "gelu", MapOp::kGelu));
  } else if (family == "rows") {
    constexpr int64_t kCount = 768;
    const auto x = memory(kCount, 0.5f), scale = memory(kCount, 1.0f), y = memory(kCount, 0.0f);
    cases.push_back({family, "softmax of 768", kCount, 0,
                     [=] { row_kernels(isa).softmax(kCount, 1, x->data(), nullptr, y->data()); }});
    cases.push_back({family, "layer norm of 768", kCount, 0, [=] {
                       row_kernels(isa).layer_norm(kCount, 1e-5f, x->data(), scale->data(), nullptr, y->data());
                     }});
  }
  return cases;
}

}  // namespace thane
