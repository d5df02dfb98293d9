// One pass of a Llama over a few tokens, all layers in one call: at batch 1 the calls between the products of a layer
// cost more than the products. Threads meet at a barrier after each part, and share its rows, heads or tokens.
//
// Also here, one by one, for passes that are put together in Python: a product, and a plain read of memory.
// Shapes and layouts: products.h, attention.h. Python's side, with the same structures: infer/native.py

#include <omp.h>

#include <vector>

#include "attention.h"
#include "barrier.h"
#include "products.h"

struct Layer {
    const float *norm1, *norm2, *q_norm, *k_norm;
    Matrix qkv, out, gate_up, down;
};

struct Model {
    int32_t layers, dim, heads, kv_heads, width, hidden;
    float epsilon;
    const Layer *layer;
    const float *norm, *cos, *sin;  // last norm; tables of the rotary turns, (context, width/2)
};

struct Pass {
    int32_t tokens, threads;
    const int64_t *places;  // (N,) where each token stands in its text
    const int32_t *texts;   // (N,) which row of the table it belongs to, -1 for none
    int64_t reach;          // the longest text, with the new tokens
    Pages pages;
    float *x;  // (N, dim) embedded tokens; normalized states when it is over
};

// Memory for what lies between two parts; kept by the calling thread from pass to pass.
static thread_local std::vector<char> spare;

struct Carver {
    char *next;
    template <typename N>
    N *take(int64_t count) {
        N *here = (N *)next;
        next += (count * sizeof(N) + 63) / 64 * 64;
        return here;
    }
};

static Input input(Carver &space, int64_t N, int64_t width) {
    const int64_t room = (width + GROUP - 1) / GROUP * GROUP;
    Input in;
    in.room = room;
    in.x = space.take<float>(N * room);
    in.q = space.take<int8_t>(N * room);
    in.step = space.take<float>(N * room / GROUP);
    in.sum = space.take<float>(N * room / GROUP);
    return in;
}

static char *room_for(int64_t bytes) {
    if ((int64_t)spare.size() < bytes + 64) spare.resize(bytes + 64);
    return (char *)(((uintptr_t)spare.data() + 63) / 64 * 64);
}

static int64_t input_bytes(int64_t N, int64_t width) { return N * (width + GROUP) * 6 + 512; }

template <typename N>
static void layers(const Model &m, const Pass &p, Input &in, float *qkv, float *mixed, float *inside, float *weights, int64_t reach, Barrier &barrier, int thread, int threads) {
    const int heads = m.heads, all_heads = m.heads + 2 * m.kv_heads, R = m.heads / m.kv_heads, K = m.width;
    const auto share = [&](int64_t count, auto &&work) {
        for (int64_t i = count * thread / threads; i < count * (thread + 1) / threads; i++) work(i);
    };
    const auto ready = [&](const Matrix &matrix, const float *from, int64_t stride, const float *norm) {
        share(p.tokens, [&](int64_t n) { prepare(matrix, from + n * stride, n, norm, m.epsilon, in); });
        barrier.wait(threads);
    };
    for (int l = 0; l < m.layers; l++) {
        const Layer &layer = m.layer[l];
        ready(layer.qkv, p.x, m.dim, layer.norm1);
        product(layer.qkv, in, p.tokens, WRITE, qkv, all_heads * K, thread, threads);
        barrier.wait(threads);
        share(int64_t(p.tokens) * (heads + m.kv_heads), [&](int64_t i) {
            const int64_t n = i / (heads + m.kv_heads), h = i % (heads + m.kv_heads), place = p.places[n];
            float *x = qkv + (n * all_heads + h) * K;
            turn(x, K, m.cos + place * (K / 2), m.sin + place * (K / 2), h < heads ? layer.q_norm : layer.k_norm, m.epsilon);
            if (h >= heads && p.texts[n] >= 0) keep<N>(p.pages, l, p.texts[n], place, h - heads, K, x, x + m.kv_heads * K);
        });
        barrier.wait(threads);
        share(int64_t(p.tokens) * heads, [&](int64_t i) {
            const int64_t n = i / heads, h = i % heads;
            if (p.texts[n] < 0) return;  // a row that only fills up the pass
            attend<N>(p.pages, l, p.texts[n], p.places[n], h / R, K, qkv + (n * all_heads + h) * K, weights + thread * reach, mixed + i * K);
        });
        barrier.wait(threads);
        ready(layer.out, mixed, heads * K, nullptr);
        product(layer.out, in, p.tokens, ADD, p.x, m.dim, thread, threads);
        barrier.wait(threads);
        ready(layer.gate_up, p.x, m.dim, layer.norm2);
        product(layer.gate_up, in, p.tokens, GATE, inside, m.hidden, thread, threads);
        barrier.wait(threads);
        ready(layer.down, inside, m.hidden, nullptr);
        product(layer.down, in, p.tokens, ADD, p.x, m.dim, thread, threads);
        barrier.wait(threads);
    }
    share(p.tokens, [&](int64_t n) {
        float *x = p.x + n * m.dim, squares = 0;
        for (int i = 0; i < m.dim; i++) squares += x[i] * x[i];
        const float shrink = 1 / sqrtf(squares / m.dim + m.epsilon);
        for (int i = 0; i < m.dim; i++) x[i] *= shrink * m.norm[i];
    });
}

extern "C" {

void wenjin_pass(const Model *model, const Pass *pass) {
    const Model &m = *model;
    const Pass &p = *pass;
    if (p.tokens <= 0) return;
    const int64_t N = p.tokens, K = m.width, widest = std::max({m.dim, m.hidden, int32_t(m.heads * K)});
    const int64_t reach = (p.reach + LANES + 15) / 16 * 16;
    const int64_t floats = N * ((2 * m.heads + 2 * m.kv_heads) * K + m.hidden) + p.threads * reach;
    Carver space{room_for(input_bytes(N, widest) + floats * 4 + 1024)};
    Input in = input(space, N, widest);
    float *qkv = space.take<float>(N * (m.heads + 2 * m.kv_heads) * K), *mixed = space.take<float>(N * m.heads * K);
    float *inside = space.take<float>(N * m.hidden), *weights = space.take<float>(p.threads * reach);
    std::fill(mixed, mixed + N * m.heads * K, 0.0f);
    Barrier barrier;
#pragma omp parallel num_threads(p.threads)
    {
        const int thread = omp_get_thread_num(), threads = omp_get_num_threads();
        if (p.pages.brain)
            layers<uint16_t>(m, p, in, qkv, mixed, inside, weights, reach, barrier, thread, threads);
        else
            layers<float>(m, p, in, qkv, mixed, inside, weights, reach, barrier, thread, threads);
    }
}

// to = m times each of N vectors x (N, columns), `stride` apart, normalized first if there is a norm.
void wenjin_product(const Matrix *m, const float *x, int64_t x_stride, int32_t N, const float *norm, float epsilon, int32_t way, float *to, int64_t stride, int32_t wanted) {
    if (N <= 0) return;
    Carver space{room_for(input_bytes(N, m->columns))};
    Input in = input(space, N, m->columns);
    Barrier barrier;
#pragma omp parallel num_threads(wanted)
    {
        const int thread = omp_get_thread_num(), threads = omp_get_num_threads();
        for (int64_t n = int64_t(N) * thread / threads; n < int64_t(N) * (thread + 1) / threads; n++)
            prepare(*m, x + n * x_stride, n, norm, epsilon, in);
        barrier.wait(threads);
        product(*m, in, N, Way(way), to, stride, thread, threads);
    }
}

// Reads `count` floats once, on so many threads: what memory can give at best. Returns their sum.
float wenjin_read(const float *from, int64_t count, int32_t wanted) {
    float sum = 0;
#pragma omp parallel num_threads(wanted) reduction(+ : sum)
    {
        const int64_t lines = count / 64, thread = omp_get_thread_num(), threads = omp_get_num_threads();
        V a{}, b{}, c{}, d{};
        for (int64_t i = lines * thread / threads; i < lines * (thread + 1) / threads; i++) {
            const float *x = from + i * 64;
            a += load(x), b += load(x + 16), c += load(x + 32), d += load(x + 48);
        }
        sum += total(a + b + c + d);
    }
    return sum;
}
}
