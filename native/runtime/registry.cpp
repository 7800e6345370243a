#include "registry.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <unordered_map>

namespace flava {

namespace {

using Table = std::unordered_map<std::string, std::array<RegisteredKernel, levelCount>>;

// Filled by static initializers of other files, hence created on first use. Never destroyed, because the process may
// exit while a program is running.
Table& table() {
  static Table* const kernels = new Table();
  return *kernels;
}

}  // namespace

bool registerKernel(Level level, const char* name, Kernel kernel) {
  Kernel& entry = table()[name][static_cast<size_t>(level)].run;
  if (entry != nullptr) {
    std::fprintf(stderr, "flava: two kernels are named \"%s\"\n", name);
    std::abort();
  }
  entry = kernel;
  return true;
}

void declareAttribute(Level level, const char* kernel, const char* attribute) {
  table()[kernel][static_cast<size_t>(level)].attributes.push_back(attribute);
}

bool RegisteredKernel::endsInList() const { return !attributes.empty() && attributes.back().back() == ']'; }

std::string RegisteredKernel::signature(const std::string& name) const {
  std::string list;
  for (const std::string& attribute : attributes) list += (list.empty() ? "" : ", ") + attribute;
  return list.empty() ? name : name + "(" + list + ")";
}

const RegisteredKernel* findKernel(Level level, const std::string& name) {
  const auto found = table().find(name);
  if (found == table().end()) return nullptr;
  for (int index = static_cast<int>(level); index >= 0; --index) {
    if (found->second[index].run != nullptr) return &found->second[index];
  }
  return nullptr;
}

bool hasKernels(Level level) {
  for (const auto& entry : table()) {
    if (entry.second[static_cast<size_t>(level)].run != nullptr) return true;
  }
  return false;
}

}  // namespace flava
