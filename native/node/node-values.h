// Conversion between JavaScript and C++ values. Every function throws std::runtime_error for a value of the wrong type;
// `guarded` turns that into a JavaScript Error.
#pragma once

#define NAPI_VERSION 8
#include <node_api.h>

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

namespace flava {

constexpr size_t maxArguments = 7;

/** The arguments of a call from JavaScript; missing ones are undefined. */
struct Arguments {
  napi_value values[maxArguments];

  Arguments(napi_env env, napi_callback_info info);
  napi_value operator[](size_t index) const { return values[index]; }
};

/** The bytes of a typed array, owned by JavaScript. */
struct TypedArray {
  napi_typedarray_type type;
  char* data;
  int64_t length;  // in elements
  int64_t bytes;
};

/** Throws if a Node-API call failed. */
void check(napi_env env, napi_status status);

int64_t toInteger(napi_env env, napi_value value, const char* what);
bool toBoolean(napi_env env, napi_value value, const char* what);
std::string toString(napi_env env, napi_value value, const char* what);
std::vector<std::string> toStrings(napi_env env, napi_value value, const char* what);
TypedArray toTypedArray(napi_env env, napi_value value, const char* what);
TypedArray toTypedArrayOf(napi_env env, napi_value value, napi_typedarray_type type, const char* what);
int64_t arrayLength(napi_env env, napi_value value, const char* what);
bool hasType(napi_env env, napi_value value, napi_valuetype type);
napi_value property(napi_env env, napi_value object, const char* name);

napi_value undefined(napi_env env);
napi_value fromInteger(napi_env env, int64_t value);
napi_value fromString(napi_env env, const std::string& value);
void setProperty(napi_env env, napi_value object, const char* name, napi_value value);

/** The JavaScript Error for a C++ exception, or the pending JavaScript exception, which is cleared. */
napi_value errorFor(napi_env env, const std::exception& exception);

/** Wraps `napi_value function(napi_env, const Arguments&)`, turning C++ exceptions into JavaScript exceptions. */
template <napi_value (*function)(napi_env, const Arguments&)>
napi_value guarded(napi_env env, napi_callback_info info) {
  try {
    return function(env, Arguments(env, info));
  } catch (const std::exception& exception) {
    napi_throw(env, errorFor(env, exception));
    return nullptr;
  }
}

}  // namespace flava
