#pragma once

#include <optional>
#include <string>
#include <type_traits>

#include <gtest/gtest.h>

#include "nest/core/error.h"

namespace nest::test {

/// What the error of a call says; "no error" if there is none. `code`: what it must be.
template <class Call>
requires std::is_invocable_v<const Call&> std::string error_of(const Call& call,
                                                               std::optional<ErrorCode> code = {}) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code.value_or(error.code())) << error.what();
    return error.what();
  }
  return "no error";
}

}  // namespace nest::test
