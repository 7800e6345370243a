// One step of AdamW with decoupled weight decay (Loshchilov and Hutter, 2019).
#include "failure.h"
#include "finite.h"

namespace FLAVA_NAMESPACE {
namespace {

struct Attributes {
  double beta1, beta2, epsilon, weightDecay, rateFactor;
  bool hasScale;

  template <class Field>
  void list(Field& field) {
    field("beta1", beta1);
    field("beta2", beta2);
    field("epsilon", epsilon);
    field("weightDecay", weightDecay);
    field("rateFactor", rateFactor);
    field("hasScale", hasScale);
  }
};

/** The constants of one step, the same for every element. */
struct Step {
  float beta1, oneMinusBeta1;
  float beta2, oneMinusBeta2;
  float epsilon;
  float gradientScale;
  float decay;                 // 1 - rate * weight decay
  float rate;                  // learning rate over 1 - beta1^t
  float secondCorrectionRoot;  // 1 / sqrt(1 - beta2^t)

  Step(const Call& call, const Attributes& attributes) {
    const double exactBeta1 = attributes.beta1, exactBeta2 = attributes.beta2;
    const double t = *call.in(5).as<float>();
    const double learningRate = static_cast<double>(*call.in(4).as<float>()) * attributes.rateFactor;
    beta1 = static_cast<float>(exactBeta1);
    oneMinusBeta1 = static_cast<float>(1 - exactBeta1);
    beta2 = static_cast<float>(exactBeta2);
    oneMinusBeta2 = static_cast<float>(1 - exactBeta2);
    epsilon = static_cast<float>(attributes.epsilon);
    gradientScale = attributes.hasScale ? *call.in(6).as<float>() : 1.0f;
    decay = static_cast<float>(1 - learningRate * attributes.weightDecay);
    rate = static_cast<float>(learningRate / (1 - __builtin_pow(exactBeta1, t)));
    secondCorrectionRoot = static_cast<float>(1 / __builtin_sqrt(1 - __builtin_pow(exactBeta2, t)));
  }
};

/** Where the state of a parameter is read from and written to. */
struct State {
  float* parameter;
  float* first;
  float* second;
  State(const Tensor* tensors)
      : parameter(tensors[0].as<float>()), first(tensors[1].as<float>()), second(tensors[2].as<float>()) {}
};

/**
 * The squared norm of the update is summed in float32 within blocks, then over blocks, in order, in double precision.
 */
template <class G>
float update(const Call& call, const Step step, const State from, const State to, const G* gradient) {
  const int64_t size = call.in(0).size, blocks = (size + elementGrain - 1) / elementGrain;
  auto* const squares = static_cast<float*>(call.parallel->shared(blocks * 4));
  parallelFor(call, size, elementGrain, [=](int64_t begin, int64_t end, int) {
    Floats square{};
    overVectors(begin, end, [=, &square](int64_t i, auto lanes) {
      const Floats g = load(gradient + i, lanes) * step.gradientScale;
      const Floats first = load(from.first + i, lanes) * step.beta1 + g * step.oneMinusBeta1;
      const Floats second = load(from.second + i, lanes) * step.beta2 + g * g * step.oneMinusBeta2;
      const Floats size = squareRoot(second) * step.secondCorrectionRoot + step.epsilon;
      const Floats before = load(from.parameter + i, lanes);
      const Floats parameter = before * step.decay - first * step.rate / size;
      const Floats move = keep(parameter - before, lanes, 0.0f);
      square += move * move;
      store(to.first + i, first, lanes);
      store(to.second + i, second, lanes);
      store(to.parameter + i, parameter, lanes);
    });
    squares[begin / elementGrain] = sumOf(square);
  });
  double sum = 0;
  for (int64_t block = 0; block < blocks; ++block) sum += squares[block];
  return static_cast<float>(sum);
}

void adamWKernel(const Call& call, const Attributes& attributes) {
  const Step step(call, attributes);
  const Tensor& gradient = call.in(3);
  // All or nothing: check the whole gradient before any element is updated.
  if (!__builtin_isfinite(step.gradientScale) || !isFinite(call, gradient)) return fail(call, "non-finite");
  visitFloats(gradient, [&](auto* g) {
    *call.out(3).as<float>() = update(call, step, State(call.inputs), State(call.outputs), g);
  });
}

FLAVA_KERNEL("adamW", adamWKernel);

}  // namespace
}  // namespace FLAVA_NAMESPACE
