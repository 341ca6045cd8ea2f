#include "bench/adapt.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "api/compare.h"
#include "api/convert.h"
#include "base/checked.h"
#include "base/format.h"

namespace thane::bench {
namespace {

using rivals::Document;

Result<Tensor> transposed(const Tensor& tensor, const std::vector<size_t>& order) {
  Dims dims;
  for (size_t axis : order) dims.push_back(tensor.dim(axis));
  THANE_ASSIGN(Tensor out, Tensor::allocate(tensor.dtype(), dims));
  const Dims strides = row_major_strides(tensor.dims());
  const size_t bytes = dtype_size(tensor.dtype());
  const auto* from = static_cast<const std::byte*>(tensor.raw());
  auto* to = static_cast<std::byte*>(out.raw());
  Dims at(dims.size(), 0);
  for (int64_t i = 0; i < out.size(); ++i) {
    int64_t source = 0;
    for (size_t axis = 0; axis < order.size(); ++axis) source += at[axis] * strides[order[axis]];
    std::memcpy(to + static_cast<size_t>(i) * bytes, from + static_cast<size_t>(source) * bytes, bytes);
    for (size_t axis = order.size(); axis-- > 0;) {
      if (++at[axis] < dims[axis]) break;
      at[axis] = 0;
    }
  }
  return out;
}

bool fits(const Dims& dims, const Document& shape) {
  if (!shape.is_array()) return true;  // the engine does not say
  if (shape.size() != dims.size()) return false;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (shape[i].is_number_integer() && shape[i].get<int64_t>() != dims[i]) return false;
  }
  return true;
}

// A frozen batch of 1 in a file whose engine can change it shows as a mismatch in the first axis alone.
bool fits_but_batch(Dims dims, const Document& shape) {
  if (!shape.is_array() || shape.empty() || dims.empty() || shape.size() != dims.size() ||
      !shape[0].is_number_integer())
    return false;
  dims[0] = shape[0].get<int64_t>();
  return fits(dims, shape);
}

Result<Tensor> fitted_dtype(const Tensor& out, const Document& wanted) {
  const std::string dtype = rivals::text(wanted, "dtype");
  const auto target = dtype_from_name(dtype);
  if (dtype == "any" || !target || *target == out.dtype()) return out;
  const auto is_index = [](DType d) { return d == DType::kInt32 || d == DType::kInt64 || d == DType::kBool; };
  const auto is_float = [](DType d) { return d == DType::kFloat16 || d == DType::kFloat32 || d == DType::kFloat64; };
  if ((is_index(*target) && is_index(out.dtype())) || (is_float(*target) && is_float(out.dtype())))
    return converted_exactly(out, *target);
  return invalid_argument(format("data of dtype {}", dtype_name(out.dtype()))).expecting(dtype);
}

Result<Tensor> fitted(const Tensor& tensor, const Document& wanted) {
  const Document& shape = rivals::member(wanted, "shape");
  THANE_ASSIGN(auto out, in_fitting_layout(tensor, [&](const Dims& dims) { return fits(dims, shape); }));
  if (!out) {
    THANE_ASSIGN(out, in_fitting_layout(tensor, [&](const Dims& dims) { return fits_but_batch(dims, shape); }));
  }
  if (!out && shape.empty() && tensor.size() == 1) {
    THANE_ASSIGN(out, tensor.reshaped({}));
  }
  if (!out) return invalid_argument("data of shape " + to_string(tensor.dims())).expecting(rivals::to_text(shape));
  return fitted_dtype(*out, wanted);
}

// For each wanted name the index of the value that feeds it.
std::vector<size_t> by_name(const std::vector<std::string>& have, const std::vector<std::string>& wanted) {
  std::vector<size_t> order;
  for (const std::string& name : wanted) {
    const auto found = std::ranges::find(have, name);
    if (found == have.end()) break;
    order.push_back(static_cast<size_t>(found - have.begin()));
  }
  if (order.size() != wanted.size()) {
    order.resize(wanted.size());
    std::iota(order.begin(), order.end(), size_t{0});
  }
  return order;
}

}  // namespace

Result<std::optional<Tensor>> in_fitting_layout(const Tensor& tensor, const std::function<bool(const Dims&)>& fits) {
  if (fits(tensor.dims())) return std::optional(tensor);
  // Strings cannot be moved as bytes.
  if (tensor.rank() < 3 || tensor.dtype() == DType::kString) return std::optional<Tensor>();
  std::vector<size_t> last(tensor.rank());
  std::iota(last.begin(), last.end(), size_t{0});
  std::vector<size_t> first = last;
  std::rotate(last.begin() + 1, last.begin() + 2, last.end());
  std::rotate(first.begin() + 1, first.end() - 1, first.end());
  for (const std::vector<size_t>& order : {last, first}) {
    Dims dims;
    for (const size_t axis : order) dims.push_back(tensor.dim(axis));
    if (!fits(dims)) continue;
    THANE_ASSIGN(Tensor moved, transposed(tensor, order));
    return std::optional(std::move(moved));
  }
  return std::optional<Tensor>();
}

Result<std::vector<NamedTensor>> adapted_inputs(const std::vector<NamedTensor>& values, const Document& wanted) {
  if (wanted.size() != values.size())
    return invalid_argument(format("{} inputs given", values.size())).expecting(std::to_string(wanted.size()));
  std::vector<std::string> have, names;
  for (const NamedTensor& value : values) have.push_back(value.name);
  for (const Document& item : wanted) names.push_back(rivals::text(item, "name"));
  const std::vector<size_t> order = by_name(have, names);
  std::vector<NamedTensor> out;
  for (size_t i = 0; i < order.size(); ++i) {
    auto tensor = fitted(values[order[i]].tensor, wanted[i]);
    if (!tensor.ok()) return std::move(tensor).error().at(format("input '{}'", names[i]));
    out.push_back({names[i], std::move(*tensor)});
  }
  return out;
}

namespace {

// `tensor` as close to `dims` as a change of layout, or of the grouping of axes, brings it.
Result<Tensor> laid_out_as(const Tensor& tensor, const Dims& dims) {
  THANE_ASSIGN(const auto out, in_fitting_layout(tensor, [&](const Dims& own) { return own == dims; }));
  if (out) return *out;
  const auto count = checked_product(dims);
  return count && *count == tensor.size() ? tensor.reshaped(dims) : Result<Tensor>(tensor);
}

}  // namespace

Result<std::vector<Tensor>> adapted_outputs(const std::vector<NamedTensor>& outputs,
                                            const std::vector<NamedTensor>& reference) {
  if (outputs.size() != reference.size())
    return invalid_argument(format("{} outputs", outputs.size())).expecting(std::to_string(reference.size()));
  std::vector<Tensor> out;
  std::vector<bool> used(outputs.size(), false);
  for (const NamedTensor& wanted : reference) {
    const auto same_name = [&](const NamedTensor& output) { return output.name == wanted.name; };
    const auto named = std::ranges::find_if(outputs, same_name);
    size_t best = outputs.size();
    Tensor chosen;
    double best_error = 0;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (used[i] || (named != outputs.end() && &outputs[i] != &*named)) continue;
      THANE_ASSIGN(Tensor tensor, laid_out_as(outputs[i].tensor, wanted.tensor.dims()));
      // Forms of one network name and order their outputs as they please: the nearest one is meant.
      const Difference difference = compare(Value(tensor), Value(wanted.tensor), {});
      const double error = difference.structure.empty() ? difference.mean_error : std::numeric_limits<double>::max();
      if (best < outputs.size() && !(error < best_error)) continue;
      best = i;
      best_error = error;
      chosen = std::move(tensor);
    }
    if (best == outputs.size()) return invalid_argument(format("no output for '{}'", wanted.name));
    used[best] = true;
    out.push_back(std::move(chosen));
  }
  return out;
}

}  // namespace thane::bench
