#include "verbs.h"

#include "nest/core/flags.h"

namespace nest {

// Each verb lives in verb_<name>.cc.
void add_convert(CommandLine& line);
void add_doctor(CommandLine& line);
void add_filter(CommandLine& line);
void add_score(CommandLine& line);
void add_import(CommandLine& line);
void add_inspect(CommandLine& line);
void add_synth(CommandLine& line);
void add_lm(CommandLine& line);
void add_run(CommandLine& line);
void add_stream(CommandLine& line);
void add_train(CommandLine& line);
void add_audit(CommandLine& line);
void add_bench(CommandLine& line);
void add_confidence(CommandLine& line);
void add_benchmark(CommandLine& line);
void add_compare(CommandLine& line);
void add_decode(CommandLine& line);
void add_report(CommandLine& line);

void add_all_verbs(CommandLine& line) {
  add_convert(line);
  add_doctor(line);
  add_filter(line);
  add_score(line);
  add_import(line);
  add_inspect(line);
  add_synth(line);
  add_lm(line);
  add_run(line);
  add_stream(line);
  add_train(line);
  add_audit(line);
  add_bench(line);
  add_confidence(line);
  add_benchmark(line);
  add_compare(line);
  add_decode(line);
  add_report(line);
}

}  // namespace nest
