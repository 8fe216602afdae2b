#pragma once

// What a verb is written with: flags of options structs, errors, files, JSON, the terminal.
#include <memory>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/field_error.h"
#include "nest/core/file.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/json_text.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
#include "terminal.h"

namespace nest {

/// What every verb's arguments begin with.
struct VerbArguments {
  bool json = false;  ///< print JSON in place of text
};

/// A verb whose flags fill an Arguments and whose `run` takes it; VerbArguments bring "--json".
template <class Arguments, class Run>
void add_verb(CommandLine& line, std::string_view name, std::string_view summary,
              void (*register_flags)(Flags& flags, Arguments& arguments), Run run,
              std::string_view json_help = "print JSON") {
  line.add_verb(name, summary, [=](Flags& flags) -> CommandLine::Run {
    auto arguments = std::make_shared<Arguments>();
    register_flags(flags, *arguments);
    if constexpr (std::is_base_of_v<VerbArguments, Arguments>)
      flags.group("Output").add("json", arguments->json, json_help);
    return [=] { return run(*arguments); };
  });
}

}  // namespace nest
