#include "node-values.h"

#include <cmath>
#include <stdexcept>

namespace flava {

namespace {

constexpr double largestSafeInteger = 9007199254740991.0;

[[noreturn]] void reject(const char* what, const char* expected) {
  throw std::runtime_error(std::string(what) + " must be " + expected);
}

int64_t elementBytes(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array:
    case napi_uint8_array:
    case napi_uint8_clamped_array:
      return 1;
    case napi_int16_array:
    case napi_uint16_array:
      return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array:
      return 4;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array:
      return 8;
    default:
      throw std::runtime_error("this kind of typed array is not supported: pass its bytes as a Uint8Array");
  }
}

}  // namespace

Arguments::Arguments(napi_env env, napi_callback_info info) {
  size_t count = maxArguments;
  check(env, napi_get_cb_info(env, info, &count, values, nullptr, nullptr));
}

void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  const napi_extended_error_info* information = nullptr;
  napi_get_last_error_info(env, &information);
  const bool described = information != nullptr && information->error_message != nullptr;
  throw std::runtime_error(described ? information->error_message : "a Node-API call failed");
}

int64_t toInteger(napi_env env, napi_value value, const char* what) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) != napi_ok || number != std::floor(number) ||
      !(std::fabs(number) <= largestSafeInteger)) {
    reject(what, "an integer");
  }
  return static_cast<int64_t>(number);
}

bool toBoolean(napi_env env, napi_value value, const char* what) {
  bool result = false;
  if (napi_get_value_bool(env, value, &result) != napi_ok) reject(what, "a boolean");
  return result;
}

std::string toString(napi_env env, napi_value value, const char* what) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) reject(what, "a string");
  std::string result(length, '\0');
  check(env, napi_get_value_string_utf8(env, value, result.data(), length + 1, &length));
  return result;
}

int64_t arrayLength(napi_env env, napi_value value, const char* what) {
  uint32_t length = 0;
  if (napi_get_array_length(env, value, &length) != napi_ok) reject(what, "an array");
  return length;
}

std::vector<std::string> toStrings(napi_env env, napi_value value, const char* what) {
  const int64_t length = arrayLength(env, value, what);
  std::vector<std::string> result;
  for (int64_t index = 0; index < length; ++index) {
    napi_value element;
    check(env, napi_get_element(env, value, static_cast<uint32_t>(index), &element));
    result.push_back(toString(env, element, what));
  }
  return result;
}

TypedArray toTypedArray(napi_env env, napi_value value, const char* what) {
  TypedArray array{};
  void* data = nullptr;
  size_t length = 0;
  if (napi_get_typedarray_info(env, value, &array.type, &length, &data, nullptr, nullptr) != napi_ok) {
    reject(what, "a typed array");
  }
  array.data = static_cast<char*>(data);
  array.length = static_cast<int64_t>(length);
  array.bytes = array.length * elementBytes(array.type);
  return array;
}

TypedArray toTypedArrayOf(napi_env env, napi_value value, napi_typedarray_type type, const char* what) {
  const TypedArray array = toTypedArray(env, value, what);
  if (array.type == type) return array;
  if (type == napi_int32_array) reject(what, "an Int32Array");
  reject(what, type == napi_float32_array ? "a Float32Array" : "a Float64Array");
}

bool hasType(napi_env env, napi_value value, napi_valuetype type) {
  napi_valuetype actual;
  check(env, napi_typeof(env, value, &actual));
  return actual == type;
}

napi_value property(napi_env env, napi_value object, const char* name) {
  if (!hasType(env, object, napi_object)) {
    throw std::runtime_error("expected an object with the property \"" + std::string(name) + "\"");
  }
  napi_value value;
  check(env, napi_get_named_property(env, object, name, &value));
  return value;
}

napi_value undefined(napi_env env) {
  napi_value value;
  check(env, napi_get_undefined(env, &value));
  return value;
}

napi_value fromInteger(napi_env env, int64_t number) {
  napi_value value;
  check(env, napi_create_int64(env, number, &value));
  return value;
}

napi_value fromString(napi_env env, const std::string& text) {
  napi_value value;
  check(env, napi_create_string_utf8(env, text.data(), text.size(), &value));
  return value;
}

void setProperty(napi_env env, napi_value object, const char* name, napi_value value) {
  check(env, napi_set_named_property(env, object, name, value));
}

napi_value errorFor(napi_env env, const std::exception& exception) {
  napi_value error = nullptr;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) {
    napi_get_and_clear_last_exception(env, &error);
    return error;
  }
  napi_value message;
  napi_create_string_utf8(env, exception.what(), NAPI_AUTO_LENGTH, &message);
  napi_create_error(env, nullptr, message, &error);
  return error;
}

}  // namespace flava
