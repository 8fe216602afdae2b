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

/// One line of JSON an event: what is committed, what may still change, where the time went.
void print_event(const stream::StreamingInference& pipeline, const stream::StreamEvent& event) {
  const Json line = {{"time_s", event.time_s},
                     {"committed", pipeline.text_of(event.committed)},
                     {"tentative", pipeline.text_of(event.tentative)},
                     {"latency_ms", event.latency.age_ms},
                     {"wait_ms", event.latency.wait_ms},
                     {"preprocess_ms", event.latency.preprocess_ms},
                     {"model_ms", event.latency.model_ms},
                     {"decode_ms", event.latency.decode_ms}};
  fmt::print("{}\n", json_text(line));
}

/// The last characters of the text so far on one line of a terminal.
void show_live(const stream::StreamingInference& pipeline, const stream::StreamEvent& event) {
  constexpr std::size_t kWidth = 60;
  std::string text = pipeline.text_of(event.committed);
  text += "\x1b[2m" + pipeline.text_of(event.tentative) + "\x1b[0m";
  if (text.size() > kWidth) text = "…" + text.substr(text.size() - kWidth);
  fmt::print(stderr, "\r\x1b[K{:7.1f} s  {:6.2f} ms  {}", event.time_s, event.latency.age_ms, text);
}

Json summary(const stream::StreamingInference& pipeline, const std::string& text,
             const stream::FeedResult& fed) {
  const auto statistics = pipeline.latency().statistics();
  const auto parts = pipeline.latency().mean_parts();
  const contract::ProcessorCounts counts = pipeline.processor().counts();
  return {{"text", text},
          {"signal_s", fed.signal_s},
          {"wall_s", fed.wall_s},
          {"real_time_factor", fed.signal_s > 0 ? fed.wall_s / fed.signal_s : 0},
          {"latency", to_json(statistics)},
          {"mean_parts_ms",
           {{"wait", parts.wait_ms},
            {"preprocess", parts.preprocess_ms},
            {"model", parts.model_ms},
            {"decode", parts.decode_ms}}},
          {"gaps", pipeline.gaps()},
          {"non_finite_samples", counts.non_finite},
          {"pipeline", pipeline.describe()}};
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
    if (verb.json) print_event(pipeline, event);
    if (is_terminal) show_live(pipeline, event);
    text = pipeline.text_of(event.committed);
  };
  const stream::FeedResult fed = feed(*source, pipeline, *clock, sink, verb.feed, stop);
  if (is_terminal) fmt::print(stderr, "\n");
  if (verb.json) {
    fmt::print("{}\n", json_text({{"summary", summary(pipeline, text, fed)}}));
  } else {
    const auto s = pipeline.latency().statistics();
    fmt::print("{}\n", text);
    log_info(
        "{} hops over {:.1f} s of signal: latency p50 {:.2f}, p95 {:.2f}, p99 {:.2f}, "
        "p99.9 {:.2f} ms, {} above {} ms; {} gaps",
        s.count, fed.signal_s, s.p50_ms, s.p95_ms, s.p99_ms, s.p999_ms, s.deadline_misses,
        verb.config.max_latency_ms, pipeline.gaps());
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
