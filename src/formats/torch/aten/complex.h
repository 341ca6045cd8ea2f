// Complex arithmetic by parts: the op set computes on real numbers.
#pragma once

#include "formats/torch/aten/lowering.h"

namespace thane::aten {

struct Parts {
  Edge re, im;
};

Parts split(const Ops& ops, const Edge& x);  // a real x has an imaginary part of zeros
Edge join(const Ops& ops, const Parts& x);

Parts add(const Ops& ops, const Parts& a, const Parts& b);
Parts sub(const Ops& ops, const Parts& a, const Parts& b);
Parts mul(const Ops& ops, const Parts& a, const Parts& b);
Parts div(const Ops& ops, const Parts& a, const Parts& b);
Parts exp(const Ops& ops, const Parts& x);
Parts log(const Ops& ops, const Parts& x);
Parts sqrt(const Ops& ops, const Parts& x);
Edge absolute(const Ops& ops, const Parts& x);
Edge angle(const Ops& ops, const Parts& x);

// An elementwise function of one complex variable, by the name of its real counterpart ("Exp"). Fails where there is
// none.
Edge complex_unary(const Ops& ops, std::string_view name, const Edge& x);
// The same for two: "Add", "Sub", "Mul", "Div", "Pow".
Edge complex_binary(const Ops& ops, std::string_view name, const Edge& a, const Edge& b);
Edge complex_matmul(const Ops& ops, const Edge& a, const Edge& b);

}  // namespace thane::aten
