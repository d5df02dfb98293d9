// Products of a few vectors with one matrix of weights, sixteen rows of it at a time.
//
//   FLOAT, BRAIN   rows one after another, float32 or bfloat16; vectors stay float32
//   EIGHT, FOUR    whole numbers in groups of 32 columns, w = scale * q + low; vectors are rounded to whole numbers
//                  too, group by group, so that four products are one instruction where the machine has VNNI
//
// Layout of EIGHT: (rows/16, columns/4, 16, 4) bytes: one load holds four columns of sixteen rows. FOUR: two such
// loads share one; of a group, columns 0..15 are the lower halves of the bytes, 16..31 the upper, as in GGUF files.
// scale and low: (rows/16, columns/32, 16) half-precision numbers; EIGHT has no low: its q are 128 too large, so low = -128 * scale.
//
// A vector's product never depends on how many others are computed with it.
#pragma once

#include "vectors.h"

enum Kind { FLOAT, BRAIN, EIGHT, FOUR };
enum Way { WRITE, ADD, GATE };  // store the product, add it to what is there, or silu(upper half) * lower half
constexpr int GROUP = 32, BLOCK = 16;

struct Matrix {
    int32_t kind, rows, columns, groups;  // groups: of 32 columns, the last one filled up with zeros
    const void *data;
    const uint16_t *scale, *low;
    const float *bias;  // rows of them, or null
    int blocks() const { return (rows + BLOCK - 1) / BLOCK; }
};

// The vectors of one product: as they are, or rounded. Owned by the pass.
struct Input {
    float *x;            // (N, room)
    int8_t *q;           // (N, room)
    float *step, *sum;   // (N, room/32) how much a whole number is worth; sum of the group, rounded
    int64_t room;        // columns that one vector has space for, a multiple of 32
};

// Vector n of a product: normalized if there is a norm, rounded if the matrix is.
static inline void prepare(const Matrix &m, const float *from, int n, const float *norm, float epsilon, Input &in) {
    float *x = in.x + n * in.room;
    const int width = m.columns, filled = m.groups * GROUP, even = width / LANES * LANES;
    float shrink = 1;
    if (norm) {
        V squares{};
        for (int i = 0; i < even; i += LANES) squares = fma(load(from + i), load(from + i), squares);
        float all_squares = total(squares);
        for (int i = even; i < width; i++) all_squares += from[i] * from[i];
        shrink = 1 / sqrtf(all_squares / width + epsilon);
    }
    if (norm) {
        for (int i = 0; i < even; i += LANES) store(x + i, load(from + i) * shrink * load(norm + i));
        for (int i = even; i < width; i++) x[i] = from[i] * shrink * norm[i];
    } else {
        memcpy(x, from, width * sizeof *x);
    }
    if (m.kind < EIGHT) return;
    std::fill(x + width, x + filled, 0.0f);
    for (int g = 0; g < m.groups; g++) {
        V a = load(x + g * GROUP), b = load(x + g * GROUP + LANES);
        float most = largest(larger(larger(a, -a), larger(b, -b)));
        float step = most / 127, inverse = most > 1e-30f ? 127 / most : 0;
        V qa = nearest(a * inverse), qb = nearest(b * inverse);
        int8_t *q = in.q + n * in.room + g * GROUP;
        float whole[GROUP];
        store(whole, qa), store(whole + LANES, qb);
        for (int i = 0; i < GROUP; i++) q[i] = int8_t(whole[i]);
        in.step[n * (in.room / GROUP) + g] = step;
        in.sum[n * (in.room / GROUP) + g] = step * total(qa + qb);
    }
}

// Four products of unsigned weights and signed numbers into each of sixteen sums.
static inline I four_products(I sum, I weights, const int8_t *q) {
    int32_t word;
    memcpy(&word, q, sizeof word);
#if defined(__AVX512VNNI__)
    return (I)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)weights, _mm512_set1_epi32(word));
#else
    uint8_t w[64];
    memcpy(w, &weights, sizeof w);
    for (int r = 0; r < BLOCK; r++) {
        int32_t s = 0;
        for (int j = 0; j < 4; j++) s += int32_t(w[4 * r + j]) * q[j];
        sum[r] += s;
    }
    return sum;
#endif
}

template <int T, int KIND>
static inline void rounded(const Matrix &m, int block, const Input &in, int first, V out[T]) {
    constexpr int BYTES = KIND == FOUR ? GROUP * BLOCK / 2 : GROUP * BLOCK;
    const uint8_t *data = (const uint8_t *)m.data + int64_t(block) * m.groups * BYTES;
    const uint16_t *scale = m.scale + int64_t(block) * m.groups * BLOCK;
    const uint16_t *low = KIND == FOUR ? m.low + int64_t(block) * m.groups * BLOCK : nullptr;
    const int64_t row = in.room / GROUP;
    for (int t = 0; t < T; t++) out[t] = V{};
    for (int g = 0; g < m.groups; g++, data += BYTES, scale += BLOCK) {
        const int8_t *q = in.q + first * in.room + g * GROUP;
        I sum[T];
        for (int t = 0; t < T; t++) sum[t] = I{};
        for (int c = 0; c < (KIND == FOUR ? GROUP / 2 : GROUP); c += 4) {
            I w;
            memcpy(&w, data + c * BLOCK, sizeof w);
            if (KIND == FOUR) {
                I lower = w & 0x0f0f0f0f, upper = (w >> 4) & 0x0f0f0f0f;
                for (int t = 0; t < T; t++) sum[t] = four_products(sum[t], lower, q + t * in.room + c);
                for (int t = 0; t < T; t++) sum[t] = four_products(sum[t], upper, q + t * in.room + c + GROUP / 2);
            } else {
                for (int t = 0; t < T; t++) sum[t] = four_products(sum[t], w, q + t * in.room + c);
            }
        }
        V step = halves(scale), least;
        if (KIND == FOUR) {
            least = halves(low);
            low += BLOCK;
        } else {
            least = step * -128.0f;
        }
        for (int t = 0; t < T; t++) {
            const int64_t at = (first + t) * row + g;
            out[t] = fma(__builtin_convertvector(sum[t], V) * in.step[at], step, out[t]);
            out[t] = fma(least, all(in.sum[at]), out[t]);
        }
    }
}

template <int T, typename N>
static inline void straight(const Matrix &m, int block, const Input &in, int first, V out[T]) {
    // Rows at a time. One vector: memory sets the pace, and one stream of it is read faster than four. Several:
    // enough sums under way to hide how long an addition takes, and a load of x serves four rows.
    constexpr int R = T == 1 ? 1 : 4;
    const int width = m.columns, even = width / LANES * LANES;
    float got[T][BLOCK] = {};
    for (int r = 0; r < BLOCK && block * BLOCK + r < m.rows; r += R) {
        const N *w[R];
        for (int i = 0; i < R; i++)
            w[i] = (const N *)m.data + int64_t(std::min(block * BLOCK + r + i, m.rows - 1)) * width;
        V sum[T][R] = {};
        for (int c = 0; c < even; c += LANES) {
            V row[R];
            for (int i = 0; i < R; i++) row[i] = load(w[i] + c);
            for (int t = 0; t < T; t++) {
                V x = load(in.x + (first + t) * in.room + c);
                for (int i = 0; i < R; i++) sum[t][i] = fma(row[i], x, sum[t][i]);
            }
        }
        for (int t = 0; t < T; t++)
            for (int i = 0; i < R; i++) {
                float s = total(sum[t][i]);
                for (int c = even; c < width; c++) s += wide(w[i][c]) * in.x[(first + t) * in.room + c];
                got[t][r + i] = s;
            }
    }
    for (int t = 0; t < T; t++) out[t] = load(got[t]);
}

template <int T>
static inline void block_product(const Matrix &m, int block, const Input &in, int first, V out[T]) {
    switch (m.kind) {
        case FLOAT: straight<T, float>(m, block, in, first, out); break;
        case BRAIN: straight<T, uint16_t>(m, block, in, first, out); break;
        case EIGHT: rounded<T, EIGHT>(m, block, in, first, out); break;
        default: rounded<T, FOUR>(m, block, in, first, out);
    }
    if (m.bias) {
        float bias[BLOCK] = {};
        int rows = std::min(BLOCK, m.rows - block * BLOCK);
        std::copy(m.bias + block * BLOCK, m.bias + block * BLOCK + rows, bias);
        for (int t = 0; t < T; t++) out[t] += load(bias);
    }
}

// Sixteen rows for T vectors, stored the way that is asked for. Of GATE's m the first half opens the second.
template <int T>
static inline void finish(const Matrix &m, int block, const Input &in, int first, Way way, float *to, int64_t stride) {
    V out[T];
    block_product<T>(m, block, in, first, out);
    int rows = m.rows;
    if (way == GATE) {
        V up[T];
        rows /= 2;
        block_product<T>(m, block + m.blocks() / 2, in, first, up);
        for (int t = 0; t < T; t++) out[t] = out[t] / (1.0f + exponential(-out[t])) * up[t];
    }
    const int kept = std::min(BLOCK, rows - block * BLOCK);
    for (int t = 0; t < T; t++) {
        float *place = to + (first + t) * stride + block * BLOCK, one[BLOCK];
        if (kept == BLOCK) {
            store(place, way == ADD ? load(place) + out[t] : out[t]);
            continue;
        }
        store(one, out[t]);
        for (int r = 0; r < kept; r++) place[r] = way == ADD ? place[r] + one[r] : one[r];
    }
}

// This thread's share of the rows, for all N vectors. GATE needs rows / 2 to be a multiple of 16.
static inline void product(
    const Matrix &m, const Input &in, int N, Way way, float *to, int64_t stride, int thread, int threads
) {
    const int64_t blocks = way == GATE ? m.blocks() / 2 : m.blocks();
    for (int64_t block = blocks * thread / threads; block < blocks * (thread + 1) / threads; block++) {
        int n = 0;
        for (; n + 8 <= N; n += 8) finish<8>(m, block, in, n, way, to, stride);
        for (; n + 4 <= N; n += 4) finish<4>(m, block, in, n, way, to, stride);
        for (; n < N; n++) finish<1>(m, block, in, n, way, to, stride);
    }
}
