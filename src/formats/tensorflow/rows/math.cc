// Functions of one tensor, element by element.
#include <cmath>

#include "formats/tensorflow/call.h"

namespace thane::tensorflow {
namespace math_ops {
namespace {

void rename(Call& call) {
  if (call.is_complex(0) && call.row.target == "Neg") return call.out_complex(0, call.emit("Neg", {call.item(0).edge}));
  call.out(call.emit(call.row.target, {call.in(0)}));
}
void own(Call& call) { call.out(call.own(call.row.target, {call.in(0)})); }

bool is_integer(const Call& call, const Edge& x) { return x.present() && (mask_of(call.dtype(x)) & kInts) != 0; }

// Integers are their own floors.
void rounded(Call& call) {
  const Edge x = call.in(0);
  call.out(is_integer(call, x) ? x : call.emit(call.row.target, {x}));
}

void rsqrt(Call& call) { call.out(call.emit("Reciprocal", {call.emit("Sqrt", {call.in(0)})})); }
void square(Call& call) {
  if (call.is_complex(0)) return call.fail(unsupported("of complex numbers"));
  const Edge x = call.in(0);
  call.out(call.mul(x, x));
}
void reciprocal(Call& call) {
  const Edge x = call.in(0);
  call.out(is_integer(call, x) ? call.div(call.like(1, x), x) : call.emit("Reciprocal", {x}));
}
void is_finite(Call& call) {
  const Edge x = call.in(0);
  call.out(call.emit("Not", {call.emit("Or", {call.emit("IsNaN", {x}), call.emit("IsInf", {x})})}));
}

void clip(Call& call, const Edge& x, double low, double high) {
  call.out(call.emit("Clip", {x, call.like(low, x), call.like(high, x)}));
}
void relu6(Call& call) { clip(call, call.in(0), 0, 6); }
void relu_n1_to1(Call& call) { clip(call, call.in(0), -1, 1); }
void leaky_relu(Call& call) {
  call.out(call.emit("LeakyRelu", {call.in(0)}, {{"alpha", static_cast<float>(call.f("alpha", 0.2))}}));
}
void clip_by_value(Call& call) {
  // The bounds may be of any shape that broadcasts.
  call.out(call.emit("Max", {call.emit("Min", {call.in(0), call.in(2)}), call.in(1)}));
}
void bias_add(Call& call) {
  const Edge x = call.in(0);
  Edge bias = call.in(1);
  if (call.s("data_format", "NHWC") == "NCHW") {
    Dims axes;
    for (int64_t i = 2; i < call.rank(x); ++i) axes.push_back(i - 1);
    bias = call.unsqueeze(bias, axes);
  }
  call.out(call.add(x, bias));
}

constexpr OpRow kRows[] = {
    {"Neg", rename, "Neg"},
    {"Abs", rename, "Abs"},
    {"Sign", rename, "Sign"},
    {"Sqrt", rename, "Sqrt"},
    {"Rsqrt", rsqrt},
    {"Square", square},
    {"Expm1", own, "Expm1"},
    {"Log", rename, "Log"},
    {"Log1p", own, "Log1p"},
    {"Sin", rename, "Sin"},
    {"Cos", rename, "Cos"},
    {"Tan", rename, "Tan"},
    {"Asin", rename, "Asin"},
    {"Acos", rename, "Acos"},
    {"Atan", rename, "Atan"},
    {"Sinh", rename, "Sinh"},
    {"Cosh", rename, "Cosh"},
    {"Tanh", rename, "Tanh"},
    {"Asinh", rename, "Asinh"},
    {"Acosh", rename, "Acosh"},
    {"Atanh", rename, "Atanh"},
    {"Sigmoid", rename, "Sigmoid"},
    {"Softplus", rename, "Softplus"},
    {"Softsign", rename, "Softsign"},
    {"Relu", rename, "Relu"},
    {"Relu6", relu6},
    {"ReluN1To1", relu_n1_to1},
    {"LeakyRelu", leaky_relu},
    {"Elu", rename, "Elu"},
    {"Selu", rename, "Selu"},
    {"Erf", rename, "Erf"},
    {"Erfc", own, "Erfc"},
    {"Erfinv", own, "ErfInv"},
    {"Ndtri", own, "NdtrI"},
    {"Lgamma", own, "Lgamma"},
    {"Digamma", own, "Digamma"},
    {"BesselI0", own, "I0"},
    {"BesselI0e", own, "I0e"},
    {"BesselI1", own, "I1"},
    {"BesselI1e", own, "I1e"},
    {"BesselJ0", own, "BesselJ0"},
    {"BesselJ1", own, "BesselJ1"},
    {"BesselY0", own, "BesselY0"},
    {"BesselY1", own, "BesselY1"},
    {"Floor", rounded, "Floor"},
    {"Ceil", rounded, "Ceil"},
    {"Round", rounded, "Round"},
    {"Rint", rounded, "Round"},
    {"IsNan", rename, "IsNaN"},
    {"IsInf", rename, "IsInf"},
    {"IsFinite", is_finite},
    {"Reciprocal", reciprocal},
    {"Inv", reciprocal},
    {"Invert", rename, "BitwiseNot"},
    {"LogicalNot", rename, "Not"},
    {"ClipByValue", clip_by_value},
    {"BiasAdd", bias_add},
    {"BiasAddV1", bias_add},
};

}  // namespace
}  // namespace math_ops

std::span<const OpRow> math_rows() { return math_ops::kRows; }

}  // namespace thane::tensorflow
