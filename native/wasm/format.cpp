// Formats the messages of kernels. The C library's vsnprintf brings along its files, and these a system to keep them.
#include <cstdarg>
#include <cstddef>
#include <cstdint>

namespace {

/** The characters of a message, cut off at the end of the buffer. */
struct Text {
  char* next;
  char* last;  // for the terminating zero

  void add(char character) {
    if (next < last) *next++ = character;
  }
  void add(int64_t number) {
    if (number < 0) add('-');
    uint64_t rest = number < 0 ? -static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
    char digits[20];
    int count = 0;
    do digits[count++] = static_cast<char>('0' + rest % 10);
    while ((rest /= 10) > 0);
    while (count > 0) add(digits[--count]);
  }
};

}  // namespace

/** Knows %d and %lld; traps at others, which a new message may need. */
extern "C" int vsnprintf(char* to, size_t size, const char* format, va_list values) {
  Text text{to, to + size - 1};
  for (const char* at = format; *at != '\0'; ++at) {
    if (*at != '%') {
      text.add(*at);
    } else if (at[1] == 'd') {
      text.add(int64_t{va_arg(values, int)});
      at += 1;
    } else if (at[1] == 'l' && at[2] == 'l' && at[3] == 'd') {
      text.add(int64_t{va_arg(values, long long)});
      at += 3;
    } else {
      __builtin_trap();
    }
  }
  *text.next = '\0';
  return static_cast<int>(text.next - to);
}
