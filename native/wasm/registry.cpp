#include "registry.h"

#include <cstring>

namespace flava {

namespace {

constexpr int32_t capacity = 128;
RegisteredKernel kernels[capacity];
int32_t count = 0;

RegisteredKernel* find(const char* name) {
  for (int32_t index = 0; index < count; ++index) {
    if (std::strcmp(kernels[index].name, name) == 0) return &kernels[index];
  }
  return nullptr;
}

/** Traps where memory ends: too long a signature is found by the first test that opens the backend. */
void append(RegisteredKernel& kernel, const char* text) {
  const size_t length = std::strlen(kernel.signature);
  if (length + std::strlen(text) >= sizeof kernel.signature) __builtin_trap();
  std::strcpy(kernel.signature + length, text);
}

}  // namespace

bool registerKernel(Level, const char* name, Kernel kernel) {
  if (count == capacity || find(name) != nullptr) __builtin_trap();
  RegisteredKernel& added = kernels[count++];
  added.name = name;
  added.run = kernel;
  append(added, name);
  return true;
}

void declareAttribute(Level, const char* kernel, const char* attribute) {
  RegisteredKernel& entry = *find(kernel);
  char* end = entry.signature + std::strlen(entry.signature) - 1;
  const bool isFirst = *end != ')';
  if (!isFirst) *end = '\0';
  append(entry, isFirst ? "(" : ", ");
  append(entry, attribute);
  append(entry, ")");
}

const RegisteredKernel* kernelAt(int32_t index) { return index >= 0 && index < count ? &kernels[index] : nullptr; }

}  // namespace flava
