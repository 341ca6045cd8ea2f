// Slice and StridedSlice.
#include "base/format.h"
#include "formats/tensorflow/call.h"

namespace thane::tensorflow {
namespace slice_ops {
namespace {

constexpr int64_t kFar = int64_t{1} << 62;

void slice(Call& call) {
  const bool complex = call.is_complex(0);
  const Edge x = complex ? call.item(0).edge : call.in(0);
  const auto begin = call.known_ints(1), size = call.known_ints(2);
  if (call.failed()) return;
  Edge y;
  if (begin && size) {
    Dims starts, ends, axes;
    for (size_t i = 0; i < begin->size() && i < size->size(); ++i) {
      const int64_t from = (*begin)[i], count = (*size)[i];
      if (from == 0 && count == -1) continue;
      if (from < 0 || count < -1 || from > kFar || count > kFar)
        return call.fail(invalid_model("a slice begins before the tensor"));
      starts.push_back(from);
      ends.push_back(count == -1 ? kFar : from + count);
      axes.push_back(static_cast<int64_t>(i));
    }
    y = axes.empty() ? x : call.slice(x, starts, ends, axes);
  } else {
    // size -1 means up to the end.
    const Edge from = call.to_int64(call.in(1)), count = call.to_int64(call.in(2));
    const Edge open = call.emit("Equal", {count, call.int_edge(-1)});
    const Edge to = call.emit("Where", {open, call.int_edge(kFar), call.add(from, count)});
    std::vector<Edge> inputs = {x, from, to};
    if (complex) {
      const Dim n = call.dim(from, 0);
      if (!n.is_number()) return call.need_shapes("its rank is not known before running");
      Dims axes;
      for (int64_t i = 0; i < n.number(); ++i) axes.push_back(i);
      inputs.push_back(call.ints_edge(axes));
    }
    y = call.emit("Slice", inputs);
  }
  call.set(0, {complex ? Item::Kind::kComplex : Item::Kind::kTensor, y, 0});
}

// What each entry of begin, end and strides is for.
struct Plan {
  struct Entry {
    int64_t axis;    // of the input
    int64_t source;  // position among begin, end, strides
    bool open_begin, open_end, shrink;
  };
  std::vector<Entry> entries;
  Dims new_axes;  // positions in the result before shrunk axes are taken out
  Dims shrunk;
};

// The masks' bits, walked once. `specs`: number of entries.
std::optional<Plan> plan_of(Call& call, int64_t specs, int64_t rank) {
  const int64_t begin_mask = call.i("begin_mask"), end_mask = call.i("end_mask"),
                ellipsis_mask = call.i("ellipsis_mask"), new_axis_mask = call.i("new_axis_mask"),
                shrink_mask = call.i("shrink_axis_mask");
  const auto bit = [](int64_t mask, int64_t i) { return i < 63 && (mask >> i & 1) != 0; };
  int64_t taken = 0;  // axes of the input that entries speak of
  bool ellipsis = false;
  for (int64_t i = 0; i < specs; ++i) {
    if (bit(ellipsis_mask, i)) {
      if (ellipsis) {
        call.fail(invalid_model("it has two ellipses"));
        return std::nullopt;
      }
      ellipsis = true;
    } else if (!bit(new_axis_mask, i)) {
      ++taken;
    }
  }
  Plan plan;
  int64_t axis = 0, position = 0;
  for (int64_t i = 0; i < specs; ++i) {
    if (bit(ellipsis_mask, i)) {
      if (rank < 0) {
        call.rank({});
        call.need_shapes("it has an ellipsis, and the rank is not known before running");
        return std::nullopt;
      }
      axis += rank - taken;
      position += rank - taken;
    } else if (bit(new_axis_mask, i)) {
      plan.new_axes.push_back(position++);
    } else {
      const bool shrink = bit(shrink_mask, i);
      plan.entries.push_back({axis++, i, bit(begin_mask, i), bit(end_mask, i), shrink});
      if (shrink) plan.shrunk.push_back(position);
      ++position;
    }
  }
  if (rank >= 0 && axis > rank) {
    call.fail(invalid_model(format("{} entries for a tensor of rank {}", specs, rank)));
    return std::nullopt;
  }
  return plan;
}

Edge arranged(Call& call, Edge y, const Plan& plan) {
  if (!plan.new_axes.empty()) y = call.unsqueeze(y, plan.new_axes);
  return call.squeeze(y, plan.shrunk);
}

Edge slice_known(Call& call, const Edge& x, const Plan& plan, const Dims& begin, const Dims& end, const Dims& strides) {
  Dims starts, ends, axes, steps;
  bool stepped = false;
  for (const Plan::Entry& entry : plan.entries) {
    const auto i = static_cast<size_t>(entry.source);
    const int64_t step = strides[i];
    if (step == 0) {
      call.fail(invalid_model("a stride of 0"));
      return {};
    }
    if (entry.shrink) {
      starts.push_back(begin[i]);
      ends.push_back(begin[i] == -1 ? kFar : begin[i] + 1);
      steps.push_back(1);
    } else {
      if (step == 1 && (entry.open_begin || begin[i] == 0) && entry.open_end) continue;
      starts.push_back(entry.open_begin ? (step > 0 ? 0 : kFar) : begin[i]);
      ends.push_back(entry.open_end ? (step > 0 ? kFar : -kFar) : end[i]);
      steps.push_back(step);
      stepped |= step != 1;
    }
    axes.push_back(entry.axis);
  }
  return axes.empty() ? x : call.slice(x, starts, ends, axes, stepped ? steps : Dims{});
}

Edge slice_unknown(Call& call, const Edge& x, const Plan& plan, const Edge& begin, const Edge& end,
                   const Dims& strides) {
  std::vector<Edge> starts, ends;
  Dims axes, steps;
  const auto at = [&](const Edge& list, int64_t i) { return call.slice(list, {i}, {i + 1}, {0}); };
  for (const Plan::Entry& entry : plan.entries) {
    const int64_t step = strides[static_cast<size_t>(entry.source)];
    if (entry.open_begin && entry.open_end && step == 1 && !entry.shrink) continue;
    const Edge from = at(begin, entry.source);
    axes.push_back(entry.axis);
    steps.push_back(entry.shrink ? 1 : step);
    if (entry.shrink) {
      starts.push_back(from);
      const Edge next = call.add(from, call.int_edge(1));
      ends.push_back(call.emit("Where", {call.emit("Equal", {next, call.int_edge(0)}), call.ints_edge({kFar}), next}));
    } else {
      starts.push_back(entry.open_begin ? call.ints_edge({step > 0 ? 0 : kFar}) : from);
      ends.push_back(entry.open_end ? call.ints_edge({step > 0 ? kFar : -kFar}) : at(end, entry.source));
    }
  }
  if (axes.empty()) return x;
  return call.emit("Slice",
                   {x, call.concat(starts, 0), call.concat(ends, 0), call.ints_edge(axes), call.ints_edge(steps)});
}

void strided_slice(Call& call) {
  const bool complex = call.is_complex(0);
  const Edge x = complex ? call.item(0).edge : call.in(0);
  const Edge begin = call.to_int64(call.in(1)), end = call.to_int64(call.in(2));
  const auto begins = Call::ints_of(begin), ends = Call::ints_of(end);
  const Dims strides = call.need_ints(3);
  if (call.failed()) return;
  const int64_t rank = call.has_rank(x) ? call.rank(x) - (complex ? 1 : 0) : -1;
  const auto plan = plan_of(call, static_cast<int64_t>(strides.size()), rank);
  if (!plan) return;
  Edge y;
  if (begins && ends) {
    if (begins->size() != strides.size() || ends->size() != strides.size()) {
      return call.fail(invalid_model("begin, end and strides differ in length"));
    }
    y = slice_known(call, x, *plan, *begins, *ends, strides);
  } else {
    y = slice_unknown(call, x, *plan, begin, end, strides);
  }
  y = arranged(call, y, *plan);
  call.set(0, {complex ? Item::Kind::kComplex : Item::Kind::kTensor, y, 0});
}

// Writes `value` where StridedSlice would read: the positions that it reads, of a tensor that numbers its elements.
void strided_update(Call& call) {
  const Edge x = call.in(0), value = call.in(4);
  const auto begins = call.known_ints(1), ends = call.known_ints(2);
  const Dims strides = call.need_ints(3);
  const int64_t rank = call.rank(x);
  if (call.failed()) return;
  if (!begins || !ends) return call.need_shapes("its bounds are not known before running");
  const auto plan = plan_of(call, static_cast<int64_t>(strides.size()), rank);
  if (!plan) return;
  const Edge count = call.emit("Size", {x});
  const Edge numbers = call.reshape(call.emit("Range", {call.int_edge(0), count, call.int_edge(1)}), call.shape_of(x));
  const Edge places = arranged(call, slice_known(call, numbers, *plan, *begins, *ends, strides), *plan);
  const Edge values = call.emit("Expand", {value, call.shape_of(places)});
  const Edge flat = call.emit(
      "ScatterElements", {call.reshape(x, Dims{-1}), call.reshape(places, Dims{-1}), call.reshape(values, Dims{-1})});
  call.out(call.reshape(flat, call.shape_of(x)));
}

constexpr OpRow kRows[] = {
    {"Slice", slice},
    {"StridedSlice", strided_slice},
    {"TensorStridedSliceUpdate", strided_update},
};

}  // namespace
}  // namespace slice_ops

std::span<const OpRow> slice_rows() { return slice_ops::kRows; }

}  // namespace thane::tensorflow
