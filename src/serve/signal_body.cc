#include "serve/signal_body.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "nest/core/memory_file.h"
#include "nest/io/recording.h"
#include "serve/inference.h"

namespace nest::serve {
namespace {

constexpr std::int64_t kMostSamples = std::int64_t{1} << 27;
/// Files that are complete in themselves and are read as such.
constexpr std::array<std::string_view, 6> kFormats{"EDF", "BDF", "GDF", "XDF", "NPY", "MATLAB"};

double number_of(const Request& request, const char* field) {
  const std::string_view text = request.query_of(field);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (!text.empty() && (error != std::errc() || end != text.data() + text.size() || !(value > 0)))
    refuse(field, fmt::format("{} is no number above 0", field));
  return value;
}

MemoryFile file_of(std::string_view body) {
  try {
    return MemoryFile(std::as_bytes(std::span(body)));
  } catch (const Error&) {
    throw RequestError(503, "body", "there is no room for the body now; try again later");
  }
}

void require_known_format(const std::filesystem::path& file, std::string_view body) {
  const std::string format = io::recording_format(file);
  const bool is_known = std::find(kFormats.begin(), kFormats.end(), format) != kFormats.end();
  if (!is_known || (format == "MATLAB" && !body.starts_with("MATLAB 5.0")))
    refuse("body", fmt::format("the body is {}; EDF, BDF, GDF, XDF, NPY and MATLAB 5 are taken",
                               format.empty() ? "no recording" : "a recording of " + format));
}

/// Names and units of the query where the file states none.
void complete(contract::SourceInfo& source, const Request& request,
              const graph::SignalContract& contract) {
  if (const double rate_hz = number_of(request, "rate_hz"); source.rate_hz <= 0)
    source.rate_hz = rate_hz > 0 ? rate_hz : contract.rate_hz;
  std::string unit(request.query_of("unit"));
  if (unit.empty()) unit = contract.unit;
  const bool is_nameless = std::all_of(source.channels.begin(), source.channels.end(),
                                       [](const auto& channel) { return channel.unit.empty(); });
  if (is_nameless)
    for (contract::SourceChannel& channel : source.channels) channel.unit = unit;
}

}  // namespace

SentSignal read_recording(const Request& request, const graph::SignalContract& contract) {
  if (request.body.empty()) refuse("body", "the body is empty; a recording is needed");
  const MemoryFile file = file_of(request.body);
  require_known_format(file.path(), request.body);
  try {
    const auto recording =
        io::open_recording(file.path(), {.stream = std::string(request.query_of("stream")),
                                         .rate_hz = number_of(request, "rate_hz")});
    const io::RecordingInfo& info = recording->info();
    const auto rows = static_cast<std::int64_t>(info.channels.size());
    if (rows == 0 || info.num_samples == 0 || info.num_samples > kMostSamples / rows)
      refuse("body", "the recording has no samples, or too many for one answer");
    SentSignal sent{{}, contract::source_of(info, "recording")};
    complete(sent.source, request, contract);
    sent.samples = recording->read_all(DType::kF64);
    return sent;
  } catch (const RequestError&) {
    throw;
  } catch (const Error& error) {
    refuse("body", error.message());
  }
}

SentSignal parse_signal(const Json& json, const graph::SignalContract& contract) {
  if (!json.is_object() || !json.contains("signal") || !json.at("signal").is_array())
    refuse("signal", "signal is no list of channels");
  const Json& rows = json.at("signal");
  const std::size_t count = rows.empty() || !rows[0].is_array() ? 0 : rows[0].size();
  if (count == 0) refuse("signal", "signal needs a list of samples for each channel");
  std::vector<double> values;
  for (const Json& row : rows) {
    if (!row.is_array() || row.size() != count)
      refuse("signal", "the channels of signal have different numbers of samples");
    for (const Json& value : row) {
      if (!value.is_number()) refuse("signal", "signal holds something that is no number");
      values.push_back(value.get<double>());
    }
  }
  const Shape shape{static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(count)};
  return {Tensor::from<double>(shape, values), source_of(json, contract, shape[0])};
}

}  // namespace nest::serve
