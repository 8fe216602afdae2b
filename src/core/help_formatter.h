#pragma once

#include <string>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

namespace nest {

inline bool is_switch(const CLI::Option& option) {
  return option.get_items_expected_max() == 0 && !option.get_default_str().empty();
}

/// Switches show both of their names and which one holds; defaults stand behind their type (later
/// versions of CLI11 write them in brackets).
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    if (!is_switch(*option)) return CLI::Formatter::make_option_name(option, is_positional);
    return fmt::format("--{}", fmt::join(option->get_lnames(), " / --"));
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    if (is_switch(*option)) return fmt::format(" [{}]", option->get_default_str());
    if (option->get_type_size() == 0) return "";
    std::string text;
    if (!option->get_type_name().empty()) text += " " + get_label(option->get_type_name());
    if (!option->get_default_str().empty()) text += "=" + option->get_default_str();
    if (option->get_expected_max() == CLI::detail::expected_max_vector_size) text += " ...";
    if (option->get_required()) text += " " + get_label("REQUIRED");
    return text;
  }
};

}  // namespace nest
