#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "nest/core/field.h"
#include "nest/core/json.h"

// An options struct XOptions is an aggregate with defaults. Its fields are described once, by
//
//   void visit_fields(FieldVisitor& visitor, XOptions& options);
//
// declared beside the struct and defined in its source file:
//
//   visitor.group("Search");
//   visitor.field("beam_size", options.beam_size, "hypotheses kept; 1 is greedy", between(1, 1e5),
//                 {.flag = "beam,beam-size"});
//   visitor.part("split", options.split);
//
// Flags, JSON in both directions, YAML, range checks and the headers of reports come from it.
// Where fields depend on each other, `void validate(const XOptions&)` stands beside it and calls
// check_fields() first. Inside a namespace that has a to_json() or validate() for other types the
// ones below are nest::to_json() and nest::validate().
namespace nest {

class Config;
class FieldVisitor;
class Flags;

/// What else there is to say about a field.
struct FieldTraits {
  std::string_view flag = {};  ///< "beam,beam-size"; empty: the field's name with dashes
  std::string_view also = {};  ///< other keys it is read by: "scheduler,scheduler_params.gamma"
  std::span<const std::string_view> choices = {};  ///< of a text; empty: any
  bool is_required = false;                        ///< as a flag
  bool has_flag = true;                            ///< false: comes from data, not from people
  bool is_stored = true;                           ///< false: to_json() leaves it out
};
inline constexpr FieldTraits kNoFlag{.has_flag = false};
/// Does not change the result (threads): kept out of what describes a result.
inline constexpr FieldTraits kNotStored{.is_stored = false};

struct Field {
  std::string_view name;  ///< snake_case
  std::string_view help;
  Limits limits;
  FieldTraits traits;
};

template <class O>
concept Options = std::is_class_v<O> && requires(FieldVisitor& visitor, O& options) {
  visit_fields(visitor, options);
};

/// An options struct of any type; refers to it.
class AnyOptions {
 public:
  template <Options O>
  explicit AnyOptions(O& options);

  void visit(FieldVisitor& visitor) const { visit_(visitor, options_); }
  void validate() const { validate_(options_); }

 private:
  void* options_;
  void (*visit_)(FieldVisitor&, void*);
  void (*validate_)(const void*);
};

class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;

  /// Heading of the fields that follow.
  virtual void group(std::string_view title);
  void field(std::string_view name, FieldValue value, std::string_view help,
             const Limits& limits = {}, const FieldTraits& traits = {}) {
    on_field({name, help, limits, traits}, value);
  }
  /// Options inside options: an object of that name in JSON and YAML; "": fields like the others.
  template <Options O>
  void part(std::string_view name, O& options) {
    on_part(name, AnyOptions(options));
  }

 protected:
  virtual void on_field(const Field& field, const FieldValue& value) = 0;
  /// Visits its fields, unless a visitor wants something else.
  virtual void on_part(std::string_view name, const AnyOptions& options);
};

/// How the fields of a struct are called on one command line.
struct FlagNames {
  StringMap<std::string> renamed = {};  ///< "utterances": "calibrate-utterances"
  FieldNames without = {};              ///< not offered
};

/// What a reader of a configuration leaves alone.
struct ReadOptions {
  FieldNames keep = {};   ///< fields that were given otherwise: "split.by"
  FieldNames known = {};  ///< keys that the caller reads: "params.eta_min"
};

// The same for any options struct, behind the templates below.
void register_flags(Flags& flags, const AnyOptions& options, const FlagNames& names);
Json to_json(const AnyOptions& options);
void check_fields(const AnyOptions& options);
void read_fields(const Config& config, const AnyOptions& options, const ReadOptions& reading);
void read_json(const Json& json, std::string_view origin, const AnyOptions& options);

/// Adds a flag for every field that has one; their values are the defaults.
template <Options O>
void register_flags(Flags& flags, O& options, const FlagNames& names = {}) {
  register_flags(flags, AnyOptions(options), names);
}

/// Every stored field by its name; parts are objects.
template <Options O>
Json to_json(const O& options) {
  return to_json(AnyOptions(const_cast<O&>(options)));  // the writer only reads
}

/// Limits, choices and parts. Errors: FieldError that names the field, its value and the limit.
template <Options O>
void check_fields(const O& options) {
  check_fields(AnyOptions(const_cast<O&>(options)));
}
/// What a struct without rules between its fields needs.
template <Options O>
void validate(const O& options) {
  check_fields(options);
}

/// Sets the fields that a map names.
///
/// Errors: DataCorrupt that names file, line and key: a value of another type or outside its
/// limits, an unknown key (lists the known ones), a field given by two of its keys.
template <Options O>
void read_fields(const Config& config, O& options, const ReadOptions& reading = {}) {
  read_fields(config, AnyOptions(options), reading);
}

/// Inverse of to_json(); absent fields have their defaults. Errors: as read_fields(); DataCorrupt
/// for what validate() refuses.
template <Options O>
O options_from_json(const Json& json, std::string_view origin) {
  O options;
  read_json(json, origin, AnyOptions(options));
  return options;
}

template <Options O>
AnyOptions::AnyOptions(O& options)
    : options_(&options),
      visit_([](FieldVisitor& visitor, void* at) { visit_fields(visitor, *static_cast<O*>(at)); }),
      validate_([](const void* at) {
        using nest::validate;  // the struct's own is preferred
        validate(*static_cast<const O*>(at));
      }) {}

}  // namespace nest
