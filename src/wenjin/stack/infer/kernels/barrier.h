// Where the threads of one parallel region wait for each other between two parts of a pass.
//
// OpenMP's own barrier sends threads to sleep almost at once when the process has more of them than the machine has
// processors, and it counts those of every Python thread that ever computed: a server's engine, in a thread beside the
// one that opened the model, then woke its threads two hundred times a token and wrote at a third of its speed.
// Here they wait awake, for as long as a part takes, and sleep only after that: on a busy machine whoever sleeps is
// woken at once, whoever yields waits for its turn.
#pragma once

#include <atomic>

#if defined(__x86_64__)
#include <immintrin.h>
static inline void relax() { _mm_pause(); }
#else
static inline void relax() {}
#endif

struct Barrier {
    static constexpr int AWAKE = 4000;  // looks before it sleeps; some 0.1 ms
    alignas(64) std::atomic<int> here{0};
    alignas(64) std::atomic<int> turn{0};

    // By each of so many threads.
    void wait(int threads) {
        const int now = turn.load(std::memory_order_relaxed);
        if (here.fetch_add(1, std::memory_order_acq_rel) + 1 == threads) {
            here.store(0, std::memory_order_relaxed);
            turn.store(now + 1, std::memory_order_release);
            turn.notify_all();
            return;
        }
        for (int looks = 0; looks < AWAKE; looks++) {
            if (turn.load(std::memory_order_acquire) != now) return;
            relax();
        }
        turn.wait(now, std::memory_order_acquire);
    }
};
