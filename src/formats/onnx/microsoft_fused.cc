// Products with what was fused behind them, and the Gelu family.
#include <algorithm>

#include "base/format.h"
#include "formats/onnx/microsoft.h"

namespace thane::onnx {
namespace {

struct FusedActivation {
  std::string_view name;
  // Attributes that take the parameters, in order.
  std::string_view attributes[2] = {};
};
constexpr FusedActivation kActivations[] = {
    {"Relu"},
    {"Sigmoid"},
    {"Tanh"},
    {"Softplus"},
    {"Softsign"},
    {"HardSwish"},
    {"Gelu"},
    {"Identity"},
    {"Elu", {"alpha"}},
    {"LeakyRelu", {"alpha"}},
    {"ThresholdedRelu", {"alpha"}},
    {"HardSigmoid", {"alpha", "beta"}},
    {"Selu", {"alpha", "gamma"}},
};

float param(const std::vector<float>& params, size_t i, float otherwise) {
  return i < params.size() ? params[i] : otherwise;
}

// A and B as FusedMatMul's attributes turn them.
Result<std::string> turned(Rewrite& r, size_t input, std::string_view trans, std::string_view trans_batch) {
  THANE_ASSIGN(const int64_t batch, r.take_or<int64_t>(trans_batch, 0));
  THANE_ASSIGN(const int64_t swap, r.take_or<int64_t>(trans, 0));
  std::string name = r.input(input);
  const auto rank = r.input_rank(input);
  // A vector has nothing to turn.
  if (rank && *rank < 2) return name;
  const auto move = [&](int64_t source, int64_t destination) {
    name = r.emit_own("MoveAxis", {name}, {{"source", source}, {"destination", destination}});
  };
  // The first axis goes behind the batch; with both, it ends up last.
  if (batch)
    move(0, swap ? -1 : -2);
  else if (swap)
    move(-2, -1);
  return name;
}

// FusedGemm and FusedMatMulActivation give an activation's numbers by name.
Result<std::vector<float>> named_params(Rewrite& r, const std::string& activation) {
  const float alpha = activation == "LeakyRelu" ? 0.01f : activation == "HardSigmoid" ? 0.2f : 1.f;
  const float beta = activation == "HardSigmoid" ? 0.5f : 1.f;
  THANE_ASSIGN(const float first, r.take_or<float>("activation_alpha", alpha));
  THANE_ASSIGN(const float second, r.take_or<float>("activation_beta", beta));
  r.drop("activation_gamma");
  r.drop("activation_axis");
  return std::vector<float>{first, second};
}

Status finish_conv(Rewrite& r, AttrMap attrs, const std::string& weights, const std::string& activation,
                   const std::vector<float>& params) {
  std::string y = r.emit("Conv", {r.input(0), weights, r.input(2)}, std::move(attrs));
  if (r.has_input(3)) y = r.emit("Add", {y, r.input(3)});
  return become_activation(r, activation, params, y);
}

Status conv(Rewrite& r, bool channels_last) {
  THANE_ASSIGN(const std::string activation, r.take_or<std::string>("activation", ""));
  THANE_ASSIGN(const auto params, r.take_or<std::vector<float>>("activation_params", {}));
  AttrMap attrs = r.node.attrs;
  if (channels_last) attrs.emplace("layout", std::string("channels_last"));
  return finish_conv(r, std::move(attrs), r.input(1), activation, params);
}

// x + bias when there is a bias.
std::string biased(Rewrite& r, const std::string& x, size_t bias) {
  return r.has_input(bias) ? r.emit("Add", {x, r.input(bias)}) : x;
}

}  // namespace

Status become_activation(Rewrite& r, const std::string& name, const std::vector<float>& params, const std::string& x) {
  if (name.empty() || name == "None" || name == "NONE") return r.become("Identity", {x}), ok();
  if (name == "Clip") {
    const std::string low = params.empty() ? "" : r.scalar_as(params[0], x);
    const std::string high = params.size() < 2 ? "" : r.scalar_as(params[1], x);
    return r.become("Clip", {x, low, high}), ok();
  }
  if (name == "Affine") {
    const std::string scaled = r.emit("Mul", {x, r.scalar_as(param(params, 0, 1), x)});
    return r.become("Add", {scaled, r.scalar_as(param(params, 1, 0), x)}), ok();
  }
  if (name == "ScaledTanh" || name == "ParametricSoftplus") {
    const std::string scaled = r.emit("Mul", {x, r.scalar_as(param(params, 1, 1), x)});
    const std::string y = r.emit(name == "ScaledTanh" ? "Tanh" : "Softplus", {scaled});
    return r.become("Mul", {y, r.scalar_as(param(params, 0, 1), x)}), ok();
  }
  const auto* const row = std::find_if(std::begin(kActivations), std::end(kActivations),
                                       [&](const FusedActivation& each) { return each.name == name; });
  if (row == std::end(kActivations)) return unsupported(format("activation '{}'", name));
  AttrMap attrs;
  for (size_t i = 0; i < 2 && i < params.size(); ++i) {
    if (!row->attributes[i].empty()) attrs.emplace(row->attributes[i], params[i]);
  }
  return r.become(name, {x}, std::move(attrs)), ok();
}

Status fused_conv(Rewrite& r) { return conv(r, false); }
Status nhwc_fused_conv(Rewrite& r) { return conv(r, true); }

// The optimiser that makes NhwcConv turns the weights, too: [out, height, width, in]. The documentation says otherwise,
// so kernel_shape decides where it is given.
Status nhwc_conv(Rewrite& r) {
  AttrMap attrs = r.node.attrs;
  attrs.emplace("layout", std::string("channels_last"));
  const Tensor* weights = r.constant_input(1);
  const auto kernel = attrs.find("kernel_shape");
  bool turned = true;
  if (weights && weights->rank() > 2 && kernel != attrs.end()) {
    const auto* shape = std::get_if<Dims>(&kernel->second);
    const Dims& dims = weights->dims();
    if (shape && *shape != Dims(dims.begin() + 1, dims.end() - 1)) turned = false;
  }
  const std::string w =
      turned ? r.emit_own("MoveAxis", {r.input(1)}, {{"source", int64_t{-1}}, {"destination", int64_t{1}}})
             : r.input(1);
  return finish_conv(r, std::move(attrs), w, "", {});
}

Status fused_gemm(Rewrite& r) {
  THANE_ASSIGN(const std::string activation, r.take_or<std::string>("activation", ""));
  THANE_ASSIGN(const auto params, named_params(r, activation));
  const std::string y = r.emit("Gemm", r.node.inputs, r.node.attrs);
  return become_activation(r, activation, params, y);
}

Status fused_matmul(Rewrite& r) {
  THANE_ASSIGN(const std::string activation, r.take_or<std::string>("activation", ""));
  THANE_ASSIGN(const auto params, named_params(r, activation));
  THANE_ASSIGN(const float alpha, r.take_or<float>("alpha", 1));
  THANE_ASSIGN(const std::string a, turned(r, 0, "transA", "transBatchA"));
  THANE_ASSIGN(const std::string b, turned(r, 1, "transB", "transBatchB"));
  if (!r.node.attrs.empty()) return invalid_model(format("unknown attribute '{}'", r.node.attrs.begin()->first));
  if (activation.empty() && alpha == 1) return r.become("MatMul", {a, b}), ok();
  const std::string product = r.emit("MatMul", {a, b});
  if (activation.empty()) return r.become("Mul", {product, r.scalar_as(alpha, product)}), ok();
  return become_activation(r, activation, params,
                           alpha == 1 ? product : r.emit("Mul", {product, r.scalar_as(alpha, product)}));
}

Status gemm_fast_gelu(Rewrite& r) {
  const std::string product = r.emit("MatMul", {r.input(0), r.input(1)});
  r.become("Gelu", {biased(r, product, 2)}, {{"approximate", std::string("tanh")}});
  return ok();
}

Status gelu(Rewrite& r) { return r.become("Gelu", {r.input(0)}), ok(); }

Status bias_gelu(Rewrite& r) { return r.become("Gelu", {biased(r, r.input(0), 1)}), ok(); }

Status fast_gelu(Rewrite& r) {
  r.become("Gelu", {biased(r, r.input(0), 1)}, {{"approximate", std::string("tanh")}});
  return ok();
}

Status quick_gelu(Rewrite& r) {
  THANE_ASSIGN(const float alpha, r.take_or<float>("alpha", 1.702f));
  const std::string x = r.input(0);
  const std::string gate = r.emit("Sigmoid", {r.emit("Mul", {x, r.scalar_as(alpha, x)})});
  return r.become("Mul", {x, gate}), ok();
}

Status bias_split_gelu(Rewrite& r) {
  const auto halves =
      r.emit_many(2, "Split", {biased(r, r.input(0), 1)}, {{"axis", int64_t{-1}}, {"num_outputs", int64_t{2}}});
  return r.become("Mul", {halves[0], r.emit("Gelu", {halves[1]})}), ok();
}

Status bias_add(Rewrite& r) { return r.become("Add", {r.emit("Add", {r.input(0), r.input(1)}), r.input(2)}), ok(); }

// Inference: nothing is dropped.
Status bias_dropout(Rewrite& r) {
  const Tensor* training = r.constant_input(4);
  if (training && training->size() == 1 && training->data<bool>()[0]) return unsupported("training mode");
  const std::string sum = r.emit("Add", {r.input(0), r.input(1)});
  const auto dropped = r.emit_many(2, "Dropout", {sum});
  if (!r.output(1).empty()) r.emit_to({r.output(1)}, "Identity", {dropped[1]});
  r.node.outputs.resize(1);
  if (r.has_input(2)) return r.become("Add", {dropped[0], r.input(2)}), ok();
  return r.become("Identity", {dropped[0]}), ok();
}

}  // namespace thane::onnx
