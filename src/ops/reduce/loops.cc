// The loops of all reductions. Neighbouring axes of a kind are merged, so that only two cases remain for the innermost
// one: it is reduced (rows of contiguous elements collapse into one number each), or it is kept (rows are added up lane
// by lane). Either way memory is read in order, and what belongs to one output is summed in an order that depends on
// shapes only.
#include <cmath>
#include <limits>

#include "ops/float_to_int.h"
#include "ops/loops.h"
#include "ops/reduce/reduce.h"

namespace thane {
namespace {

// Sums of integers wrap, which only unsigned arithmetic may.
template <class T>
using SumOf = std::conditional_t<std::is_integral_v<T>, uint64_t, double>;

struct Identity {
  template <class T>
  static SumOf<T> of(T x) {
    return static_cast<SumOf<T>>(x);
  }
};
struct Magnitude {
  template <class T>
  static SumOf<T> of(T x) {
    if constexpr (std::is_floating_point_v<T>)
      return std::fabs(static_cast<double>(x));
    else
      return x < T{0} ? uint64_t{0} - static_cast<uint64_t>(x) : static_cast<uint64_t>(x);
  }
};
struct Square {
  template <class T>
  static SumOf<T> of(T x) {
    return static_cast<SumOf<T>>(x) * static_cast<SumOf<T>>(x);
  }
};

// An accumulator: `Acc start`, `add` one element, `join` two accumulators.
template <class T, class Term>
struct Sum {
  using Acc = SumOf<T>;
  static Acc start() { return 0; }
  static void add(Acc& acc, T x) { acc += Term::of(x); }
  static void join(Acc& acc, const Acc& other) { acc += other; }
};
template <class T>
struct Product {
  using Acc = SumOf<T>;
  static Acc start() { return 1; }
  static void add(Acc& acc, T x) { acc *= static_cast<Acc>(x); }
  static void join(Acc& acc, const Acc& other) { acc *= other; }
};
// NaN wins.
template <class T>
struct Maximum {
  using Acc = T;
  static Acc start() {
    if constexpr (std::is_floating_point_v<T>)
      return -std::numeric_limits<T>::infinity();
    else
      return std::numeric_limits<T>::lowest();
  }
  static void add(Acc& acc, T x) { acc = x > acc || x != x ? x : acc; }
  static void join(Acc& acc, const Acc& other) { add(acc, other); }
};
template <class T>
struct Minimum {
  using Acc = T;
  static Acc start() {
    if constexpr (std::is_floating_point_v<T>)
      return std::numeric_limits<T>::infinity();
    else
      return std::numeric_limits<T>::max();
  }
  static void add(Acc& acc, T x) { acc = x < acc || x != x ? x : acc; }
  static void join(Acc& acc, const Acc& other) { add(acc, other); }
};
// log Σ e^x in one pass: the sum is kept relative to the largest x so far.
template <class T>
struct LogSumExp {
  struct Acc {
    double largest, sum;
  };
  static Acc start() { return {-std::numeric_limits<double>::infinity(), 0}; }
  static void add(Acc& acc, T x) { join(acc, {static_cast<double>(x), 1}); }
  static void join(Acc& acc, const Acc& other) {
    if (other.sum == 0) return;
    if (other.largest > acc.largest || acc.sum == 0) {
      acc.sum = (acc.sum == 0 ? 0 : acc.sum * std::exp(acc.largest - other.largest)) + other.sum;
      acc.largest = other.largest;
    } else {
      // Equal infinities would give NaN as their difference.
      acc.sum += other.sum * (other.largest == acc.largest ? 1 : std::exp(other.largest - acc.largest));
    }
  }
};

enum class Finish { kNone, kMean, kSqrt, kLog };

template <class T, class Acc>
T finished(const Acc& acc, Finish finish, int64_t count) {
  if constexpr (requires { acc.largest; }) {
    const double value = acc.largest + std::log(acc.sum);
    if constexpr (std::is_integral_v<T>)
      return float_to_int<T>(value);
    else
      return static_cast<T>(value);
  } else {
    const T value = static_cast<T>(acc);
    if constexpr (std::is_integral_v<T>) {
      switch (finish) {
        case Finish::kNone: return value;
        case Finish::kMean: return count ? static_cast<T>(value / static_cast<T>(count)) : T{0};
        case Finish::kSqrt: return float_to_int<T>(std::sqrt(static_cast<double>(value)));
        case Finish::kLog: return float_to_int<T>(std::log(static_cast<double>(value)));
      }
    } else {
      switch (finish) {
        case Finish::kNone: return value;
        case Finish::kMean: return static_cast<T>(acc / static_cast<Acc>(count));
        case Finish::kSqrt: return static_cast<T>(std::sqrt(acc));
        case Finish::kLog: return static_cast<T>(std::log(acc));
      }
    }
    return value;
  }
}

// Nested loops over some dimensions of the input.
struct Odometer {
  Dims dims, strides;  // outermost first
  int64_t count = 1;

  void push(int64_t dim, int64_t stride) {
    dims.push_back(dim);
    strides.push_back(stride);
    count *= dim;
  }
  int64_t offset(int64_t index) const {
    int64_t at = 0;
    for (size_t i = dims.size(); i-- > 0; index /= dims[i]) at += index % dims[i] * strides[i];
    return at;
  }
  template <class Body>
  void for_each(const Body& body) const {
    Dims index(dims.size());
    int64_t at = 0;
    for (int64_t i = 0; i < count; ++i) {
      body(at);
      for (size_t axis = dims.size(); axis-- > 0;) {
        at += strides[axis];
        if (++index[axis] < dims[axis]) break;
        at -= strides[axis] * dims[axis];
        index[axis] = 0;
      }
    }
  }
};

struct Layout {
  Odometer kept, reduced;  // without the innermost dimension
  int64_t inner = 1;
  bool inner_reduced = true;
  int64_t count = 1;  // elements per output
};

Layout layout_of(const Dims& dims, const std::vector<bool>& reduced) {
  struct Run {
    int64_t dim, stride;
    bool reduced;
  };
  std::vector<Run> runs;  // innermost first
  int64_t stride = 1;
  for (size_t i = dims.size(); i-- > 0; stride *= dims[i]) {
    if (dims[i] == 1) continue;
    if (!runs.empty() && runs.back().reduced == reduced[i])
      runs.back().dim *= dims[i];
    else
      runs.push_back({dims[i], stride, reduced[i]});
  }
  Layout layout;
  if (!runs.empty()) {
    layout.inner = runs[0].dim;
    layout.inner_reduced = runs[0].reduced;
  }
  for (size_t i = runs.size(); i-- > 1;)
    (runs[i].reduced ? layout.reduced : layout.kept).push(runs[i].dim, runs[i].stride);
  layout.count = layout.reduced.count * (layout.inner_reduced ? layout.inner : 1);
  return layout;
}

constexpr int64_t kLanes = 8;      // independent accumulators, for the processor to work on at once
constexpr int64_t kColumns = 128;  // accumulators of neighbouring outputs
constexpr int64_t kElementsPerRange = 16384;

template <class R, class T>
typename R::Acc reduce_row(const T* x, int64_t n) {
  typename R::Acc lanes[kLanes];
  std::fill(lanes, lanes + kLanes, R::start());
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) R::add(lanes[lane], x[i + lane]);
  }
  for (int64_t lane = 0; i < n; ++i, ++lane) R::add(lanes[lane], x[i]);
  for (int64_t lane = 1; lane < kLanes; ++lane) R::join(lanes[0], lanes[lane]);
  return lanes[0];
}

template <class R, class T>
void reduce(const T* in, const Layout& layout, Finish finish, T* out, ThreadPool& threads) {
  using Acc = typename R::Acc;
  const int64_t grain = kElementsPerRange / std::max<int64_t>(1, layout.count) + 1;
  if (layout.inner_reduced) {
    threads.parallel_for(layout.kept.count, grain, [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; ++o) {
        const T* base = in + layout.kept.offset(o);
        Acc acc = R::start();
        layout.reduced.for_each([&](int64_t offset) { R::join(acc, reduce_row<R>(base + offset, layout.inner)); });
        out[o] = finished<T>(acc, finish, layout.count);
      }
    });
    return;
  }
  const int64_t blocks = (layout.inner + kColumns - 1) / kColumns;
  threads.parallel_for(layout.kept.count * blocks, grain / kColumns + 1, [&](int64_t begin, int64_t end) {
    Acc accs[kColumns];
    for (int64_t i = begin; i < end; ++i) {
      const int64_t row = i / blocks, first = i % blocks * kColumns;
      const int64_t width = std::min(kColumns, layout.inner - first);
      const T* base = in + layout.kept.offset(row) + first;
      std::fill(accs, accs + width, R::start());
      layout.reduced.for_each([&](int64_t offset) {
        for (int64_t k = 0; k < width; ++k) R::add(accs[k], base[offset + k]);
      });
      for (int64_t k = 0; k < width; ++k)
        out[row * layout.inner + first + k] = finished<T>(accs[k], finish, layout.count);
    }
  });
}

}  // namespace

void reduce_tensor(Reduction reduction, const Tensor& input, const std::vector<bool>& reduced, const Tensor& output,
                   ThreadPool& threads) {
  if (output.size() == 0) return;
  const Layout layout = layout_of(input.dims(), reduced);
  dispatch<float, double, int64_t, uint64_t>(input.dtype(), [&]<class T>() {
    const auto with = [&]<class R>(Finish finish) {
      reduce<R>(input.data<T>(), layout, finish, output.data<T>(), threads);
    };
    switch (reduction) {
      case Reduction::kSum: return with.template operator()<Sum<T, Identity>>(Finish::kNone);
      case Reduction::kMean: return with.template operator()<Sum<T, Identity>>(Finish::kMean);
      case Reduction::kLogSum: return with.template operator()<Sum<T, Identity>>(Finish::kLog);
      case Reduction::kL1: return with.template operator()<Sum<T, Magnitude>>(Finish::kNone);
      case Reduction::kL2: return with.template operator()<Sum<T, Square>>(Finish::kSqrt);
      case Reduction::kSumSquare: return with.template operator()<Sum<T, Square>>(Finish::kNone);
      case Reduction::kProd: return with.template operator()<Product<T>>(Finish::kNone);
      case Reduction::kMax: return with.template operator()<Maximum<T>>(Finish::kNone);
      case Reduction::kMin: return with.template operator()<Minimum<T>>(Finish::kNone);
      case Reduction::kLogSumExp: return with.template operator()<LogSumExp<T>>(Finish::kNone);
    }
  });
}

}  // namespace thane
