#pragma once

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"

namespace nest::test {

/// Puts one number outside its limits: the one after `skipped` others that have limits.
class OutOfRange : public FieldVisitor {
 public:
  explicit OutOfRange(int skipped) : left_(skipped) {}
  std::string changed;  ///< its field, "" if there was none left

 protected:
  void on_field(const Field& field, const FieldValue& value) override {
    if (!changed.empty() || (!field.limits.low && !field.limits.high)) return;
    const double outside = field.limits.low ? *field.limits.low - 1 : *field.limits.high + 1;
    const auto put = [&](auto& variable) {
      if (left_-- > 0) return;
      changed = field.name;
      variable = static_cast<std::remove_reference_t<decltype(variable)>>(outside);
    };
    std::visit(
        [&]<class T>(const T& variable) {
          if constexpr (std::is_same_v<T, int*> || std::is_same_v<T, std::int64_t*> ||
                        std::is_same_v<T, float*> || std::is_same_v<T, double*>) {
            put(*variable);
          }
        },
        value.variable());
  }

 private:
  int left_;
};

/// What holds for every options struct: JSON restores the defaults and changed values, an unknown
/// key and a number outside its limits are refused with their names.
template <Options O>
void expect_options_laws(const O& defaults, const O& changed) {
  EXPECT_NE(nest::to_json(defaults), nest::to_json(changed));
  for (const O* options : {&defaults, &changed}) {
    const Json json = nest::to_json(*options);
    EXPECT_EQ(nest::to_json(options_from_json<O>(Json::parse(json.dump()), "stored")), json);
  }
  Json unknown = nest::to_json(defaults);
  unknown["no_such_field"] = 1;
  try {
    options_from_json<O>(unknown, "stored");
    ADD_FAILURE() << "an unknown key was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDataCorrupt);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("no_such_field"));
  }
  for (int i = 0;; ++i) {
    O options = defaults;
    OutOfRange visitor(i);
    visit_fields(visitor, options);
    if (visitor.changed.empty()) break;
    try {
      AnyOptions(options).validate();
      ADD_FAILURE() << visitor.changed << " may be anything";
    } catch (const FieldError& error) {
      EXPECT_THAT(error.field(), ::testing::HasSubstr(visitor.changed));
    }
  }
}

}  // namespace nest::test
