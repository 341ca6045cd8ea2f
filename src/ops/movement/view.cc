// Identity, Reshape, Flatten, Squeeze, Unsqueeze: the same elements in the same order under another shape.
#include "base/format.h"
#include "kernels/copy.h"
#include "ops/movement/movement.h"
#include "ops/shape_values.h"

namespace thane {
namespace {

// Shape contents stay what they are under another shape of rank 0 or 1.
void keep_dim_values(InferContext& context, size_t out_rank) {
  if (out_rank > 1) return;
  if (auto values = context.dim_values(0)) context.set_dim_values(0, std::move(*values));
}

Status set_view(InferContext& context, SymDims dims) {
  THANE_TRY(check_sizes(context, dims));
  keep_dim_values(context, dims.size());
  context.set(0, context.dtype(0), std::move(dims));
  return ok();
}

// A reshape whose target may hold -1 (at most once) and zeros that copy the input's dimension.
class ReshapeTarget {
 public:
  ReshapeTarget(const DimValues& target, const SymDims* dims, bool allow_zero)
      : target_(target), dims_(dims), allow_zero_(allow_zero) {}

  Result<SymDims> resolve() {
    SymDims out(target_.size());
    std::optional<size_t> free_axis;
    for (size_t i = 0; i < target_.size(); ++i) {
      if (target_[i].is_number(-1)) {
        if (free_axis) return wrong("has more than one -1");
        free_axis = i;
      } else if (target_[i].is_number(0) && !allow_zero_) {
        if (dims_ && i >= dims_->size()) return wrong(format("copies dimension {}, which the input lacks", i));
        out[i] = dims_ ? (*dims_)[i] : Dim::unknown();
      } else {
        if (target_[i].is_number() && target_[i].number() < 0) return wrong("has a negative dimension");
        out[i] = target_[i];
      }
    }
    if (free_axis) {
      THANE_ASSIGN(out[*free_axis], remainder(*free_axis));
    }
    if (dims_) THANE_TRY(check_counts(count_of(*dims_), count_of(out)));
    return out;
  }

 private:
  Error wrong(std::string_view what) const {
    return invalid_model(format("the shape {} {}", to_string(target_), what));
  }

  Status check_counts(const Dim& have, const Dim& want) const {
    if (!have.is_number() || !want.is_number() || have == want) return ok();
    return invalid_model(format("cannot reshape {} to {}: {} elements against {}", to_string(*dims_),
                                to_string(target_), have.to_string(), want.to_string()));
  }

  // What is left for the -1. Dimensions that are copied count on neither side, so that an empty one does no harm.
  Result<Dim> remainder(size_t free_axis) const {
    if (!dims_) return Dim::unknown();
    Dim have(1), given(1);
    for (size_t i = 0; i < dims_->size(); ++i) {
      if (!copied(i)) have = have * (*dims_)[i];
    }
    for (size_t i = 0; i < target_.size(); ++i) {
      if (i != free_axis && !copied(i)) given = given * target_[i];
    }
    if (given.is_number(0)) return wrong("has both a zero and a -1");
    if (have.is_number() && given.is_number() && have.number() % given.number() != 0) {
      return invalid_model(format("cannot reshape {} to {}: {} is no multiple of {}", to_string(*dims_),
                                  to_string(target_), have.number(), given.number()));
    }
    return Dim::floor_div(have, given);
  }

  bool copied(size_t i) const { return !allow_zero_ && i < target_.size() && target_[i].is_number(0); }

  const DimValues& target_;
  const SymDims* dims_;
  bool allow_zero_;
};

}  // namespace

Status infer_identity(InferContext& context) {
  context.set_type(0, context.type(0));
  if (auto values = context.dim_values(0)) context.set_dim_values(0, std::move(*values));
  return ok();
}

Status infer_reshape(InferContext& context) {
  THANE_ASSIGN(const auto target, known_dims(context, 1, "the shape"));
  if (!target) {
    const auto rank = known_length(context, 1);
    context.set(0, context.dtype(0), rank ? std::optional(SymDims(*rank)) : std::nullopt);
    return ok();
  }
  ReshapeTarget resolver(*target, context.dims(0), context.attrs<ReshapeAttrs>().allow_zero);
  THANE_ASSIGN(SymDims out, resolver.resolve());
  return set_view(context, std::move(out));
}

Status infer_flatten(InferContext& context) {
  const SymDims* dims = context.dims(0);
  if (!dims) return context.set(0, context.dtype(0), SymDims(2)), ok();
  const auto rank = static_cast<int64_t>(dims->size());
  const int64_t axis = context.attrs<FlattenAttrs>().axis;
  if (axis < -rank || axis > rank) {
    return invalid_model(format("axis {} is out of range for rank {}", axis, rank))
        .expecting(format("{} to {}", -rank, rank));
  }
  const auto split = dims->begin() + (axis < 0 ? axis + rank : axis);
  return set_view(context, {count_of({dims->begin(), split}), count_of({split, dims->end()})});
}

Status infer_squeeze(InferContext& context) {
  const SymDims* dims = context.dims(0);
  THANE_ASSIGN(const auto axes, known_ints(context, 1, "axes"));
  if (!dims || (context.has_input(1) && !axes) || (!axes && !all_numbers(*dims))) {
    std::optional<SymDims> out;
    if (const auto count = known_length(context, 1); dims && count && *count <= dims->size()) {
      out = SymDims(dims->size() - *count);
    }
    return context.set(0, context.dtype(0), std::move(out)), ok();
  }
  std::vector<bool> removed(dims->size(), false);
  if (axes) {
    THANE_ASSIGN(const auto list, normalize_axes(*axes, dims->size()));
    for (size_t axis : list) {
      const Dim& dim = (*dims)[axis];
      if (dim.is_number() && !dim.is_number(1)) {
        return invalid_model(format("axis {} of {} cannot be squeezed", axis, to_string(*dims))).expecting("size 1");
      }
      removed[axis] = true;
    }
  } else {
    for (size_t i = 0; i < dims->size(); ++i) removed[i] = (*dims)[i].is_number(1);
  }
  SymDims out;
  for (size_t i = 0; i < dims->size(); ++i) {
    if (!removed[i]) out.push_back((*dims)[i]);
  }
  return set_view(context, std::move(out));
}

Status infer_unsqueeze(InferContext& context) {
  const SymDims* dims = context.dims(0);
  THANE_ASSIGN(const auto axes, known_ints(context, 1, "axes"));
  if (!dims || !axes) {
    const auto count = known_length(context, 1);
    context.set(0, context.dtype(0), dims && count ? std::optional(SymDims(dims->size() + *count)) : std::nullopt);
    return ok();
  }
  THANE_ASSIGN(const auto list, normalize_axes(*axes, dims->size() + axes->size()));
  std::vector<bool> inserted(dims->size() + list.size(), false);
  for (size_t axis : list) inserted[axis] = true;
  SymDims out;
  auto next = dims->begin();
  for (const bool one : inserted) out.push_back(one ? Dim(1) : *next++);
  return set_view(context, std::move(out));
}

Status eval_view(KernelContext& context) {
  const Value& value = context.input_value(0);
  if (!value.is_tensor()) {
    context.set_output(0, value);
    return ok();
  }
  const Tensor& input = value.tensor();
  Tensor& output = context.output(0);
  if (input.size() != output.size()) {
    return runtime_error(format("{} elements do not fit the shape {}", input.size(), to_string(output.dims())));
  }
  copy_elements(input.dtype(), input.raw(), output.raw(), input.size());
  return ok();
}

}  // namespace thane
