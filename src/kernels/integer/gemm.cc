#include "kernels/integer/gemm.h"

#include <algorithm>

#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(IntegerGemms, kIntegerGemms)
#ifdef THANE_X86
namespace avx512vnni {
extern const IntegerGemm kQuads;
}
#endif

const IntegerGemms& integer_gemms(Isa ceiling) {
#ifdef THANE_X86
  if (ceiling >= Isa::kAvx512Vnni) {
    static const IntegerGemms gemms = {avx512vnni::kQuads, avx512::kIntegerGemms.wide, nullptr, true};
    return gemms;
  }
#endif
  return THANE_SELECT_ISA(ceiling, kIntegerGemms);
}

namespace {

bool is_mild(int64_t depth, int64_t n, const int16_t* b) {
  constexpr int kMost = 128;  // 255 · 128 and -255 · 128 are numbers of 16 bits
  for (int64_t j = 0; j < n; ++j, b += depth) {
    for (int64_t k = 0; k < depth; k += 2) {
      const int first = b[k], second = k + 1 < depth ? b[k + 1] : 0;
      if (std::max(first, 0) + std::max(second, 0) > kMost || std::min(first, 0) + std::min(second, 0) < -kMost) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

const IntegerGemm& integer_gemm_for(Isa ceiling, int64_t depth, int64_t n, const int16_t* b) {
  const IntegerGemms& gemms = integer_gemms(ceiling);
  const auto [least, most] = std::minmax_element(b, b + n * depth);
  if (n * depth > 0 && (*least < -128 || *most > 127)) return gemms.wide;
  if (!gemms.mild) return gemms.narrow;
  if (is_mild(depth, n, b)) return *gemms.mild;
  constexpr int64_t kShallow = 32;  // up to here, splitting rows takes longer than it saves
  return depth <= kShallow ? gemms.wide : gemms.narrow;
}

namespace {

template <class T>
T* pack_panel(const IntegerGemm& kernel, int64_t depth, int64_t width, int64_t n, const int16_t* b, T* to) {
  const int64_t group = kernel.depth_per_word, whole = depth / group, words = kernel.words_of(depth);
  std::fill_n(to, words * width * group, T{0});
  for (int64_t w = 0; w < whole; ++w) {
    T* word = to + w * width * group;
    for (int64_t j = 0; j < n; ++j) {
      for (int64_t g = 0; g < group; ++g) word[j * group + g] = static_cast<T>(b[j * depth + w * group + g]);
    }
  }
  for (int64_t j = 0; j < n; ++j) {
    for (int64_t k = whole * group; k < depth; ++k) {
      to[(whole * width + j) * group + k % group] = static_cast<T>(b[j * depth + k]);
    }
  }
  return to + words * width * group;
}

}  // namespace

void pack_integer_b(const IntegerGemm& kernel, int64_t depth, int64_t n, const int16_t* b, void* packed) {
  auto* bytes = static_cast<int8_t*>(packed);
  auto* shorts = static_cast<int16_t*>(packed);
  for (int64_t first = 0; first < n; first += kernel.columns) {
    const int64_t count = std::min<int64_t>(kernel.columns, n - first), width = kernel.panel_width(count);
    if (kernel.weight_bytes == 1)
      bytes = pack_panel(kernel, depth, width, count, b + first * depth, bytes);
    else
      shorts = pack_panel(kernel, depth, width, count, b + first * depth, shorts);
  }
}

}  // namespace thane
