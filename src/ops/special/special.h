// Special functions. Computed in float64 whatever the dtype.
#pragma once

namespace thane::special {

double digamma(double x);
// The inverse of the error function on (-1, 1), and of the normal distribution function on (0, 1).
double erfinv(double x);
double ndtri(double p);
// Regularised incomplete gamma functions P(a, x) and Q(a, x).
double igamma(double a, double x);
double igammac(double a, double x);
// Hurwitz's zeta function Σ (q + k)^-x for x > 1.
double zeta(double x, double q);
// The n-th derivative of digamma.
double polygamma(double n, double x);
// The regularised incomplete beta function.
double betainc(double a, double b, double x);
// log |Γ(x)|, without the global variable that the C library's writes.
double lgamma(double x);
// Modified Bessel functions of the first kind times e^-|x|.
double bessel_i0e(double x);
double bessel_i1e(double x);

}  // namespace thane::special
