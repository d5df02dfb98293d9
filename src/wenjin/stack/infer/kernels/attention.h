// Rotary turns and attention of single tokens over keys and values that lie in pages.
//
// Place p of text r:  page = table[r][p / P], then head g, then row p % P. One long page a row is an ordinary cache.
#pragma once

#include "vectors.h"

struct Pages {
    void *keys, *values;
    const int32_t *table;  // (texts, most)
    int64_t most, page, layer_stride, page_stride, head_stride;  // strides in numbers, not bytes
    int32_t brain;  // bfloat16 instead of float32
};

// Pair (i, i + D/2) of one head, turned. With a norm, brought to length first.
static inline void turn(float *x, int width, const float *cos, const float *sin, const float *norm, float epsilon) {
    if (norm) {
        float squares = 0;
        for (int i = 0; i < width; i++) squares += x[i] * x[i];
        float shrink = 1 / sqrtf(squares / width + epsilon);
        for (int i = 0; i < width; i++) x[i] *= shrink * norm[i];
    }
    const int half = width / 2;
    for (int i = 0; i < half; i++) {
        float a = x[i], b = x[i + half];
        x[i] = a * cos[i] - b * sin[i];
        x[i + half] = b * cos[i] + a * sin[i];
    }
}

template <typename N>
static inline N *row_of(void *pool, const Pages &p, int layer, int text, int64_t place, int head, int width) {
    int64_t page = p.table[text * p.most + place / p.page];
    return (N *)pool + layer * p.layer_stride + page * p.page_stride + head * p.head_stride + place % p.page * width;
}

template <typename N>
static inline void keep(const Pages &p, int layer, int text, int64_t place, int head, int width, const float *k, const float *v) {
    N *keys = row_of<N>(p.keys, p, layer, text, place, head, width);
    N *values = row_of<N>(p.values, p, layer, text, place, head, width);
    for (int i = 0; i < width; i++) narrow(k[i], keys + i), narrow(v[i], values + i);
}

template <typename N>
static inline float dot(const float *q, const N *k, int width) {
    V sum{};
    int i = 0;
    for (; i + LANES <= width; i += LANES) sum = fma(load(q + i), load(k + i), sum);
    float s = total(sum);
    for (; i < width; i++) s += q[i] * wide(k[i]);
    return s;
}

// One query over the places 0..last: scores, softmax, mean of the values. `weights` has room for last + 16 numbers.
template <typename N>
static inline void attend(const Pages &p, int layer, int text, int64_t last, int head, int width, const float *q, float *weights, float *out) {
    const int64_t S = last + 1;
    const float scale = 1 / sqrtf(width);
    float most = -INFINITY;
    for (int64_t s = 0; s < S; s += p.page) {
        const N *keys = row_of<N>(p.keys, p, layer, text, s, head, width);
        const int64_t here = std::min(p.page, S - s);
        for (int64_t i = 0; i < here; i++) {
            weights[s + i] = dot(q, keys + i * width, width) * scale;
            most = std::max(most, weights[s + i]);
        }
    }
    for (int64_t s = S; s % LANES; s++) weights[s] = -INFINITY;
    V sum{};
    for (int64_t s = 0; s < S; s += LANES) {
        V e = exponential(load(weights + s) - most);
        store(weights + s, e);
        sum += e;
    }
    const float share = 1 / total(sum);
    int i = 0;
    for (; i + 4 * LANES <= width; i += 4 * LANES) {
        V a{}, b{}, c{}, d{};
        for (int64_t s = 0; s < S; s += p.page) {
            const N *v = row_of<N>(p.values, p, layer, text, s, head, width) + i;
            const int64_t here = std::min(p.page, S - s);
            for (int64_t j = 0; j < here; j++, v += width) {
                V w = all(weights[s + j]);
                a = fma(w, load(v), a), b = fma(w, load(v + LANES), b);
                c = fma(w, load(v + 2 * LANES), c), d = fma(w, load(v + 3 * LANES), d);
            }
        }
        store(out + i, a * share), store(out + i + LANES, b * share);
        store(out + i + 2 * LANES, c * share), store(out + i + 3 * LANES, d * share);
    }
    for (; i < width; i++) {
        float a = 0;
        for (int64_t s = 0; s < S; s++) a += weights[s] * wide(row_of<N>(p.values, p, layer, text, s, head, width)[i]);
        out[i] = a * share;
    }
}
