#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/json_fwd.h"

namespace nest {

/// The flags of one command. Values are written into the caller's variables when parsed; their
/// initial values are the defaults shown in the help. `-` and `_` in flag names are the same, and
/// "model,checkpoint" gives one flag two names.
///
/// An options struct XOptions comes with exactly three free functions:
///   void register_flags(Flags& flags, XOptions& options);
///   void validate(const XOptions& options);          // throws Error(kInvalidArgument)
///   Json to_json(const XOptions& options);
class Flags {
 public:
  Flags& add(std::string_view name, int& value, std::string_view help);
  Flags& add(std::string_view name, std::int64_t& value, std::string_view help);
  Flags& add(std::string_view name, std::uint64_t& value, std::string_view help);
  Flags& add(std::string_view name, float& value, std::string_view help);
  Flags& add(std::string_view name, double& value, std::string_view help);
  Flags& add(std::string_view name, std::string& value, std::string_view help);
  /// Repeated values or one comma-separated list: "--bandpass 0.5,40".
  Flags& add(std::string_view name, std::vector<int>& value, std::string_view help);
  Flags& add(std::string_view name, std::vector<double>& value, std::string_view help);
  Flags& add(std::string_view name, std::vector<std::string>& value, std::string_view help);
  Flags& add(std::string_view name, std::optional<std::int64_t>& value, std::string_view help);
  Flags& add(std::string_view name, std::optional<double>& value, std::string_view help);
  Flags& add(std::string_view name, std::optional<std::string>& value, std::string_view help);
  /// A switch without a value; "--no-<name>" turns it off.
  Flags& add(std::string_view name, bool& value, std::string_view help);
  Flags& positional(std::string_view name, std::string& value, std::string_view help);
  Flags& positional(std::string_view name, std::vector<std::string>& value, std::string_view help);

  /// These apply to the flag added last.
  Flags& required();
  Flags& choices(const std::vector<std::string>& allowed);

  /// Heading in the help for the flags that follow.
  Flags& group(std::string_view title);

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

  /// Parses, runs the verb, returns the exit code. Help and version go to `out`, what is wrong with
  /// the flags to `err`; an Error or another exception is logged.
  int run(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nest
