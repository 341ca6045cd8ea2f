// Attributes and shapes of the recurrent layers.
#include <algorithm>

#include "base/format.h"
#include "ops/expect_shape.h"
#include "ops/recurrent/recurrent.h"

namespace thane {
namespace {

struct GateRow {
  std::string_view name;
  GateKind kind;
  // Standard parameters; NaN: the function has none and takes none from the lists.
  float alpha, beta;
};

constexpr float kNone = __builtin_nanf("");
constexpr GateRow kGateRows[] = {
    {"relu", GateKind::kRelu, kNone, kNone},
    {"tanh", GateKind::kTanh, kNone, kNone},
    {"sigmoid", GateKind::kSigmoid, kNone, kNone},
    {"affine", GateKind::kAffine, 1, 0},
    {"leakyrelu", GateKind::kLeakyRelu, 0.01f, kNone},
    {"thresholdedrelu", GateKind::kThresholdedRelu, 1, kNone},
    {"scaledtanh", GateKind::kScaledTanh, 1, 1},
    {"hardsigmoid", GateKind::kHardSigmoid, 0.2f, 0.5f},
    {"elu", GateKind::kElu, 1, kNone},
    {"softsign", GateKind::kSoftsign, kNone, kNone},
    {"softplus", GateKind::kSoftplus, kNone, kNone},
};

const GateRow* find_gate(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const auto found =
      std::find_if(std::begin(kGateRows), std::end(kGateRows), [&](const GateRow& row) { return row.name == lower; });
  return found != std::end(kGateRows) ? found : nullptr;
}

// The next value of the list, if the function takes one and the list has one left.
float take(float standard, const std::vector<float>& list, size_t& used) {
  if (std::isnan(standard)) return 0;
  return used < list.size() ? list[used++] : standard;
}

enum Input : size_t { kX, kW, kR, kB, kLengths, kInitialH, kInitialC, kP };

// The length of the hidden state, from whatever is known.
Result<Dim> hidden_of(const InferContext& context, const RecurrentAttrs& attrs, int64_t gates) {
  if (const SymDims* r = context.dims(kR); r && r->size() == 3 && r->back().is_number()) return r->back();
  if (attrs.hidden_size) {
    if (*attrs.hidden_size < 0) return invalid_model(format("hidden_size is {}", *attrs.hidden_size));
    return Dim(*attrs.hidden_size);
  }
  if (const SymDims* w = context.dims(kW); w && w->size() == 3) return Dim::floor_div((*w)[1], gates);
  return Dim();
}

Status infer_recurrent(InferContext& context, const RecurrentAttrs& attrs, int64_t gates, size_t states) {
  if (attrs.layout != 0 && attrs.layout != 1) {
    return invalid_model(format("layout is {}", attrs.layout)).expecting("0 or 1");
  }
  const SymDims* x = context.dims(kX);
  if (x && x->size() != 3) {
    return invalid_model(format("X has the shape {}", to_string(*x))).expecting("time steps, batch and features");
  }
  const Dim directions = static_cast<int64_t>(attrs.directions());
  const Dim steps = x ? (*x)[attrs.layout ? 1 : 0] : Dim(), batch = x ? (*x)[attrs.layout ? 0 : 1] : Dim();
  THANE_ASSIGN(const Dim hidden, hidden_of(context, attrs, gates));
  if (attrs.hidden_size && !may_equal(hidden, *attrs.hidden_size)) {
    return invalid_model(format("hidden_size is {}", *attrs.hidden_size)).expecting(hidden.to_string());
  }
  const Dim rows = hidden * gates;
  if (hidden.is_number() && !rows.is_number()) return resource_limit(format("{} hidden units", hidden.number()));
  THANE_TRY(expect_shape("W", context.dims(kW), {directions, rows, x ? (*x)[2] : Dim()}));
  THANE_TRY(expect_shape("R", context.dims(kR), {directions, rows, hidden}));
  if (context.has_input(kB)) THANE_TRY(expect_shape("B", context.dims(kB), {directions, rows * 2}));
  if (context.has_input(kLengths)) THANE_TRY(expect_shape("sequence_lens", context.dims(kLengths), {batch}));
  const SymDims state = attrs.layout ? SymDims{batch, directions, hidden} : SymDims{directions, batch, hidden};
  if (context.has_input(kInitialH)) THANE_TRY(expect_shape("initial_h", context.dims(kInitialH), state));
  if (states > 1 && context.has_input(kInitialC)) {
    THANE_TRY(expect_shape("initial_c", context.dims(kInitialC), state));
  }
  if (states > 1 && context.has_input(kP)) THANE_TRY(expect_shape("P", context.dims(kP), {directions, hidden * 3}));
  context.set(0, context.dtype(kX),
              attrs.layout ? SymDims{batch, steps, directions, hidden} : SymDims{steps, directions, batch, hidden});
  for (size_t i = 1; i <= states; ++i) context.set(i, context.dtype(kX), state);
  return ok();
}

}  // namespace

Status RecurrentAttrs::prepare_gates(std::span<const std::string_view> standard) {
  const size_t needed = standard.size() * directions();
  std::vector<std::string_view> names(activations.begin(), activations.end());
  if (names.empty()) names.assign(standard.begin(), standard.end());
  // One direction's functions serve for both.
  if (names.size() == standard.size() && directions() == 2)
    names.insert(names.end(), names.begin(), names.begin() + static_cast<ptrdiff_t>(standard.size()));
  if (names.size() < needed) {
    return invalid_model(format("{} activations", names.size())).expecting(format("{}", needed));
  }
  size_t alphas = 0, betas = 0;
  gates.clear();
  for (size_t i = 0; i < needed; ++i) {
    const GateRow* row = find_gate(names[i]);
    if (!row) {
      return invalid_model(format("activation '{}'", names[i].substr(0, 40)))
          .expecting(
              "one of Relu, Tanh, Sigmoid, Affine, LeakyRelu, ThresholdedRelu, ScaledTanh, HardSigmoid, Elu, "
              "Softsign, Softplus");
    }
    const float alpha = take(row->alpha, activation_alpha, alphas);
    gates.push_back({row->kind, alpha, take(row->beta, activation_beta, betas)});
  }
  return ok();
}

Status RnnAttrs::prepare() {
  constexpr std::string_view standard[] = {"Tanh"};
  return prepare_gates(standard);
}

Status GruAttrs::prepare() {
  constexpr std::string_view standard[] = {"Sigmoid", "Tanh"};
  return prepare_gates(standard);
}

Status LstmAttrs::prepare() {
  constexpr std::string_view standard[] = {"Sigmoid", "Tanh", "Tanh"};
  return prepare_gates(standard);
}

Status infer_rnn(InferContext& context) { return infer_recurrent(context, context.attrs<RnnAttrs>(), 1, 1); }
Status infer_gru(InferContext& context) { return infer_recurrent(context, context.attrs<GruAttrs>(), 3, 1); }
Status infer_lstm(InferContext& context) { return infer_recurrent(context, context.attrs<LstmAttrs>(), 4, 2); }

}  // namespace thane
