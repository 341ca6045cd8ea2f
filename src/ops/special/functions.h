// Special functions in double precision. Sources: Abramowitz & Stegun (A&S), DLMF.
#pragma once

namespace thane::special {

double digamma(double x);
double erf_inverse(double y);                       // of erf, on (−1, 1)
double erfc_scaled(double x);                       // exp(x²) · erfc(x)
double normal_quantile(double p);                   // of the standard normal distribution
double normal_log_cdf(double x);                    // log Φ(x)
double bessel_i(int order, double x, bool scaled);  // modified, first kind; scaled by exp(−|x|)
double gamma_p(double a, double x);                 // regularised lower incomplete gamma function
double gamma_q(double a, double x);                 // upper: 1 − gamma_p
double zeta(double s, double q);                    // Hurwitz: Σ (q + k)^−s
double log_gamma(double x);

}  // namespace thane::special
