#include "nest/core/flags.h"

#include <algorithm>
#include <exception>
#include <map>
#include <ostream>
#include <system_error>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include "help_formatter.h"
#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/core/suggest.h"

namespace nest {
namespace {

/// "model_config,config" becomes "--model-config,--config"; command lines are normalised alike.
/// What a verb writes has two spellings, the same everywhere.
std::string flag_names(std::string_view name) {
  if (name == "output") return "--output,--out";
  std::string text = "--";
  for (const char c : name) {
    text += c == '_' ? '-' : c;
    if (c == ',') text += "--";
  }
  return text;
}

}  // namespace

class Flags::Impl {
 public:
  struct Entry {
    std::string field;
    CLI::Option* option;
  };
  explicit Impl(CLI::App* app) : app(app) {}

  void add(std::string_view field, const std::string& names, const FieldValue& value,
           std::string_view help, bool is_positional) {
    last = has_switch(value) && !is_positional ? add_switch(names, value, help)
                                               : add_option(field, names, value, help);
    if (!is_positional) last->default_str(value.text());
    if (!title.empty() && !is_positional) last->group(title);
    entries.push_back({std::string(field), last});
  }

  /// The flag of a field, "" if it has none. A field of a part is found by its last name too.
  std::string flag_of(std::string_view field) const {
    for (const Entry& entry : entries) {
      const std::string& known = entry.field;
      const bool is_inner = known.size() > field.size() && known.ends_with(field) &&
                            known[known.size() - field.size() - 1] == '.';
      if (known == field || is_inner) return entry.option->get_name();
    }
    return "";
  }

  CLI::App* app;
  std::vector<Entry> entries;
  CLI::Option* last = nullptr;
  std::string title;

 private:
  static bool has_switch(const FieldValue& value) {
    return std::holds_alternative<bool*>(value.variable());
  }

  CLI::Option* add_switch(const std::string& names, const FieldValue& value,
                          std::string_view help) {
    bool& variable = *std::get<bool*>(value.variable());
    return app->add_flag(names + ",!--no-" + names.substr(2), variable, std::string(help));
  }

  CLI::Option* add_option(std::string_view field, const std::string& names, const FieldValue& value,
                          std::string_view help) {
    const auto parse = [value, field = std::string(field)](const CLI::results_t& words) {
      try {
        value.parse(words);
      } catch (const Error& error) {
        throw FieldError(field, error.message());
      }
      return true;
    };
    CLI::Option* option = app->add_option(names, parse, std::string(help));
    option->type_name(value.type_text());
    if (value.is_list()) {
      option->expected(CLI::detail::expected_max_vector_size)->delimiter(',');
    }
    return option;
  }
};

Flags& Flags::add_field(std::string_view field, std::string_view name, FieldValue value,
                        std::string_view help) {
  impl_->add(field, flag_names(name), value, help, false);
  return *this;
}

Flags& Flags::add(std::string_view name, FieldValue value, std::string_view help) {
  std::string field(name.substr(0, name.find(',')));
  std::replace(field.begin(), field.end(), '-', '_');
  return add_field(field, name, value, help);
}

Flags& Flags::positional(std::string_view name, FieldValue value, std::string_view help) {
  impl_->add(name, std::string(name), value, help, true);
  return *this;
}

Flags& Flags::required() {
  impl_->last->required()->default_str("");
  return *this;
}

Flags& Flags::choices(const std::vector<std::string>& allowed) {
  impl_->last->type_name(fmt::format("{{{}}}", fmt::join(allowed, ",")));
  impl_->last->check([allowed](const std::string& word) -> std::string {
    if (std::ranges::find(allowed, word) != allowed.end()) return "";
    return fmt::format("is '{}'; it must be one of {}{}", word, fmt::join(allowed, ", "),
                       suggestion(word, allowed));
  });
  return *this;
}

Flags& Flags::group(std::string_view title) {
  impl_->title = title;
  return *this;
}

FieldNames Flags::given() const {
  FieldNames fields;
  for (const Impl::Entry& entry : impl_->entries) {
    if (entry.option->count() > 0) fields.insert(entry.field);
  }
  return fields;
}

struct CommandLine::Impl {
  std::vector<std::string> verb_names() const {
    std::vector<std::string> names;
    for (const CLI::App* verb : app.get_subcommands({})) {
      names.push_back(verb->get_name());
      for (const std::string& alias : verb->get_aliases()) names.push_back(alias);
    }
    return names;
  }

  /// Throws the one error that says most about a line that could not be parsed.
  [[noreturn]] void explain(const CLI::ParseError& error) const;
  /// A message with the verb's flags in the place of `fields`.
  std::string with_flags(std::string_view message) const;

  CLI::App app;
  std::map<std::string, Run> verbs;
  std::vector<std::unique_ptr<Flags::Impl>> flags;
  const Flags::Impl* chosen = nullptr;
  LogLevel log_level = LogLevel::kInfo;
  Flags::Impl global{&app};
};

void CommandLine::Impl::explain(const CLI::ParseError& error) const {
  const CLI::App& at = chosen == nullptr ? app : *chosen->app;
  const bool is_verb = chosen != nullptr;
  const std::string verb = app.get_name() + (is_verb ? " " + at.get_name() : "");
  const std::string help = app.get_name() + (is_verb ? " help " + at.get_name() : " --help");
  std::vector<std::string> known{"--log-level"};
  for (const CLI::Option* option : at.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  for (const std::string& word : app.remaining(true)) {
    require(!word.starts_with("-"), ErrorCode::kInvalidArgument,
            "{} has no flag {}{} ({} lists them)", verb, word.substr(0, word.find('=')),
            suggestion(word.substr(0, word.find('=')), known), help);
    require(word == "--", ErrorCode::kInvalidArgument, "{} takes no further argument '{}' ({})",
            verb, word, help);
  }
  std::vector<std::string> missing;
  for (const CLI::Option* option : at.get_options()) {
    if (option->get_required() && option->count() == 0) missing.push_back(option->get_name());
  }
  require(missing.empty(), ErrorCode::kInvalidArgument, "{} needs {} ({} says more)", verb,
          fmt::join(missing, " and "), help);
  fail(ErrorCode::kInvalidArgument, "{} ({})", error.what(), help);
}

std::string CommandLine::Impl::with_flags(std::string_view message) const {
  std::string text;
  while (true) {
    const std::size_t begin = message.find('`');
    const std::size_t end = begin == message.npos ? begin : message.find('`', begin + 1);
    if (end == message.npos) return text + std::string(message);
    const std::string_view field = message.substr(begin + 1, end - begin - 1);
    std::string flag = chosen == nullptr ? "" : chosen->flag_of(field);
    if (flag.empty()) flag = global.flag_of(field);
    // A quote that is no field may stand before one that is: go on behind its first mark.
    text += flag.empty() ? message.substr(0, begin + 1) : message.substr(0, begin);
    text += flag;
    message.remove_prefix(flag.empty() ? begin + 1 : end + 1);
  }
}

CommandLine::CommandLine(std::string name, std::string summary, std::string version)
    : impl_(std::make_unique<Impl>()) {
  CLI::App& app = impl_->app;
  app.name(name);
  app.description(std::move(summary));
  app.footer(fmt::format("{} help VERB lists the flags of a verb.", name));
  app.set_version_flag("--version", std::move(version));
  app.require_subcommand(1);
  app.fallthrough();
  app.formatter(std::make_shared<HelpFormatter>());
  impl_->global.add("log_level", "--log-level", impl_->log_level, "least that is logged", false);
}

CommandLine::~CommandLine() = default;

void CommandLine::add_verb(std::string_view name, std::string_view summary,
                           const std::function<Run(Flags&)>& define) {
  CLI::App* app = impl_->app.add_subcommand(std::string(name), std::string(summary));
  impl_->flags.push_back(std::make_unique<Flags::Impl>(app));
  // Only the verb that is named gets its flags: the others cost nothing at start.
  app->preparse_callback(
      [this, flags = impl_->flags.back().get(), verb = std::string(name), define](std::size_t) {
        impl_->chosen = flags;
        Flags handle(flags);
        impl_->verbs[verb] = define(handle);
      });
}

void CommandLine::add_alias(std::string_view alias, std::string_view verb) {
  impl_->app.get_subcommand(std::string(verb))->alias(std::string(alias));
}

namespace {

/// Foreign texts in a message (names of files, what other libraries say) may hold line ends.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

/// "_" becomes "-" in the names of flags; "help VERB" becomes "VERB --help".
std::vector<std::string> normalised(int argc, const char* const* argv) {
  std::vector<std::string> arguments;
  bool only_positional = false;
  for (int i = 1; i < argc; ++i) {
    std::string text = argv[i];
    if (text == "--") only_positional = true;
    if (!only_positional && text.starts_with("--")) {
      const std::size_t end = std::min(text.find('='), text.size());
      std::replace(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '_', '-');
    }
    arguments.push_back(std::move(text));
  }
  if (!arguments.empty() && arguments.front() == "help") {
    arguments.erase(arguments.begin());
    arguments.resize(std::min<std::size_t>(arguments.size(), 1));
    arguments.emplace_back("--help");
  }
  return arguments;
}

}  // namespace

int CommandLine::run(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  std::vector<std::string> arguments = normalised(argc, argv);
  try {
    const std::vector<std::string> verbs = impl_->verb_names();
    require(!arguments.empty(), ErrorCode::kInvalidArgument,
            "give a verb: {} ({} --help says more)", fmt::join(verbs, " "), impl_->app.get_name());
    const std::string& first = arguments.front();
    require(first.starts_with('-') || std::ranges::find(verbs, first) != verbs.end(),
            ErrorCode::kInvalidArgument, "there is no verb '{}'; known: {}{}", first,
            fmt::join(verbs, " "), suggestion(first, verbs));
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants it
    try {
      impl_->app.parse(std::move(arguments));
    } catch (const CLI::Success& help) {
      return impl_->app.exit(help, out, err);
    } catch (const CLI::ParseError& error) {
      impl_->explain(error);
    }
    set_log_level(impl_->log_level);
    return impl_->verbs.at(impl_->app.get_subcommands().front()->get_name())();
  } catch (const Error& error) {
    err << "error: " << one_line(impl_->with_flags(error.what())) << std::endl;
    return exit_code(error.code());
  } catch (const std::system_error&) {
    throw;
  } catch (const std::exception& error) {
    const std::string_view text = error.what();  // LibTorch's go on with a backtrace
    err << "error: internal: " << text.substr(0, text.find('\n')) << std::endl;
    return exit_code(ErrorCode::kInternal);
  }
}

}  // namespace nest
