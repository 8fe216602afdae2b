#include "nest/core/flags.h"

#include <algorithm>
#include <exception>
#include <map>

#include <CLI/CLI.hpp>

#include "nest/core/error.h"
#include "nest/core/log.h"

namespace nest {

class Flags::Impl {
 public:
  explicit Impl(CLI::App* app) : app(app) {}

  /// "--model_config" is stored as "--model-config"; command lines are normalised the same way.
  static std::string flag_name(std::string_view name) {
    std::string text = "--";
    for (const char c : name) {
      text += c == '_' ? '-' : c;
      if (c == ',') text += "--";
    }
    return text;
  }

  template <class T>
  void add(std::string_view name, T& value, std::string_view help) {
    last = app->add_option(flag_name(name), value, std::string(help))->capture_default_str();
    if (!title.empty()) last->group(title);
  }
  template <class T>
  void add_list(std::string_view name, T& value, std::string_view help) {
    add(name, value, help);
    last->delimiter(',');
  }

  CLI::App* app;
  CLI::Option* last = nullptr;
  std::string title;
};

Flags& Flags::add(std::string_view n, int& v, std::string_view h) {
  impl_->add(n, v, h);
  return *this;
}
Flags& Flags::add(std::string_view n, std::int64_t& v, std::string_view h) {
  impl_->add(n, v, h);
  return *this;
}
Flags& Flags::add(std::string_view n, std::uint64_t& v, std::string_view h) {
  impl_->add(n, v, h);
  return *this;
}
Flags& Flags::add(std::string_view n, float& v, std::string_view h) {
  impl_->add(n, v, h);
  return *this;
}
Flags& Flags::add(std::string_view n, double& v, std::string_view h) {
  impl_->add(n, v, h);
  return *this;
}
Flags& Flags::add(std::string_view n, std::string& v, std::string_view h) {
  impl_->add(n, v, h);
  return *this;
}
Flags& Flags::add(std::string_view n, std::vector<int>& v, std::string_view h) {
  impl_->add_list(n, v, h);
  return *this;
}
Flags& Flags::add(std::string_view n, std::vector<double>& v, std::string_view h) {
  impl_->add_list(n, v, h);
  return *this;
}
Flags& Flags::add(std::string_view n, std::vector<std::string>& v, std::string_view h) {
  impl_->add_list(n, v, h);
  return *this;
}
Flags& Flags::add(std::string_view n, std::optional<std::int64_t>& v, std::string_view h) {
  impl_->add(n, v, h);
  return *this;
}
Flags& Flags::add(std::string_view n, std::optional<double>& v, std::string_view h) {
  impl_->add(n, v, h);
  return *this;
}
Flags& Flags::add(std::string_view n, std::optional<std::string>& v, std::string_view h) {
  impl_->add(n, v, h);
  return *this;
}

Flags& Flags::add(std::string_view name, bool& value, std::string_view help) {
  const std::string flag = Impl::flag_name(name);
  impl_->last = impl_->app->add_flag(flag + ",!--no-" + flag.substr(2), value, std::string(help));
  if (!impl_->title.empty()) impl_->last->group(impl_->title);
  return *this;
}

Flags& Flags::positional(std::string_view name, std::string& value, std::string_view help) {
  impl_->last = impl_->app->add_option(std::string(name), value, std::string(help));
  return *this;
}

Flags& Flags::positional(std::string_view name, std::vector<std::string>& value,
                         std::string_view help) {
  impl_->last = impl_->app->add_option(std::string(name), value, std::string(help));
  return *this;
}

Flags& Flags::required() {
  impl_->last->required();
  return *this;
}

Flags& Flags::choices(const std::vector<std::string>& allowed) {
  impl_->last->check(CLI::IsMember(allowed));
  return *this;
}

Flags& Flags::group(std::string_view title) {
  impl_->title = title;
  return *this;
}

struct CommandLine::Impl {
  CLI::App app;
  std::map<std::string, Run> verbs;
  std::vector<std::unique_ptr<Flags::Impl>> flags;
  std::string log_level = "info";
};

CommandLine::CommandLine(std::string name, std::string summary, std::string version)
    : impl_(std::make_unique<Impl>()) {
  impl_->app.name(std::move(name));
  impl_->app.description(std::move(summary));
  impl_->app.set_version_flag("--version", std::move(version));
  impl_->app.require_subcommand(1);
  impl_->app.fallthrough();
  impl_->app.add_option("--log-level", impl_->log_level, "debug, info, warn, error or off")
      ->capture_default_str();
}

CommandLine::~CommandLine() = default;

void CommandLine::add_verb(std::string_view name, std::string_view summary,
                           const std::function<Run(Flags&)>& define) {
  CLI::App* app = impl_->app.add_subcommand(std::string(name), std::string(summary));
  impl_->flags.push_back(std::make_unique<Flags::Impl>(app));
  // Only the verb that is named gets its flags: the others cost nothing at start.
  app->preparse_callback([this, flags = Flags(impl_->flags.back().get()), verb = std::string(name),
                          define](std::size_t) mutable { impl_->verbs[verb] = define(flags); });
}

void CommandLine::add_alias(std::string_view alias, std::string_view verb) {
  impl_->app.get_subcommand(std::string(verb))->alias(std::string(alias));
}

int CommandLine::run(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  std::vector<std::string> arguments;  // reversed, as CLI11 wants it
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
  if (!arguments.empty() && !arguments.front().starts_with('-')) {
    const std::string& named = arguments.front();
    bool is_known = false;
    std::string known;
    impl_->app.get_subcommands([&](const CLI::App* verb) {
      is_known = is_known || verb->check_name(named);
      known += " " + verb->get_name();
      return true;
    });
    if (!is_known) {
      log_error("there is no verb '{}'; known:{}", named, known);
      return exit_code(ErrorCode::kInvalidArgument);
    }
  }
  std::reverse(arguments.begin(), arguments.end());
  try {
    try {
      impl_->app.parse(std::move(arguments));
    } catch (const CLI::ParseError& error) {
      return impl_->app.exit(error, out, err) == 0 ? 0 : exit_code(ErrorCode::kInvalidArgument);
    }
    set_log_level(log_level_from_name(impl_->log_level));
    return impl_->verbs.at(impl_->app.get_subcommands().front()->get_name())();
  } catch (const Error& error) {
    log_error("{}", error.what());
    return exit_code(error.code());
  } catch (const std::exception& error) {
    log_error("internal error: {}", error.what());
    return exit_code(ErrorCode::kInternal);
  }
}

}  // namespace nest
