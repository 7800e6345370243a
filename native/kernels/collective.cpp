// Takes the place of exchanges between processes, which the host performs between two parts of the program.
#include "failure.h"

namespace FLAVA_NAMESPACE {
namespace {

void collectiveKernel(const Call& call) { fail(call, "the host performs collectives, between two parts of a program"); }

FLAVA_KERNEL("collective", collectiveKernel);

}  // namespace
}  // namespace FLAVA_NAMESPACE
