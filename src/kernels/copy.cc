#include "kernels/copy.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace thane {
namespace {

struct Axis {
  int64_t size, from, to;
};

constexpr int64_t kBytesPerRange = 32 << 10;  // work worth handing to another thread
constexpr int64_t kTile = 32;                 // a tile of a transposition stays in the first-level cache

// Axes outermost first, without those of size 1, neighbours joined where both sides step through them evenly.
std::vector<Axis> merged_axes(std::span<const int64_t> dims, std::span<const int64_t> from,
                              std::span<const int64_t> to) {
  std::vector<Axis> axes;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 1) continue;
    const Axis next{dims[i], from[i], to[i]};
    if (!axes.empty() && axes.back().from == next.from * next.size && axes.back().to == next.to * next.size) {
      axes.back() = {axes.back().size * next.size, next.from, next.to};
    } else {
      axes.push_back(next);
    }
  }
  return axes;
}

// Walks the positions of some outer axes in row-major order.
class Walk {
 public:
  Walk(std::span<const Axis> axes, int64_t position) : axes_(axes), index_(axes.size()) {
    for (size_t i = axes.size(); i-- > 0;) {
      index_[i] = position % axes[i].size;
      position /= axes[i].size;
      from += index_[i] * axes[i].from;
      to += index_[i] * axes[i].to;
    }
  }
  void next() {
    for (size_t i = axes_.size(); i-- > 0;) {
      from += axes_[i].from;
      to += axes_[i].to;
      if (++index_[i] < axes_[i].size) return;
      from -= axes_[i].from * axes_[i].size;
      to -= axes_[i].to * axes_[i].size;
      index_[i] = 0;
    }
  }
  int64_t from = 0, to = 0;  // offsets of the current position

 private:
  std::span<const Axis> axes_;
  std::vector<int64_t> index_;
};

int64_t positions(std::span<const Axis> axes) {
  int64_t count = 1;
  for (const Axis& axis : axes) count *= axis.size;
  return count;
}

template <class T>
void copy_run(const T* from, int64_t from_stride, T* to, int64_t to_stride, int64_t count) {
  if (from_stride == 1 && to_stride == 1) {
    std::copy_n(from, count, to);
  } else if (from_stride == 0 && to_stride == 1) {
    std::fill_n(to, count, *from);
  } else {
#pragma GCC unroll 8
    for (int64_t i = 0; i < count; ++i) to[i * to_stride] = from[i * from_stride];
  }
}

template <class T>
void copy_rows(std::span<const Axis> axes, const T* from, T* to, ThreadPool& threads) {
  if (axes.empty()) {
    *to = *from;
    return;
  }
  const Axis inner = axes.back();
  const auto outer = axes.first(axes.size() - 1);
  const int64_t bytes = static_cast<int64_t>(sizeof(T));
  if (outer.empty()) {
    threads.parallel_for(inner.size, kBytesPerRange / bytes, [&](int64_t begin, int64_t end) {
      copy_run(from + begin * inner.from, inner.from, to + begin * inner.to, inner.to, end - begin);
    });
    return;
  }
  threads.parallel_for(positions(outer), kBytesPerRange / (inner.size * bytes), [&](int64_t begin, int64_t end) {
    Walk walk(outer, begin);
    for (int64_t row = begin; row < end; ++row, walk.next()) {
      copy_run(from + walk.from, inner.from, to + walk.to, inner.to, inner.size);
    }
  });
}

// The last two axes are a transposition: axes[n-2] is contiguous where it is read, axes[n-1] where it is written.
template <class T>
void copy_tiles(std::span<const Axis> axes, const T* from, T* to, ThreadPool& threads) {
  const Axis across = axes[axes.size() - 2];
  const Axis along = axes[axes.size() - 1];
  const auto outer = axes.first(axes.size() - 2);
  const int64_t bands = (across.size + kTile - 1) / kTile;
  const int64_t band_bytes = kTile * along.size * static_cast<int64_t>(sizeof(T));
  threads.parallel_for(positions(outer) * bands, kBytesPerRange / band_bytes, [&](int64_t begin, int64_t end) {
    Walk walk(outer, begin / bands);
    for (int64_t band = begin; band < end; ++band) {
      const int64_t first = band % bands * kTile;
      const int64_t last = std::min(first + kTile, across.size);
      for (int64_t i0 = 0; i0 < along.size; i0 += kTile) {
        const int64_t i1 = std::min(i0 + kTile, along.size);
        for (int64_t a = first; a < last; ++a) {
          const T* in = from + walk.from + a;
          T* out = to + walk.to + a * across.to;
          for (int64_t i = i0; i < i1; ++i) out[i] = in[i * along.from];
        }
      }
      if (band % bands == bands - 1) walk.next();
    }
  });
}

// Brings the axis read contiguously next to the last one, if that makes the copy a transposition worth tiling.
bool arrange_tiles(std::vector<Axis>& axes) {
  if (axes.size() < 2 || axes.back().to != 1 || axes.back().from <= 1 || axes.back().size < 4) return false;
  const auto read = std::find_if(axes.begin(), axes.end() - 1, [](const Axis& a) { return a.from == 1; });
  if (read == axes.end() - 1 || read->size < 4) return false;
  std::rotate(read, read + 1, axes.end() - 1);
  return true;
}

// A last axis of a few elements (colours) under one of many (pixels): the many become the inner loop, in blocks whose
// elements stay in the first-level cache while the few pass by.
void turn_short_rows(std::vector<Axis>& axes) {
  constexpr int64_t kFew = 4, kLeastBlock = 16, kMostBlock = 1024;
  if (axes.size() < 2 || axes.back().size > kFew) return;
  const Axis few = axes.back(), many = axes[axes.size() - 2];
  int64_t block = 1;
  while (block < kMostBlock && many.size % (2 * block) == 0) block *= 2;
  if (block < kLeastBlock) return;
  axes.resize(axes.size() - 2);
  if (block < many.size) axes.push_back({many.size / block, many.from * block, many.to * block});
  axes.push_back(few);
  axes.push_back({block, many.from, many.to});
}

// Three planes of 4-byte elements (colours) to pixels of three, a vector of each at a time.
constexpr int64_t kWoven = 3;
bool is_woven(std::span<const Axis> axes) {
  if (axes.size() < 2 || axes.back().size != kWoven || axes.back().to != 1) return false;
  const Axis& pixels = axes[axes.size() - 2];
  return pixels.from == 1 && pixels.to == kWoven;
}
void weave(const uint32_t* const (&planes)[kWoven], int64_t count, uint32_t* to) {
  using Four __attribute__((vector_size(16))) = uint32_t;
  constexpr int64_t kStep = 4;
  int64_t i = 0;
  for (; i + kStep <= count; i += kStep, to += kWoven * kStep) {
    Four a, b, c;
    std::memcpy(&a, planes[0] + i, sizeof a);
    std::memcpy(&b, planes[1] + i, sizeof b);
    std::memcpy(&c, planes[2] + i, sizeof c);
    const Four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), bc = __builtin_shufflevector(b, c, 1, 5, 2, 6),
               ca = __builtin_shufflevector(c, a, 2, 7, 0, 3);
    const Four pixels[kWoven] = {__builtin_shufflevector(ab, c, 0, 1, 4, 2),   // a0 b0 c0 a1
                                 __builtin_shufflevector(bc, a, 0, 1, 6, 2),   // b1 c1 a2 b2
                                 __builtin_shufflevector(ca, b, 0, 1, 7, 3)};  // c2 a3 b3 c3
    std::memcpy(to, pixels, sizeof pixels);
  }
  for (; i < count; ++i, to += kWoven) {
    for (int64_t p = 0; p < kWoven; ++p) to[p] = planes[p][i];
  }
}
void copy_woven(std::span<const Axis> axes, const uint32_t* from, uint32_t* to, ThreadPool& threads) {
  constexpr int64_t kBlock = 1024;  // pixels
  const Axis pixels = axes[axes.size() - 2], planes = axes.back();
  const auto outer = axes.first(axes.size() - 2);
  const int64_t blocks = (pixels.size + kBlock - 1) / kBlock;
  threads.parallel_for(positions(outer) * blocks, 4, [&](int64_t begin, int64_t end) {
    Walk walk(outer, begin / blocks);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i % blocks * kBlock;
      const uint32_t* at = from + walk.from + first;
      weave({at, at + planes.from, at + 2 * planes.from}, std::min(kBlock, pixels.size - first),
            to + walk.to + first * kWoven);
      if (i % blocks == blocks - 1) walk.next();
    }
  });
}

}  // namespace

void copy_strided(DType dtype, std::span<const int64_t> dims, const void* from, std::span<const int64_t> from_strides,
                  void* to, std::span<const int64_t> to_strides, ThreadPool& threads) {
  if (std::find(dims.begin(), dims.end(), 0) != dims.end()) return;
  std::vector<Axis> axes = merged_axes(dims, from_strides, to_strides);
  if (is_woven(axes) && dtype_size(dtype) == sizeof(uint32_t)) {
    return copy_woven(axes, static_cast<const uint32_t*>(from), static_cast<uint32_t*>(to), threads);
  }
  const bool tiled = arrange_tiles(axes);
  if (!tiled) turn_short_rows(axes);
  dispatch_by_size(dtype, [&]<class T>() {
    const T* in = static_cast<const T*>(from);
    T* out = static_cast<T*>(to);
    if (tiled)
      copy_tiles<T>(axes, in, out, threads);
    else
      copy_rows<T>(axes, in, out, threads);
  });
}

void copy_elements(DType dtype, const void* from, void* to, int64_t count) {
  if (count <= 0) return;
  if (dtype == DType::kString) {
    std::copy_n(static_cast<const std::string*>(from), count, static_cast<std::string*>(to));
  } else {
    std::memcpy(to, from, static_cast<size_t>(count) * dtype_size(dtype));
  }
}

void fill_elements(DType dtype, const void* value, void* to, int64_t count) {
  dispatch_by_size(dtype, [&]<class T>() { std::fill_n(static_cast<T*>(to), count, *static_cast<const T*>(value)); });
}

void fill_zero(DType dtype, void* to, int64_t count) {
  if (count <= 0) return;
  if (dtype == DType::kString) {
    std::fill_n(static_cast<std::string*>(to), count, std::string());
  } else {
    std::memset(to, 0, static_cast<size_t>(count) * dtype_size(dtype));
  }
}

}  // namespace thane
