// One step of AdamW with decoupled weight decay (Loshchilov and Hutter, 2019), for several parameters in one pass.
//
// Inputs: all parameters, all first moments, all second moments, all gradients, then the learning rate, the step, and
// the scale of the gradients if there is one. Outputs: the first three groups, and the squared norm of the update. Moments may be
// those of some elements only, from `begins` on, which alone are then updated.
#include "failure.h"
#include "finite.h"
#include "tensor-blocks.h"

namespace FLAVA_NAMESPACE {
namespace {

struct Attributes {
  double beta1, beta2, epsilon, weightDecay, rateFactor;
  bool hasScale;
  Numbers begins;

  template <class Field>
  void list(Field& field) {
    field("beta1", beta1);
    field("beta2", beta2);
    field("epsilon", epsilon);
    field("weightDecay", weightDecay);
    field("rateFactor", rateFactor);
    field("hasScale", hasScale);
    field("begins[]", begins);
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
    const int scalars = call.inputCount - (attributes.hasScale ? 3 : 2);
    const double exactBeta1 = attributes.beta1, exactBeta2 = attributes.beta2;
    const double t = *call.in(scalars + 1).as<float>();
    const double learningRate = static_cast<double>(*call.in(scalars).as<float>()) * attributes.rateFactor;
    beta1 = static_cast<float>(exactBeta1);
    oneMinusBeta1 = static_cast<float>(1 - exactBeta1);
    beta2 = static_cast<float>(exactBeta2);
    oneMinusBeta2 = static_cast<float>(1 - exactBeta2);
    epsilon = static_cast<float>(attributes.epsilon);
    gradientScale = attributes.hasScale ? *call.in(scalars + 2).as<float>() : 1.0f;
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
  State(const Tensor* tensors, int64_t index, int64_t count, int64_t begin)
      : parameter(tensors[index].as<float>() + begin),
        first(tensors[count + index].as<float>()),
        second(tensors[2 * count + index].as<float>()) {}
};

/** Updates the elements [begin, end) of those that have moments; returns the squared norm of the update. */
template <class G>
float update(const Step& step, const State& from, const State& to, const G* gradient, int64_t begin, int64_t end) {
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
  return sumOf(square);
}

/**
 * Each block of a gradient is checked and then, still in the cache, applied. A block that is not finite is not applied:
 * the call fails, but what is not a number does not enter the state.
 */
void adamWKernel(const Call& call, const Attributes& attributes) {
  const Step step(call, attributes);
  const int64_t count = call.outputCount / 3;
  bool finite = __builtin_isfinite(step.gradientScale);
  const float squaredNorm =
      sumOverBlocks(call, call.outputs + count, finite ? count : 0, [&](int64_t index, int64_t begin, int64_t end) {
        float square = 0.0f;
        const int64_t offset = static_cast<int64_t>(attributes.begins.values[index]);
        visitFloats(call.inputs[3 * count + index], [&](auto* whole) {
          auto* const gradient = whole + offset;
          if (isFinite(gradient, begin, end)) {
            const State from(call.inputs, index, count, offset), to(call.outputs, index, count, offset);
            square = update(step, from, to, gradient, begin, end);
          } else {
            __atomic_store_n(&finite, false, __ATOMIC_RELAXED);
          }
        });
        return square;
      });
  if (!finite) return fail(call, "non-finite");
  *call.out(call.outputCount - 1).as<float>() = squaredNorm;
}

FLAVA_KERNEL("adamW", adamWKernel);

}  // namespace
}  // namespace FLAVA_NAMESPACE
