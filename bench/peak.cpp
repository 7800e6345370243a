// The most that a core of this machine can multiply: the innermost step of native/gemm/tile.h again and again, on numbers that
// stay in registers. bench/limits.ts compiles it for this processor. It prints one number: operations per second.
#include <cstdio>
#include <cstring>
#include <ctime>

#include "../native/gemm/tile.h"

#if defined(FLAVA_AMX)
#include <sys/syscall.h>
#include <unistd.h>
#endif

using namespace FLAVA_NAMESPACE;

namespace {

constexpr int steps = 20000;

double secondsNow() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/** Makes `value` unknown to the compiler, which could reuse what it has computed from it. */
template <class Vector>
[[gnu::always_inline]] inline void forget(Vector& value) {
#if defined(__x86_64__)
  asm volatile("" : "+v"(value));
#else
  asm volatile("" : "+w"(value));
#endif
}

/** Does `steps` steps; returns the number of operations. */
template <class Product>
double multiplyInVectors() {
  typename Product::Sums total[tileRows][tileVectors] = {};
  for (auto& row : total) {
    for (auto& sums : row) forget(sums);  // else all are one
  }
  decltype(Product::left(0u, 0)) left[Product::parts];
  decltype(Product::right(Uints{}, 0)) right[Product::parts];
  for (int part = 0; part < Product::parts; ++part) {
    left[part] = Product::left(0x3f803f80u, part);
    right[part] = Product::right(Uints{} + 0x3f803f80u, part);
  }
  for (int step = 0; step < steps; ++step) {
#pragma GCC unroll 4
    for (int part = 0; part < Product::parts; ++part) {
#pragma GCC unroll 8
      for (int row = 0; row < tileRows; ++row) {
#pragma GCC unroll 4
        for (int vector = 0; vector < tileVectors; ++vector) {
          forget(left[part]);
          forget(right[part]);
          total[row][vector] = Product::add(total[row][vector], left[part], right[part]);
        }
      }
    }
  }
  for (auto& row : total) {
    for (auto& sums : row) forget(sums);
  }
  return 2.0 * steps * tileRows * tileVectors * width * Product::elements;
}

#if defined(FLAVA_AMX)
template <class Product>
double multiplyOnTiles() {
  TileConfiguration configuration;
  Tiles tiles;
  for (int step = 0; step < steps; ++step) {
    Product::template add<0, 4, 6>(tiles);
    Product::template add<1, 4, 7>(tiles);
    Product::template add<2, 5, 6>(tiles);
    Product::template add<3, 5, 7>(tiles);
  }
  return 2.0 * 4 * steps * tileSide * tileSide * tileSide * Product::elements;
}
#endif

template <class Product>
double operations() {
#if defined(FLAVA_AMX)
  if constexpr (Product::onTiles) return multiplyOnTiles<Product>();
#endif
  if constexpr (!Product::onTiles) return multiplyInVectors<Product>();
}

/** The best of what fits into a quarter of a second. */
template <class Product>
double peak() {
  double best = 0;
  for (const double end = secondsNow() + 0.25; secondsNow() < end;) {
    const double start = secondsNow();
    const double count = operations<Product>();
    const double rate = count / (secondsNow() - start);
    if (rate > best) best = rate;
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
#if defined(FLAVA_AMX)
  constexpr int requestPermission = 0x1023, tileData = 18;
  if (syscall(SYS_arch_prctl, requestPermission, tileData) != 0) return 1;
#endif
  const char* precision = argc > 1 ? argv[1] : "";
  if (std::strcmp(precision, "float32") == 0) {
    std::printf("%.0f\n", peak<Float32Product>());
  } else if (std::strcmp(precision, "bfloat16") == 0) {
    std::printf("%.0f\n", peak<Bfloat16Product>());
  } else if (std::strcmp(precision, "int8") == 0) {
    std::printf("%.0f\n", peak<Int8Product>());
  } else {
    std::fprintf(stderr, "Give a precision: float32, bfloat16 or int8.\n");
    return 2;
  }
}
