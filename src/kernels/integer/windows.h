// Windows of bytes as rows of words, for gemm.isa.cc. Included only by *.isa.cc files.
#pragma once

#include "kernels/integer/gemm.h"
#include "kernels/simd_int.h"

namespace thane::THANE_ISA {
namespace {

// What runs shorter than a vector go by: windows of three pixels of three colours are runs of 9.
constexpr int kFew = 8;
template <class T>
using FewVec __attribute__((vector_size(kFew * sizeof(T)))) = T;
THANE_INLINE FewVec<int16_t> widened_few(FewVec<uint8_t> bytes) {
#if defined(__SSE4_1__)
  return reinterpret_cast<FewVec<int16_t>>(_mm_cvtepu8_epi16(_mm_loadl_epi64(reinterpret_cast<__m128i*>(&bytes))));
#else
  return __builtin_convertvector(bytes, FewVec<int16_t>);
#endif
}

// Bytes as 16-bit numbers measured from the origin.
struct AsShorts {
  using Element = int16_t;
  static constexpr int kDepth = 2;
  uint8_t flip;
  int16_t origin, padding;
  AsShorts(const IntegerWindows& w, int32_t origin)
      : flip(w.is_signed ? 0x80 : 0),
        origin(static_cast<int16_t>(origin)),
        padding(static_cast<int16_t>(w.unsigned_zero() - origin)) {}
  THANE_INLINE void some(const uint8_t* from, int16_t* to) const {
    const auto bytes = load_as<HalfBytes<uint8_t>>(from) ^ flip;
    store_as(to, widened(bytes) - origin);
  }
  THANE_INLINE void few(const uint8_t* from, int16_t* to) const {
    store_as(to, widened_few(load_as<FewVec<uint8_t>>(from) ^ flip) - origin);
  }
  THANE_INLINE int16_t one(uint8_t x) const { return static_cast<int16_t>((x ^ flip) - origin); }
};
// As unsigned bytes, measured from 0, or as signed ones from 128.
struct AsBytes {
  using Element = uint8_t;
  static constexpr int kDepth = 4;
  uint8_t flip, padding;
  AsBytes(const IntegerWindows& w, int32_t origin)
      : flip(w.is_signed != (origin == 128) ? 0x80 : 0), padding(static_cast<uint8_t>(w.unsigned_zero() - origin)) {}
  THANE_INLINE void some(const uint8_t* from, uint8_t* to) const {
    store_as(to, load_as<HalfBytes<uint8_t>>(from) ^ flip);
  }
  THANE_INLINE void few(const uint8_t* from, uint8_t* to) const { store_as(to, load_as<FewVec<uint8_t>>(from) ^ flip); }
  THANE_INLINE uint8_t one(uint8_t x) const { return x ^ flip; }
};

template <class Convert>
THANE_INLINE void convert_run(const Convert& convert, const uint8_t* from, int64_t n, typename Convert::Element* to) {
  constexpr int64_t kStep = 2 * kLanes;
  int64_t i = 0;
  for (; i + kStep <= n; i += kStep) convert.some(from + i, to + i);
  if (i == n) return;
  if (n >= kStep) return convert.some(from + n - kStep, to + n - kStep);  // the last ones, some of them again
  if (n >= kFew) {
    for (; i + kFew < n; i += kFew) convert.few(from + i, to + i);
    return convert.few(from + n - kFew, to + n - kFew);
  }
  for (; i < n; ++i) to[i] = convert.one(from[i]);
}

template <class T>
THANE_INLINE void fill(T* to, int64_t n, T value) {
  for (int64_t i = 0; i < n; ++i) to[i] = value;
}

// The part of a window on one line; pixels from `start` on.
template <class Convert>
THANE_INLINE void convert_line(const Convert& convert, const IntegerWindows& w, const uint8_t* line, int64_t start,
                               typename Convert::Element* to) {
  const IntegerWindows::Axis& axis = w.x_axis;
  if (axis.dilation == 1 && w.pixel_bytes == w.channels) {  // neighbours in memory
    const int64_t begin = start < 0 ? (-start < axis.kernel ? -start : axis.kernel) : 0;
    int64_t end = axis.in - start < axis.kernel ? axis.in - start : axis.kernel;
    if (end < begin) end = begin;
    fill(to, begin * w.channels, convert.padding);
    convert_run(convert, line + (start + begin) * w.channels, (end - begin) * w.channels, to + begin * w.channels);
    fill(to + end * w.channels, (axis.kernel - end) * w.channels, convert.padding);
    return;
  }
  for (int64_t t = 0; t < axis.kernel; ++t, to += w.channels) {
    const int64_t at = start + t * axis.dilation;
    if (at < 0 || at >= axis.in)
      fill(to, w.channels, convert.padding);
    else
      convert_run(convert, line + at * w.pixel_bytes, w.channels, to);
  }
}

// Rows [first, first + count), each up to whole words.
template <class Convert>
void convert_windows(const Convert& convert, const IntegerWindows& w, int64_t first, int64_t count,
                     typename Convert::Element* to) {
  constexpr int kDepth = Convert::kDepth;
  const auto* x = static_cast<const uint8_t*>(w.x);
  const int64_t depth = w.depth(), row = (depth + kDepth - 1) / kDepth * kDepth;
  const bool pixels = w.y.kernel * w.x_axis.kernel == 1 && w.y.stride * w.x_axis.stride == 1 && w.y.pad == 0 &&
                      w.x_axis.pad == 0 && w.out_width == w.x_axis.in;
  if (pixels && row == depth && w.pixel_bytes == w.channels) {
    return convert_run(convert, x + first * depth, count * depth, to);
  }
  const int64_t line_channels = w.x_axis.kernel * w.channels, line_bytes = w.x_axis.in * w.pixel_bytes;
  const bool are_neighbours = w.x_axis.dilation == 1 && w.pixel_bytes == w.channels;
  // Short windows go in whole vectors, beyond their end where neither the image nor the packed rows end.
  constexpr int64_t kStep = 2 * kLanes;
  const int64_t rounded_up = (line_channels + kStep - 1) / kStep * kStep;
  const int64_t last_load = w.y.in * line_bytes - rounded_up;
  const int64_t last_store = count * row - rounded_up;
  const int64_t span = (w.y.kernel - 1) * w.y.dilation, next_line = w.y.dilation * line_bytes;
  int64_t oy = first / w.out_width, ox = first % w.out_width;
  for (int64_t i = 0; i < count; ++i, to += row) {
    const int64_t top = oy * w.y.stride - w.y.pad, left = ox * w.x_axis.stride - w.x_axis.pad;
    const int64_t start = top * line_bytes + left * w.pixel_bytes;
    const bool whole = are_neighbours && left >= 0 && left + w.x_axis.kernel <= w.x_axis.in;
    const bool fits = start + span * line_bytes <= last_load && i * row + depth - line_channels <= last_store;
    auto* at = to;
    if (whole && top >= 0 && top + span < w.y.in && fits) {
      const uint8_t* line = x + start;
      for (int64_t t = 0; t < w.y.kernel; ++t, at += line_channels, line += next_line) {
        for (int64_t k = 0; k < line_channels; k += kStep) convert.some(line + k, at + k);
      }
    } else {
      for (int64_t t = 0; t < w.y.kernel; ++t, at += line_channels) {
        const int64_t y = top + t * w.y.dilation;
        if (y < 0 || y >= w.y.in)
          fill(at, line_channels, convert.padding);
        else if (whole)
          convert_run(convert, x + start + t * next_line, line_channels, at);
        else
          convert_line(convert, w, x + y * line_bytes, left, at);
      }
    }
    for (int64_t k = depth; k < row; ++k) to[k] = 0;
    if (++ox == w.out_width) ox = 0, ++oy;
  }
}

}  // namespace
}  // namespace thane::THANE_ISA
