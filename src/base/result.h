// Result<T>: what every function returns that can fail for a reason outside our own code.
// An Error carries AWS-style code and message, where it arose, and whether trying again is safe.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace weir {

// Who is to blame, which decides what a caller may do next.
enum class ErrorSource { client, store, runtime, backend, network, internal };

// Whether the same call may be made again without doing the work twice.
enum class Retry { never, safe };

struct Error {
  std::string code;     // a word for programs: "ClusterNotFoundException", "Conflict", "Io"
  std::string message;  // a sentence for people
  ErrorSource source = ErrorSource::internal;
  Retry retry = Retry::never;
};

template <class T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

template <>
class [[nodiscard]] Result<void> : public std::expected<void, Error> {
 public:
  using std::expected<void, Error>::expected;
};

inline std::unexpected<Error> fail(std::string code, std::string message, ErrorSource source = ErrorSource::internal,
                                   Retry retry = Retry::never) {
  return std::unexpected<Error>(Error{std::move(code), std::move(message), source, retry});
}

// An error from errno: code "Io", message "<what>: <strerror>".
std::unexpected<Error> fail_errno(std::string what, int error_number);

[[noreturn]] void must_failed(const char* expression, const Error& error);

}  // namespace weir

// Evaluates `expression`, a Result; on error returns that error from the enclosing function, else yields the value.
// Not within braces that initialise something: g++ leaks the members that were made before it.
#define TRY(expression)                                                       \
  ({                                                                          \
    auto&& try_result_ = (expression);                                        \
    if (!try_result_) return std::unexpected(std::move(try_result_).error()); \
    std::move(try_result_).value();                                           \
  })

// As TRY, where failure would be a bug of ours: ends the program with the error's text.
#define MUST(expression)                                                       \
  ({                                                                           \
    auto&& must_result_ = (expression);                                        \
    if (!must_result_) ::weir::must_failed(#expression, must_result_.error()); \
    std::move(must_result_).value();                                           \
  })
