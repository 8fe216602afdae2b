#include "nest/core/config.h"
#include "nest/eval/audit.h"
#include "nest/recognize/decoding_options.h"
#include "verb.h"

namespace nest {
namespace {

struct AuditArguments : VerbArguments {
  recognize::DecodingOptions recognizer;
  eval::AuditOptions audit;
  eval::EvalSetOptions set;
  std::string data;
  std::string output;
  std::vector<std::string> results;
};

int run_audit(AuditArguments& a) {
  require(!a.data.empty() && !a.recognizer.model.empty(), ErrorCode::kInvalidArgument,
          "nest audit needs --data and --model");
  a.audit.eval.batch_size = a.recognizer.recognize.decode.batch_size;
  a.audit.split.test = a.set.split;
  a.audit.split.threads = a.audit.eval.jobs;
  a.audit.seed = a.audit.eval.summary.bootstrap.seed;
  const recognize::Bundle bundle = recognize::load_bundle(a.recognizer);
  eval::AuditInputs inputs = eval::open_audit_inputs(
      a.data, a.set, bundle.model(), recognize::RecognizerFactory(bundle, a.recognizer.recognize));
  for (const std::string& path : a.results) inputs.documents.emplace_back(path, load_json(path));
  const eval::Audit audit = eval::audit(inputs, a.audit, command_job());
  if (!a.output.empty()) write_text_file(a.output, json_text(to_json(audit), 2) + "\n");
  print_report(a.json, to_json(audit), eval::audit_text(audit.verdict()));
  return audit.passed() ? 0 : exit_code(ErrorCode::kCheckFailed);
}

}  // namespace

void add_audit(CommandLine& line) {
  add_verb<AuditArguments>(
      line, "audit", "Six checks that a model's figures mean what they seem to mean",
      [](Flags& flags, AuditArguments& a) {
        flags.add("data,test-data", a.data, "dataset folder with training and test split");
        register_flags(flags, a.set);
        flags.add("results", a.results, "files with figures, searched by check 6");
        flags.add("output", a.output, "verdict file (nest.audit/1)");
        register_flags(flags, a.recognizer);
        register_flags(flags, a.audit);
      },
      run_audit);
}

}  // namespace nest
