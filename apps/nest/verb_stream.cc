#include <memory>

#include <fmt/format.h>
#include <unistd.h>

#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/json_text.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
#include "nest/stream/feed.h"
#include "nest/stream/pipeline.h"
#include "nest/stream/report.h"
#include "nest/stream/source.h"
#include "recognizer_arguments.h"
#include "terminal.h"

namespace nest {
namespace {

struct StreamVerb {
  RecognizerArguments recognizer;
  stream::SourceOptions source;
  stream::StreamConfig config;
  stream::FeedOptions feed;
  bool json = false;
};

/// The last characters of the text so far on one line of a terminal.
void show_live(const stream::StreamingInference& pipeline, const stream::StreamEvent& event) {
  constexpr std::size_t kWidth = 60;
  std::string text = pipeline.text_of(event.committed);
  text += "\x1b[2m" + pipeline.text_of(event.tentative) + "\x1b[0m";
  if (text.size() > kWidth) text = "…" + text.substr(text.size() - kWidth);
  fmt::print(stderr, "\r\x1b[K{:7.1f} s  {:6.2f} ms  {}", event.time_s, event.latency.age_ms, text);
}

int run(const StreamVerb& verb) {
  validate(verb.feed);
  const std::stop_token& stop = command_job().stop;
  const auto clock = stream::make_wall_clock(stop);
  stream::StreamingInference pipeline(load_bundle(verb.recognizer), verb.config,
                                      verb.recognizer.recognize.decode, *clock);
  const auto source = stream::open_source(verb.source, *clock, stop);
  log_info("{} -> {}", source->info().name, pipeline.describe());

  const bool is_terminal = ::isatty(STDERR_FILENO) == 1;
  std::string text;
  const auto sink = [&](const stream::StreamEvent& event) {
    if (verb.json) fmt::print("{}\n", json_text(event_json(pipeline, event)));
    if (is_terminal) show_live(pipeline, event);
    text = pipeline.text_of(event.committed);
  };
  const stream::FeedResult fed = feed(*source, pipeline, *clock, sink, verb.feed, stop);
  if (is_terminal) fmt::print(stderr, "\n");
  if (verb.json) {
    fmt::print("{}\n", json_text({{"summary", summary_json(pipeline, fed, text)}}));
  } else {
    fmt::print("{}\n", text);
    log_info("{}", summary_text(pipeline, fed));
  }
  return 0;
}

}  // namespace

void add_stream(CommandLine& line) {
  line.add_verb("stream", "Decode a live or replayed signal as it arrives",
                [](Flags& flags) -> CommandLine::Run {
                  auto verb = std::make_shared<StreamVerb>();
                  register_flags(flags, verb->source);
                  register_flags(flags, verb->config);
                  register_flags(flags, verb->recognizer);
                  flags.group("Source");
                  register_flags(flags, verb->feed);
                  flags.add("json", verb->json, "one line of JSON an event, then a summary");
                  return [verb] { return run(*verb); };
                });
}

}  // namespace nest
