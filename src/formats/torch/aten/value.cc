#include "formats/torch/aten/value.h"

#include <algorithm>

namespace thane::aten {

Value Value::tuple(std::vector<Value> items) { return std::make_shared<const std::vector<Value>>(std::move(items)); }

Value Value::list(std::vector<Value> items) { return std::make_shared<List>(List{std::move(items)}); }

Value Value::ints(const Dims& values) { return list({values.begin(), values.end()}); }

const std::vector<Value>* Value::items() const {
  if (is_list()) return &list()->items;
  if (is_tuple()) return &tuple();
  return nullptr;
}

std::string_view Value::kind() const {
  static constexpr std::string_view kNames[] = {"None",   "bool",   "int",  "float", "complex", "str",
                                                "number", "Tensor", "list", "tuple", "dict",    "object"};
  static_assert(std::size(kNames) == std::variant_size_v<decltype(data_)>);
  return is_object() ? object()->kind() : kNames[data_.index()];
}

TensorPtr Context::tensor(const Edge& edge) {
  auto box = std::make_shared<TensorBox>();
  box->edge = edge;
  box->born = tick();
  return box;
}

TensorPtr Context::tensor(const Edge& edge, std::shared_ptr<const Quantization> quantization) {
  TensorPtr box = tensor(edge);
  box->quantization = std::move(quantization);
  return box;
}

Result<TensorPtr> Context::view_of(const TensorPtr& parent, TensorBox::View view, TensorBox::Write write) {
  auto box = std::make_shared<TensorBox>();
  box->parent = parent;
  box->view = std::move(view);
  box->write = std::move(write);
  box->quantization = parent->quantization;
  box->born = tick();
  THANE_TRY(read(box));
  return box;
}

// A view's version is that of its root when its edge was made. Roots count from 0, so views begin outdated.
Result<Edge> Context::read(const TensorPtr& tensor) {
  if (!tensor->parent) return tensor->edge;
  const TensorBox* root = tensor.get();
  while (root->parent) root = root->parent.get();
  if (tensor->edge.present() && tensor->version == root->version) return tensor->edge;
  THANE_ASSIGN(const Edge parent, read(tensor->parent));
  THANE_ASSIGN(tensor->edge, tensor->view(*this, parent));
  tensor->version = root->version;
  if (tensor->edge.owner == &builder()) scopes_.back().refreshed.push_back(tensor);
  return tensor->edge;
}

Status Context::write(const TensorPtr& tensor, const Edge& changed) {
  Edge edge = changed;
  TensorPtr root = tensor;
  for (; root->parent; root = root->parent) {
    THANE_ASSIGN(const Edge parent, read(root->parent));
    THANE_ASSIGN(edge, root->write(*this, parent, edge));
  }
  for (Scope& scope : scopes_) {
    if (root->born >= scope.first) continue;
    const auto same = [&](const Change& change) { return change.tensor == root; };
    if (std::none_of(scope.changes.begin(), scope.changes.end(), same)) {
      scope.changes.push_back({root, root->edge, {}});
    }
  }
  root->edge = edge;
  root->version = tick();
  return ok();
}

Value Context::scalar(const Edge& edge) const {
  const Tensor* known = edge.known();
  if (!known || known->size() != 1) return Symbol{edge};
  switch (known->dtype()) {
    case DType::kBool: return known->as_int64(0) != 0;
    case DType::kFloat64: return known->as_double(0);
    case DType::kInt64: return known->as_int64(0);
    default: return Symbol{edge};
  }
}

void Context::enter(GraphBuilder& body) { scopes_.push_back({&body, tick(), {}, {}}); }

std::vector<Context::Change> Context::leave() {
  Scope scope = std::move(scopes_.back());
  scopes_.pop_back();
  for (const auto& weak : scope.refreshed) {
    const TensorPtr view = weak.lock();
    if (view) view->edge = {};  // made again where it is read next
  }
  for (Change& change : scope.changes) {
    change.after = std::exchange(change.tensor->edge, change.before);
    change.tensor->version = tick();
  }
  return std::move(scope.changes);
}

}  // namespace thane::aten
