// Random numbers as functions of a key and an index: threefry2x32 with 20 rounds (Salmon et al., "Parallel
// random numbers: as easy as 1, 2, 3", 2011).
#include "elementwise.h"

namespace FLAVA_NAMESPACE {
namespace {

struct Key {
  uint32_t words[2];
  explicit Key(const Tensor& tensor)
      : words{static_cast<uint32_t>(tensor.as<int32_t>()[0]), static_cast<uint32_t>(tensor.as<int32_t>()[1])} {}
};

/** Two words for each lane. */
struct Words {
  Uints x0;
  Uints x1;
};

inline Uints rotateLeft(Uints x, int bits) { return (x << bits) | (x >> (32 - bits)); }

inline Words threefry(Key key, Words counter) {
  constexpr int rotations[8] = {13, 15, 26, 6, 17, 29, 16, 24};
  const uint32_t keys[3] = {key.words[0], key.words[1], 0x1bd11bda ^ key.words[0] ^ key.words[1]};
  Uints x0 = counter.x0 + keys[0], x1 = counter.x1 + keys[1];
#pragma GCC unroll 20
  for (uint32_t round = 0; round < 20; ++round) {
    x0 += x1;
    x1 = rotateLeft(x1, rotations[round % 8]) ^ x0;
    if (round % 4 == 3) {
      const uint32_t injection = round / 4 + 1;
      x0 += keys[injection % 3];
      x1 += keys[(injection + 1) % 3] + injection;
    }
  }
  return {x0, x1};
}

/** The words of elements i, i + 1, …, where i is a multiple of the vector width. */
inline Words wordsAt(Key key, int64_t i) {
  const auto low = static_cast<uint32_t>(i), high = static_cast<uint32_t>(i >> 32);
  return threefry(key, {(Uints)laneIndices() + low, Uints{} + high});
}

/** Uniform in (0, 1): a multiple of 2^-23 plus 2^-24, so that neither end is reached. */
inline Floats uniformOf(Uints word) {
  return (__builtin_convertvector((Ints)(word >> 9), Floats) + 0.5f) * 1.1920928955078125e-7f;
}

/** Output 0 = function(the words of each element), of float32. */
template <class Function>
void generate(const Call& call, Function function) {
  const Key key(call.in(0));
  auto* y = call.out(0).as<float>();
  parallelFor(call, call.out(0).size, elementGrain, [=](int64_t begin, int64_t end, int) {
    overVectors(begin, end, [=](int64_t i, auto lanes) { store(y + i, function(wordsAt(key, i)), lanes); });
  });
}

void uniformKernel(const Call& call) {
  generate(call, [](Words words) { return uniformOf(words.x0); });
}
void gumbelKernel(const Call& call) {
  generate(call, [](Words words) { return -log(-log(uniformOf(words.x0))); });
}
void normalKernel(const Call& call) {
  generate(call, [](Words words) {
    return squareRoot(-2.0f * log(uniformOf(words.x0))) * cosineOfTurns(uniformOf(words.x1));
  });
}

struct Dropout {
  double rate;

  template <class Field>
  void list(Field& field) {
    field("rate", rate);
  }
};

void dropoutKernel(const Call& call, const Dropout& dropout) {
  const Key key(call.in(1));
  const float rate = static_cast<float>(dropout.rate);
  const float kept = static_cast<float>(1 - dropout.rate);
  visitFloats(call.in(0), call.out(0), [&](auto* x, auto* y) {
    parallelFor(call, call.out(0).size, elementGrain, [=](int64_t begin, int64_t end, int) {
      overVectors(begin, end, [=](int64_t i, auto lanes) {
        const Ints stays = uniformOf(wordsAt(key, i).x0) >= rate;
        store(y + i, select(stays, load(x + i, lanes) / kept, Floats{}), lanes);
      });
    });
  });
}

struct FoldIn {
  int64_t constant;
  bool hasData;

  template <class Field>
  void list(Field& field) {
    field("constant", constant);
    field("hasData", hasData);
  }
};

void foldInKernel(const Call& call, const FoldIn& attributes) {
  const auto constant = static_cast<uint32_t>(attributes.constant);
  const auto data = attributes.hasData ? static_cast<uint32_t>(*call.in(1).as<int32_t>()) : 0u;
  const Words words = threefry(Key(call.in(0)), {Uints{} + constant, Uints{} + data});
  auto* key = call.out(0).as<int32_t>();
  key[0] = static_cast<int32_t>(words.x0[0]);
  key[1] = static_cast<int32_t>(words.x1[0]);
}

FLAVA_KERNEL("uniform", uniformKernel);
FLAVA_KERNEL("gumbel", gumbelKernel);
FLAVA_KERNEL("normal", normalKernel);
FLAVA_KERNEL("dropout", dropoutKernel);
FLAVA_KERNEL("foldIn", foldInKernel);

}  // namespace
}  // namespace FLAVA_NAMESPACE
