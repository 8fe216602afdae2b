#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "nest/core/job.h"
#include "nest/core/options_fwd.h"
#include "nest/recognize/bundle.h"
#include "nest/stream/feed.h"
#include "nest/stream/pipeline.h"
#include "nest/stream/real_time.h"

namespace nest::stream {

/// A stream from its source to what shows it.
struct SessionOptions {
  SourceOptions source;
  StreamConfig config;
  FeedOptions feed;
  RealTimeOptions real_time = {};
  std::string lsl_out = {};   ///< name of an LSL stream to send the text to; empty: none
  std::string fallback = {};  ///< model file for the watchdog; empty: greedy decoding
  std::string trace = {};     ///< file for a trace of the hops; empty: none
  bool json = false;          ///< one line an event and a summary; else text, a line a segment
};
void visit_fields(FieldVisitor& visitor, SessionOptions& options);

/// Where a session's output goes.
struct SessionOutput {
  std::function<void(std::string_view)> print;  ///< text or JSON, wanted at once
  std::function<void(std::string_view)> live;   ///< one line that replaces the one before; may be
                                                ///< null
  std::function<std::size_t()> columns;         ///< of the live line
};

/// Decodes a source until it ends, fails or the job is stopped. What was committed is printed on
/// every way out, then the summary (as text: to the log); an error of the source is passed on
/// behind it.
/// Errors: those of StreamingInference, open_source() and feed().
void run_session(const recognize::Bundle& bundle, const decode::DecodeOptions& decoding,
                 const recognize::LoadOptions& loading, const SessionOptions& options,
                 const SessionOutput& output, const Job& job = {});

}  // namespace nest::stream
