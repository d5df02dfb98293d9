// Sixteen floats at once, written so that any compiler with vector types can: on a narrower machine it makes two or
// four instructions of one. Where AVX-512 has an instruction that these types cannot say, the callers name it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

typedef float V __attribute__((vector_size(64)));
typedef int32_t I __attribute__((vector_size(64)));
typedef uint32_t U __attribute__((vector_size(64)));
typedef uint16_t H __attribute__((vector_size(32)));
constexpr int LANES = 16;

static inline V load(const float *from) {
    V x;
    memcpy(&x, from, sizeof x);
    return x;
}

static inline void store(float *to, V x) { memcpy(to, &x, sizeof x); }

static inline V all(float x) { return x - V{}; }

// bfloat16 is the upper half of a float.
static inline V load(const uint16_t *from) {
    H half;
    memcpy(&half, from, sizeof half);
    return (V)(__builtin_convertvector(half, U) << 16);
}

static inline float wide(uint16_t half) {
    uint32_t bits = uint32_t(half) << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline float wide(float x) { return x; }

static inline void narrow(float x, float *to) { *to = x; }

static inline void narrow(float x, uint16_t *to) {  // to the nearest, ties to even
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    *to = uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

// Sixteen IEEE half-precision numbers. Without an instruction: shift the exponent into place, then scale; exact.
static inline V halves(const uint16_t *from) {
#if defined(__AVX512F__)
    return (V)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)from));
#else
    H half;
    memcpy(&half, from, sizeof half);
    U h = __builtin_convertvector(half, U);
    V magnitude = (V)((h & 0x7fff) << 13) * 0x1p112f;
    return (V)((U)magnitude | ((h & 0x8000) << 16));
#endif
}

static inline V fma(V a, V b, V c) {
#if defined(__AVX512F__)
    return (V)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#else
    return a * b + c;
#endif
}

// Always in the same order, so that a number never depends on what else was computed beside it.
static inline float total(V x) {
    float part[LANES];
    store(part, x);
    for (int step = LANES / 2; step; step /= 2)
        for (int i = 0; i < step; i++) part[i] += part[i + step];
    return part[0];
}

static inline V larger(V a, V b) { return a > b ? a : b; }

static inline float largest(V x) {
    float part[LANES], most;
    store(part, x);
    most = part[0];
    for (int i = 1; i < LANES; i++) most = std::max(most, part[i]);
    return most;
}

// To the nearest whole number, ties to even: adding 1.5 * 2^23 leaves no bits behind the point. |x| < 2^22.
static inline V nearest(V x) { return (x + 12582912.0f) - 12582912.0f; }

// e^x within two units in the last place for -87 < x < 88; below that 0, above that the largest of these.
static inline V exponential(V x) {
    V bounded = larger(x, all(-87.0f));
    bounded = bounded < 88.0f ? bounded : all(88.0f);
    V n = nearest(bounded * 1.44269504088896f);
    V r = fma(n, all(-0.693359375f), bounded);
    r = fma(n, all(2.12194440e-4f), r);
    V p = all(1.9875691500e-4f);
    p = fma(p, r, all(1.3981999507e-3f));
    p = fma(p, r, all(8.3334519073e-3f));
    p = fma(p, r, all(4.1665795894e-2f));
    p = fma(p, r, all(1.6666665459e-1f));
    p = fma(p, r, all(5.0000001201e-1f));
    p = fma(p, r * r, r) + 1.0f;
    V power = (V)((__builtin_convertvector(n, I) + 127) << 23);
    return x < -87.0f ? V{} : p * power;
}
