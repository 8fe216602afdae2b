#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/json_text.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
#include "nest/stream/committed_text.h"
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
void show_live(const stream::StreamingInference& pipeline, const stream::StreamEvent& event,
               const std::string& committed) {
  constexpr std::size_t kWidth = 60;
  std::string text = committed.substr(committed.size() - std::min(committed.size(), kWidth));
  text += "\x1b[2m" + pipeline.text_of(event.tentative) + "\x1b[0m";
  if (text.size() > kWidth) text = "…" + text.substr(text.size() - kWidth);
  fmt::print(stderr, "\r\x1b[K{:7.1f} s  {:6.2f} ms  {}", event.time_s, event.latency.age_ms, text);
}

/// What was printed is wanted now.
void flush_output() {
  if (std::fflush(stdout) == 0) return;
  throw std::system_error(errno, std::generic_category(), "standard output");
}

/// What a run came to, however it ended.
struct Outcome {
  std::string text;
  stream::FeedResult fed;
  std::exception_ptr failure;
};

/// Runs until the source ends, fails or a stop is requested; prints what is committed meanwhile.
Outcome stream_text(const StreamVerb& verb, stream::StreamingInference& pipeline,
                    stream::Source& source, stream::Clock& clock) {
  // Where the text itself appears, the live line would be written into it.
  const bool shows_live = ::isatty(STDERR_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 0;
  Outcome outcome;
  stream::CommittedText committed([&](auto tokens) { return pipeline.text_of(tokens); });
  const auto sink = [&](const stream::StreamEvent& event) {
    const std::string piece = committed.add(event.committed);
    if (verb.json) {
      fmt::print("{}\n", json_text(event_json(pipeline, event, piece)));
    } else {
      fmt::print("{}", piece);
    }
    if (verb.json || !piece.empty()) flush_output();
    if (shows_live) show_live(pipeline, event, committed.text());
  };
  const double start_s = clock.now_s();
  try {
    outcome.fed = feed(source, pipeline, clock, sink, verb.feed, command_job().stop);
  } catch (const Error&) {
    const std::int64_t samples = pipeline.processor().counts().samples_in;
    if (samples == 0) throw;  // it never began
    outcome.failure = std::current_exception();
    outcome.fed = {.samples = samples,
                   .signal_s = static_cast<double>(samples) / source.info().rate_hz,
                   .wall_s = clock.now_s() - start_s};
  }
  outcome.text = committed.text();
  if (shows_live) fmt::print(stderr, "\n");
  return outcome;
}

int run(const StreamVerb& verb) {
  validate(verb.feed);
  const std::stop_token& stop = command_job().stop;
  const auto clock = stream::make_wall_clock(stop);
  stream::StreamingInference pipeline(bundle_of(verb.recognizer), verb.config,
                                      verb.recognizer.recognize.decode, *clock);
  const auto source = stream::open_source(verb.source, *clock, stop);
  log_info("{} -> {}", source->info().name, pipeline.describe());
  const Outcome outcome = stream_text(verb, pipeline, *source, *clock);
  if (verb.json) {
    fmt::print("{}\n", json_text({{"summary", summary_json(pipeline, outcome.fed, outcome.text)}}));
  } else {
    fmt::print("\n");
    flush_output();
    log_info("{}", summary_text(pipeline, outcome.fed));
  }
  if (outcome.failure) std::rethrow_exception(outcome.failure);
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
