#pragma once

#include <string>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

namespace nest {

inline bool is_switch(const CLI::Option& option) {
  return option.get_items_expected_max() == 0 && !option.get_default_str().empty();
}

/// Switches show both of their names and which one holds.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    if (!is_switch(*option)) return CLI::Formatter::make_option_name(option, is_positional);
    return fmt::format("--{}", fmt::join(option->get_lnames(), " / --"));
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    if (!is_switch(*option)) return CLI::Formatter::make_option_opts(option);
    return " [" + option->get_default_str() + "]";
  }
};

}  // namespace nest
