#include "nest/eval/recording_set.h"

#include "nest/contract/match.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/core/utf8.h"
#include "nest/data/annotations.h"
#include "nest/io/recording.h"

namespace nest::eval {
namespace {

data::Utterance utterance_of(const std::filesystem::path& file, const RecordingSetOptions& options,
                             std::size_t number, data::SampleRange range, double start_s,
                             double rate_hz) {
  data::Utterance utterance;
  utterance.id = fmt::format("{}_{:04}", utf8_or_latin1(file.stem().string()), number);
  utterance.signal = file.filename().string();
  utterance.stream = options.stream;
  utterance.ranges = {range};
  utterance.extra = {{"start_s", start_s},
                     {"duration_s", static_cast<double>(range.num_samples) / rate_hz}};
  return utterance;
}

std::vector<data::Utterance> by_segment(const std::filesystem::path& file,
                                        const RecordingSetOptions& options,
                                        const io::RecordingInfo& info) {
  std::vector<data::Utterance> utterances;
  for (const io::Segment& segment : info.segments) {
    if (segment.num_samples == 0) continue;
    utterances.push_back(utterance_of(file, options, utterances.size(),
                                      {segment.first_sample, segment.num_samples}, segment.time_s,
                                      info.rate_hz));
  }
  require(!utterances.empty(), ErrorCode::kDataCorrupt, "{}: the recording has no samples",
          file.string());
  return utterances;
}

std::vector<data::Utterance> by_annotation(const std::filesystem::path& file,
                                           const RecordingSetOptions& options,
                                           const io::RecordingInfo& info) {
  std::vector<data::Utterance> utterances;
  for (data::AnnotatedRange& range : data::annotated_ranges(info)) {
    utterances.push_back(
        utterance_of(file, options, utterances.size(), range.samples, range.onset_s, info.rate_hz));
    utterances.back().text = std::move(range.text);
  }
  require(!utterances.empty(), ErrorCode::kDataCorrupt,
          "{}: none of {} annotations has a text and a duration, so none is an utterance; decode "
          "the whole recording, `cut` whole",
          file.string(), info.annotations.size());
  return utterances;
}

/// The recording as a dataset of the model's contract.
data::DatasetInfo dataset_info(const io::RecordingInfo& info, const RecordingSetOptions& options,
                               const graph::SignalContract& contract) {
  data::DatasetInfo about;
  about.signal = contract;
  about.resample = options.resample;
  about.file_rate_hz = info.rate_hz;
  const auto volts = io::volts_per_unit(options.unit);
  if (volts && io::volts_per_unit(contract.unit)) about.file_gain = *volts;
  return about;
}

}  // namespace

EnumTable enum_table(Cut /*of*/) {
  static constexpr EnumName kNames[] = {{Cut::kWhole, "whole"}, {Cut::kAnnotations, "annotations"}};
  return {"cut of a recording", kNames};
}

void visit_fields(FieldVisitor& visitor, RecordingSetOptions& o) {
  visitor.field("cut", o.cut, "what of it is one text: the whole, or each annotation");
  visitor.field("stream", o.stream, "which part of it, where it has several");
  visitor.field("rate_hz", o.rate_hz, "sampling rate, where it states none", at_least(0),
                {.flag = "rate"});
  visitor.field("unit", o.unit, "V, mV, uV or nV, where it states none");
  visitor.field("resample", o.resample, "resample another rate to the model's", {}, kNoFlag);
}

EvalSet open_recording_set(const std::filesystem::path& file, const RecordingSetOptions& options,
                           const graph::SignalContract& contract) {
  nest::validate(options);
  require(
      contract.rate_hz > 0 && contract.num_channels > 0, ErrorCode::kInvalidArgument,
      "the model carries no signal contract, so it is not known what it takes; give it one: nest "
      "convert with `contract`");
  const auto recording =
      io::open_recording(file, {.stream = options.stream, .rate_hz = options.rate_hz});
  const io::RecordingInfo& info = recording->info();
  require(info.rate_hz > 0, ErrorCode::kInvalidArgument,
          "{}: the file states no sampling rate; say by `rate_hz` what it is", file.string());
  contract::match(contract::source_of(info, file.string()), contract,
                  {.resample = options.resample, .unit = options.unit});
  EvalSet set;
  set.name = utf8_or_latin1(file.filename().string());
  set.rate_hz = contract.rate_hz;
  set.channels = contract.channels;
  set.utterances = options.cut == Cut::kWhole ? by_segment(file, options, info)
                                              : by_annotation(file, options, info);
  for (std::size_t i = 0; i < set.utterances.size(); ++i) set.positions.push_back(i);
  const auto dataset = std::make_shared<const data::Dataset>(
      file.parent_path(), dataset_info(info, options, contract), set.utterances);
  set.load = [dataset](std::size_t i) { return dataset->load_signal(i); };
  return set;
}

}  // namespace nest::eval
