#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/field.h"

namespace nest {

/// The flags of one command. Values are written into the caller's variables when parsed; their
/// initial values are the defaults shown in the help. `-` and `_` in flag names are the same, and
/// "model,checkpoint" gives one flag two names; "output" is "--out" as well. A list takes several
/// words or one with commas; a bool is a switch without a value, turned off by "--no-<name>". Flags
/// of an options struct come from its description: register_flags() in options.h.
class Flags {
 public:
  Flags& add(std::string_view name, FieldValue value, std::string_view help);
  /// `field` is what messages call it and given() returns.
  Flags& add_field(std::string_view field, std::string_view name, FieldValue value,
                   std::string_view help);
  Flags& positional(std::string_view name, FieldValue value, std::string_view help);

  /// These apply to the flag added last.
  Flags& required();
  Flags& choices(const std::vector<std::string>& allowed);

  /// Heading in the help for the flags that follow.
  Flags& group(std::string_view title);

  /// After parsing: the fields whose flags are on the command line. A flag of add() is a field of
  /// its first name, with underscores.
  FieldNames given() const;

  class Impl;
  explicit Flags(Impl* impl) : impl_(impl) {}

 private:
  Impl* impl_;
};

/// The program: a set of verbs, each with flags and a function that returns an exit code.
class CommandLine {
 public:
  CommandLine(std::string name, std::string summary, std::string version);
  ~CommandLine();

  /// `define` registers the verb's flags and returns the function to run after parsing.
  using Run = std::function<int()>;
  void add_verb(std::string_view name, std::string_view summary,
                const std::function<Run(Flags&)>& define);
  void add_alias(std::string_view alias, std::string_view verb);

  /// Parses, runs the verb, returns the exit code. Help and version go to `out`; any exception to
  /// `err`, as one line in which the fields that the message names in backticks are shown as the
  /// verb's flags. "help VERB" is "VERB --help". A std::system_error, as printing throws it, is the
  /// caller's.
  int run(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nest
