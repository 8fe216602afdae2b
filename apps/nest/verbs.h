#pragma once

namespace nest {

class CommandLine;

/// Registers every verb of the nest command; one function a file, listed in verbs.cc.
void add_all_verbs(CommandLine& line);

}  // namespace nest
