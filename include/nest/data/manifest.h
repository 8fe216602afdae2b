#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "nest/core/json.h"
#include "nest/data/problem.h"

namespace nest::data {

/// Samples [first_sample, first_sample + num_samples) of a file; -1: to its end.
struct SampleRange {
  std::int64_t first_sample = 0;
  std::int64_t num_samples = -1;
};

/// One line of manifest.jsonl.
///
///   {"id": "s01_3", "signal": "s01.edf", "first_sample": 512, "num_samples": 1280,
///    "text": "HELLO", "subject": "s01", "session": "r1", "split": "train"}
///
/// Several ranges that are to be joined ("joined trials", no continuous speech):
///   "segments": [[512, 1280], [4096, 1280]] in place of first_sample and num_samples.
struct Utterance {
  std::string id;
  std::string signal;  ///< path, relative to the dataset's folder or absolute
  std::string stream;  ///< which part of the file (io::OpenOptions::stream), usually ""
  std::vector<SampleRange> ranges = {SampleRange{}};
  std::string text;
  std::string subject;
  std::string session;
  std::string split;
  Json extra = Json::object();  ///< every other key of the line, kept as it is

  bool is_joined() const { return ranges.size() > 1; }
};

/// Errors: DataCorrupt naming the key and what was expected.
Utterance utterance_from_json(const Json& json);
Json to_json(const Utterance& utterance);

struct Manifest {
  std::vector<Utterance> utterances;
  std::vector<std::size_t> lines;  ///< where each stands
  std::vector<Problem> problems;   ///< lines that could not be used
};

/// Reads line by line; empty lines are skipped. Errors: NotFound, Io.
Manifest read_manifest(const std::filesystem::path& path);
/// Errors: Io. Atomic.
void write_manifest(const std::filesystem::path& path, const std::vector<Utterance>& utterances);

}  // namespace nest::data
