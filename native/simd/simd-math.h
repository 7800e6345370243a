// Transcendental functions of vectors; part of simd.h. The scalar versions compute one lane, with the same bits.
#pragma once

namespace FLAVA_NAMESPACE {

/** The nearest whole number, for |x| < 2^22. */
inline Floats roundToWhole(Floats x) {
  const Floats shift = broadcast(12582912.0f);  // 1.5 * 2^23: no bits are left for a fraction
  return (x + shift) - shift;
}

/** 2^n for whole n in [-126, 127]. */
inline Floats powerOfTwo(Ints n) { return (Floats)((n + 127) << 23); }

/** x * 2^n for whole n, rounding once to zero or a denormal where that is the result. */
inline Floats scaleByPowerOfTwo(Floats x, Floats n) {
#if defined(__AVX512F__)
  return (Floats)_mm512_maskz_scalef_ps(everyLane, (__m512)x, (__m512)n);
#else
  const Ints whole = __builtin_convertvector(n, Ints);
  const Ints half = whole >> 1;
  return x * powerOfTwo(half) * powerOfTwo(whole - half);
#endif
}

/** e^x: relative error below 2e-7; 0 for -inf, inf for large x, NaN for NaN. */
inline Floats exp(Floats x) {
  const Floats bounded = min(broadcast(89.0f), max(broadcast(-104.0f), x));
  const Floats n = roundToWhole(bounded * 1.44269504f);
  const Floats r = (bounded - n * 0.693359375f) - n * -2.12194440e-4f;  // ln 2 in two parts, the first of few bits
  Floats p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return scaleByPowerOfTwo(p * (r * r) + r + 1.0f, n);
}

/** Natural logarithm: -inf for 0, NaN for negative x, inf for inf. */
inline Floats log(Floats x) {
  const Ints tiny = x < 1.17549435e-38f;
  const Floats normal = select(tiny, x * 8388608.0f, x);
  // x = mantissa * 2^exponent with the mantissa in [sqrt(1/2), sqrt(2)).
  const Ints bits = (Ints)normal;
  const Ints exponent = (bits - 0x3f3504f3) >> 23;
  const Floats m = (Floats)(bits - (exponent << 23)) - 1.0f;
  const Floats e = __builtin_convertvector(exponent, Floats) - select(tiny, broadcast(23.0f), broadcast(0.0f));
  Floats p = m * 7.0376836292e-2f + -1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m + -1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m + -1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m + -2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  const Floats square = m * m;
  const Floats correction = p * (m * square) + e * -2.12194440e-4f - square * 0.5f;
  const Floats result = m + correction + e * 0.693359375f;
  const Floats infinity = broadcast(__builtin_inff());
  const Floats beyond = select(x == 0.0f, -infinity, select(x == infinity, infinity, broadcast(__builtin_nanf(""))));
  return select((x > 0.0f) & (x < infinity), result, beyond);
}

inline Floats tanh(Floats x) {
  const Floats size = absolute(x);
  const Floats square = x * x;
  Floats p = square * -5.70498872745e-3f + 2.06390887954e-2f;
  p = p * square + -5.37397155531e-2f;
  p = p * square + 1.33314422036e-1f;
  p = p * square + -3.33332819422e-1f;
  const Floats small = p * square * x + x;
  const Floats large = 1.0f - 2.0f / (exp(size + size) + 1.0f);
  const Floats signedLarge = (Floats)((Ints)large | ((Ints)x & broadcastInt(INT32_MIN)));
  return select(size < 0.625f, small, signedLarge);
}

/** 1 / (1 + e^-x) */
inline Floats sigmoid(Floats x) { return 1.0f / (1.0f + exp(-x)); }

/** e^(-x²/2), the density of the normal distribution without its factor 1/sqrt(2 pi). */
inline Floats bell(Floats x) { return exp(x * x * -0.5f); }

/**
 * P(X > x) of a standard normal X for x >= 0, given bell(x): bell(x) * t * polynomial(t), t = 1 / (1 + 0.3 x), fitted
 * to a relative error of 1.5e-7.
 */
inline Floats normalTail(Floats x, Floats bellOfX) {
  const Floats t = 1.0f / (x * 0.3f + 1.0f);
  Floats p = t * 0.03567478433251381f + -0.15720312297344208f;
  p = p * t + 0.2063535749912262f;
  p = p * t + -0.053683701902627945f;
  p = p * t + 0.12856166064739227f;
  p = p * t + 0.09991348534822464f;
  p = p * t + 0.12075395882129669f;
  p = p * t + 0.11962930113077164f;
  return p * t * bellOfX;
}

/** x * P(X < x) of a standard normal X, written so that no digits cancel for negative x; inf for inf, 0 for -inf. */
inline Floats gelu(Floats x) {
  const Floats size = min(broadcast(__FLT_MAX__), absolute(x));
  return max(broadcast(0.0f), x) - size * normalTail(size, bell(x));
}

/** Derivative of gelu: P(X < x) + x * density(x). */
inline Floats geluGradient(Floats x) {
  const Floats bellOfX = bell(x);
  const Floats tail = normalTail(absolute(x), bellOfX);
  return select(x < 0.0f, tail, 1.0f - tail) + x * (bellOfX * 0.39894228f);
}

/** `coefficients`, the highest power last, at x. */
template <int count>
[[gnu::always_inline]] inline Floats polynomial(const float (&coefficients)[count], Floats x) {
  Floats p = broadcast(coefficients[count - 1]);
#pragma GCC unroll 16
  for (int power = count - 2; power >= 0; --power) p = p * x + coefficients[power];
  return p;
}

// Both functions for results rounded to bfloat16, with absolute errors below 5e-5 and 7e-5: 1/2 and an
// odd polynomial, fitted up to the bound beyond which it is constant. A third of the operations.

inline Floats roundedGelu(Floats x) {
  constexpr float bound = 4.25f;
  static const float coefficients[] = {0.16593410074710846f,    -0.08074335008859634f, 0.055724453181028366f,
                                       -0.03961194306612015f,   0.025645459070801735f, -0.013282549567520618f,
                                       0.008082147687673569f,   -0.007095834705978632f, 0.0029945725109428167f};
  const Floats above = max(broadcast(-bound), x);  // below it the factor is 3e-8, not 0, of whatever x is
  const Floats near = min(broadcast(bound), above);
  return above * (near * polynomial(coefficients, near * near * (2 / (bound * bound)) - 1.0f) + 0.5f);
}

inline Floats roundedGeluGradient(Floats x) {
  constexpr float bound = 4.5f;
  static const float coefficients[] = {0.15945132076740265f,  -0.08994436264038086f, 0.08593246340751648f,
                                       -0.09489548951387405f, 0.1067410483956337f,   -0.09027469158172607f,
                                       0.04422701522707939f,  -0.0408579483628273f,  0.05815237760543823f,
                                       -0.027420619502663612f};
  const Floats near = min(broadcast(bound), max(broadcast(-bound), x));
  return near * polynomial(coefficients, near * near * (2 / (bound * bound)) - 1.0f) + 0.5f;
}

/** cos(2 pi x) for |x| < 2^22. */
inline Floats cosineOfTurns(Floats x) {
  // cos(2 pi x) = sin(2 pi s), with s in [-1/4, 1/4]; both subtractions are exact.
  const Floats s = 0.25f - absolute(x - roundToWhole(x));
  const Floats square = s * s;
  Floats p = square * -14.39413537f + 42.00980573f;
  p = p * square + -76.70428132f;
  p = p * square + 81.60522621f;
  p = p * square + -41.34170212f;
  p = p * square + 6.283185307f;
  return p * s;
}

inline float exp(float x) { return exp(broadcast(x))[0]; }
inline float log(float x) { return log(broadcast(x))[0]; }
inline float tanh(float x) { return tanh(broadcast(x))[0]; }
inline float gelu(float x) { return gelu(broadcast(x))[0]; }
inline float geluGradient(float x) { return geluGradient(broadcast(x))[0]; }

}  // namespace FLAVA_NAMESPACE
