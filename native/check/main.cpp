// Runs exported programs without Node, built with sanitizers (see sanitize.sh).
//
//   check <folder>     runs every *.program file in it, at each processor level, with one thread and with three
//   check <folder> <results>
//                      and writes the results of its last instruction to <results>/<level>/, one float32 after another
//
// Besides sanitizer reports, a program fails if an instruction accesses memory outside its operands (with
// AddressSanitizer), if a result depends on the previous contents of memory or on the order of threads, or if the run
// does not end as the file expects.
//
// A program file, little endian, without padding:
//
//   char    magic[8]           "FLAVAPRG"
//   uint32  version            1
//   uint32  expected status    0 done, 2 a kernel fails
//   uint32  signature count    for each:         uint32 length, UTF-8 bytes   (see program.h)
//   uint64  word count         for each word:    float64   (the instruction list, see program.h)
//   uint64  arena bytes
//   uint32  buffer count       for each buffer:  uint64 bytes   (buffer ids are 1, 2, ... in this order)
//   uint32  input count        for each input:   uint32 buffer id (0: the arena), uint64 byte offset,
//                                                uint64 byte length, the bytes
#include <sanitizer/asan_interface.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "../runtime/context.h"
#include "../runtime/levels.h"
#include "results.h"
#include "scattered-threads.h"

namespace flava {

namespace {

struct Input {
  int64_t id;
  int64_t byteOffset;
  std::string bytes;
};

struct ProgramFile {
  Status expected;
  std::vector<std::string> signatures;
  std::vector<double> words;
  int64_t arenaBytes;
  std::vector<int64_t> bufferBytes;
  std::vector<Input> inputs;
};

class Reader {
 public:
  explicit Reader(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }

  template <class Value>
  Value value() {
    Value result;
    std::memcpy(&result, take(sizeof(Value)), sizeof(Value));
    return result;
  }

  std::string text(uint64_t length) { return std::string(take(length), length); }

 private:
  const char* take(uint64_t length) {
    if (length > bytes_.size() - position_) throw std::runtime_error("the file ends too early");
    position_ += length;
    return bytes_.data() + position_ - length;
  }

  std::string bytes_;
  size_t position_ = 0;
};

ProgramFile readProgramFile(const std::string& path) {
  Reader reader(path);
  if (reader.text(8) != "FLAVAPRG") throw std::runtime_error("not a program file");
  if (reader.value<uint32_t>() != 1) throw std::runtime_error("unknown version of program file");
  ProgramFile file;
  file.expected = static_cast<Status>(reader.value<uint32_t>());
  for (auto count = reader.value<uint32_t>(); count > 0; --count) {
    file.signatures.push_back(reader.text(reader.value<uint32_t>()));
  }
  for (auto count = reader.value<uint64_t>(); count > 0; --count) file.words.push_back(reader.value<double>());
  file.arenaBytes = reader.value<int64_t>();
  for (auto count = reader.value<uint32_t>(); count > 0; --count) file.bufferBytes.push_back(reader.value<int64_t>());
  for (auto count = reader.value<uint32_t>(); count > 0; --count) {
    Input input;
    input.id = reader.value<uint32_t>();
    input.byteOffset = reader.value<int64_t>();
    input.bytes = reader.text(reader.value<uint64_t>());
    file.inputs.push_back(std::move(input));
  }
  return file;
}

/** FNV-1a over the outputs of one instruction. */
uint64_t hashOutputs(const Program& program, const Instruction& instruction) {
  uint64_t hash = 0xcbf29ce484222325;
  for (int32_t index = 0; index < instruction.outputCount; ++index) {
    const Tensor& tensor = program.tensors[instruction.firstTensor + instruction.inputCount + index];
    for (int64_t byte = 0; byte < tensor.size * bytesOf(tensor.dtype); ++byte) {
      hash = (hash ^ tensor.as<uint8_t>()[byte]) * 0x100000001b3;
    }
  }
  return hash;
}

/** Lets AddressSanitizer report any access outside the instruction's operands. */
void allowOnlyOperands(const Run& run, const Instruction& instruction) {
  for (const auto& buffer : run.buffers) ASAN_POISON_MEMORY_REGION(buffer->data(), buffer->bytes());
  for (int32_t index = 0; index < instruction.inputCount + instruction.outputCount; ++index) {
    const Tensor& tensor = run.program->tensors[instruction.firstTensor + index];
    ASAN_UNPOISON_MEMORY_REGION(tensor.data, tensor.size * bytesOf(tensor.dtype));
  }
}

void allowAll(const Run& run) {
  for (const auto& buffer : run.buffers) ASAN_UNPOISON_MEMORY_REGION(buffer->data(), buffer->bytes());
}

/**
 * Runs the program in an arena filled with `fill`; returns a hash of the outputs of each instruction. Writes the last
 * ones to the file `results`, unless that is empty.
 */
std::vector<uint64_t> runOnce(const ProgramFile& file, Context& context, Parallel& parallel, int fill,
                              const std::string& results) {
  context.reserveArena(file.arenaBytes);
  std::memset(context.at(arenaId, 0, file.arenaBytes), fill, static_cast<size_t>(file.arenaBytes));
  for (int64_t bytes : file.bufferBytes) context.allocate(bytes);
  for (const Input& input : file.inputs) {
    const int64_t length = static_cast<int64_t>(input.bytes.size());
    std::memcpy(context.at(input.id, input.byteOffset, length), input.bytes.data(), input.bytes.size());
  }
  const int64_t id = context.load(file.signatures, file.words.data(), file.words.size());
  const Run run = context.prepare(id, {0, 0, false, nullptr});
  std::vector<uint64_t> hashes;
  Outcome outcome{Status::done, 0, ""};
  const int64_t count = static_cast<int64_t>(run.program->instructions.size());
  for (int64_t index = 0; index < count && outcome.status == Status::done; ++index) {
    const Instruction& instruction = run.program->instructions[index];
    allowOnlyOperands(run, instruction);
    outcome = execute(*run.program, {index, index + 1, false, nullptr}, {parallel, nullptr});
    if (outcome.status == Status::done) hashes.push_back(hashOutputs(*run.program, instruction));
  }
  allowAll(run);
  if (outcome.status != file.expected) {
    throw std::runtime_error("instruction " + std::to_string(outcome.instruction) + " ended with status " +
                             std::to_string(static_cast<int>(outcome.status)) + " " + outcome.message);
  }
  if (!results.empty() && outcome.status == Status::done) writeResults(*run.program, results);
  return hashes;
}

void checkProgram(const ProgramFile& file, Level level, int threads, const std::string& results) {
  Context first(level, threads);
  const std::vector<uint64_t> expected = runOnce(file, first, first.pool(), 0x00, results);
  Context second(level, 1);
  ScatteredThreads scattered(threads);
  // All bits set: a NaN to every floating-point dtype.
  const std::vector<uint64_t> actual = runOnce(file, second, scattered, 0xff, "");
  const auto difference = std::mismatch(expected.begin(), expected.end(), actual.begin(), actual.end()).first;
  if (difference != expected.end()) {
    throw std::runtime_error("instruction " + std::to_string(difference - expected.begin()) +
                             " depends on the contents of the arena or on the order of threads");
  }
}

}  // namespace

}  // namespace flava

int main(int argumentCount, char** arguments) {
  if (argumentCount != 2 && argumentCount != 3) {
    std::fprintf(stderr, "usage: check <folder of .program files> [<folder for results>]\n");
    return 2;
  }
  const std::filesystem::path results = argumentCount == 3 ? arguments[2] : "";
  int programs = 0;
  int failures = 0;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) {
    if (entry.path().extension() != ".program") continue;
    ++programs;
    for (flava::Level level : flava::availableLevels()) {
      const std::filesystem::path folder = results / flava::nameOf(level);
      if (!results.empty()) std::filesystem::create_directories(folder);
      for (int threads : {1, 3}) {
        try {
          flava::checkProgram(flava::readProgramFile(entry.path()), level, threads,
                              results.empty() ? "" : folder / entry.path().stem());
        } catch (const std::exception& exception) {
          ++failures;
          std::fprintf(stderr, "%s, level %s, %d threads: %s\n", entry.path().c_str(), flava::nameOf(level), threads,
                       exception.what());
        }
      }
    }
  }
  std::printf("%d programs at %zu levels: %d failures\n", programs, flava::availableLevels().size(), failures);
  return failures > 0 || programs == 0 ? 1 : 0;
}
