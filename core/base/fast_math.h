// Elementary functions that a compiler can turn into vector code, accurate to float rounding.
#pragma once

#include <bit>
#include <cstdint>

namespace lea::kernels {

// exp(x) for x <= 0 with a relative error below 2e-7. x is split into k ln 2 + r, a polynomial
// (Cephes) gives exp(r), and k goes into the exponent. The result is 0 below -87 and NaN for a NaN.
inline float exp_negative(float x) {
  constexpr float kToInteger = 12582912.0f;  // 1.5 * 2^23: a sum's low bits are the rounded integer
  const float clamped = x < -87.0f ? -87.0f : x;
  const float shifted = clamped * 1.44269504f + kToInteger;
  const float k = shifted - kToInteger;
  const float r = (clamped - k * 0.693359375f) + k * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const uint32_t integer = std::bit_cast<uint32_t>(shifted) - std::bit_cast<uint32_t>(kToInteger);
  const float power = std::bit_cast<float>((integer + 127) << 23);
  const float result = (p * r * r + r + 1.0f) * power;
  return x < -87.0f ? 0.0f : result;
}

inline float magnitude(float x) {
  return std::bit_cast<float>(std::bit_cast<uint32_t>(x) & 0x7fffffffu);
}

inline float sigmoid(float x) {
  const float e = exp_negative(-magnitude(x));
  return (x < 0 ? e : 1.0f) / (1.0f + e);
}

// Near 0 a polynomial (Cephes) is used, because the quotient would cancel.
inline float tanh(float x) {
  const float a = magnitude(x), z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const float small = p * z * x + x;
  const float e = exp_negative(-2 * a);
  const float large = (1.0f - e) / (1.0f + e);
  return a < 0.625f ? small : (x < 0 ? -large : large);
}

}  // namespace lea::kernels
