#include "heap.h"

#include <cstddef>

extern "C" char __heap_base;  // the linker's

namespace flava {

namespace {

constexpr size_t alignment = 64, pageSize = 65536, maxPages = 65536;

/** Precedes the memory of each block. Blocks follow one another without gaps, to the end of the heap. */
struct alignas(alignment) Block {
  size_t bytes;  // without this header
  bool free;
  Block* next;

  char* data() { return reinterpret_cast<char*>(this + 1); }
};

Block* first = nullptr;
bool locked = false;

/** Held for moments only: by the host that allocates tensors, and by threads that need more scratch memory. */
struct Lock {
  Lock() {
    while (__atomic_test_and_set(&locked, __ATOMIC_ACQUIRE)) {
    }
  }
  ~Lock() { __atomic_clear(&locked, __ATOMIC_RELEASE); }
};

char* heapStart() {
  const size_t base = reinterpret_cast<size_t>(&__heap_base);
  return reinterpret_cast<char*>((base + alignment - 1) / alignment * alignment);
}

/** The pages of memory, as the last thread knew them that let it grow. */
size_t pages = 0;

bool grow(uint64_t by) {
  if (by > maxPages || __builtin_wasm_memory_grow(0, static_cast<size_t>(by)) == static_cast<size_t>(-1)) return false;
  pages = __builtin_wasm_memory_size(0);
  return true;
}

/** V8 tells a thread of growth in another one at its next check of the stack; growing by nothing asks at once. */
void noticeGrowth() {
  if (pages == 0 || __builtin_wasm_memory_size(0) < pages) grow(0);
}

/** Makes the last block, or a new one behind it, free and at least this large; null if memory cannot grow. */
Block* extend(Block* last, uint64_t bytes) {
  if (last == nullptr || !last->free) {
    char* const start = last ? last->data() + last->bytes : heapStart();
    const uint64_t space = uint64_t{pages} * pageSize - reinterpret_cast<size_t>(start);
    if (space < sizeof(Block) && !grow(1)) return nullptr;
    Block* const added = reinterpret_cast<Block*>(start);
    const uint64_t end = uint64_t{pages} * pageSize;
    *added = {static_cast<size_t>(end - reinterpret_cast<size_t>(added->data())), true, nullptr};
    (last ? last->next : first) = added;
    last = added;
  }
  if (last->bytes >= bytes) return last;
  const uint64_t lacking = (bytes - last->bytes + pageSize - 1) / pageSize;
  if (!grow(lacking)) return nullptr;
  last->bytes += static_cast<size_t>(lacking * pageSize);
  return last;
}

/** Takes the first `bytes` of a free block; the rest, if there is any, stays free. */
void take(Block* block, size_t bytes) {
  if (block->bytes - bytes >= 2 * sizeof(Block)) {
    Block* rest = reinterpret_cast<Block*>(block->data() + bytes);
    *rest = {block->bytes - bytes - sizeof(Block), true, block->next};
    block->bytes = bytes;
    block->next = rest;
  }
  block->free = false;
}

Block* find(uint64_t bytes) {
  Block* last = nullptr;
  for (Block* block = first; block != nullptr; block = block->next) {
    if (block->free && block->bytes >= bytes) return block;
    last = block;
  }
  return extend(last, bytes);
}

}  // namespace

char* allocate(int64_t bytes) {
  const uint64_t needed = (static_cast<uint64_t>(bytes < 1 ? 1 : bytes) + alignment - 1) / alignment * alignment;
  Block* block;
  {
    const Lock lock;
    noticeGrowth();
    block = find(needed);
    if (block == nullptr) return nullptr;
    take(block, static_cast<size_t>(needed));
  }
  __builtin_memset(block->data(), 0, block->bytes);
  return block->data();
}

void release(char* data) {
  if (data == nullptr) return;
  const Lock lock;
  (reinterpret_cast<Block*>(data) - 1)->free = true;
  for (Block* block = first; block != nullptr; block = block->next) {
    while (block->free && block->next != nullptr && block->next->free) {
      block->bytes += sizeof(Block) + block->next->bytes;
      block->next = block->next->next;
    }
  }
}

}  // namespace flava
