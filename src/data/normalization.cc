#include "data/normalization.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "nest/core/error.h"
#include "nest/core/hash.h"
#include "nest/core/log.h"

namespace nest::data {
namespace {

// Welford 1962, one pass, constant memory.
struct Moments {
  std::int64_t count = 0;
  double mean = 0;
  double m2 = 0;

  void add(double value) {
    ++count;
    const double delta = value - mean;
    mean += delta / static_cast<double>(count);
    m2 += delta * (value - mean);
  }
};

}  // namespace

std::string fit_hash(const Dataset& dataset, const std::string& split) {
  std::string ids;
  for (const std::size_t index : dataset.select({split, "", ""})) {
    ids += dataset.utterance(index).id + "\n";
  }
  return sha256_hex(std::as_bytes(std::span(ids)));
}

void Dataset::fit_normalization(const std::string& split, const Job& job) {
  require(split != "test" && !split.empty(), ErrorCode::kInvalidArgument,
          "normalisation is fitted on training data only, not on split '{}'", split);
  Selection selection;
  selection.split = split;
  const std::vector<std::size_t> indices = select(selection);
  require(!indices.empty(), ErrorCode::kInvalidArgument, "no utterance has the split '{}'", split);
  std::vector<Moments> moments(static_cast<std::size_t>(info().signal.num_channels));
  Json subjects = Json::array();
  Progress progress(job, "fit normalisation", static_cast<std::int64_t>(indices.size()),
                    "utterances");
  for (const std::size_t index : indices) {
    job.check_stop("the normalisation is not fitted; run the same command again");
    progress.advance();
    const Tensor signal = load_signal(index, {.filter = true, .normalize = false});
    const auto values = signal.data<float>();
    const auto count = static_cast<std::size_t>(signal.dim(1));
    for (std::size_t c = 0; c < moments.size(); ++c) {
      for (const float value : values.subspan(c * count, count)) {
        moments[c].add(static_cast<double>(value));
      }
    }
    const Json subject = utterance(index).subject;
    if (std::find(subjects.begin(), subjects.end(), subject) == subjects.end()) {
      subjects.push_back(subject);
    }
  }
  std::vector<double> mean;
  std::vector<double> stddev;
  for (std::size_t c = 0; c < moments.size(); ++c) {
    mean.push_back(moments[c].mean);
    double deviation = std::sqrt(moments[c].m2 / static_cast<double>(moments[c].count));
    if (!(deviation > 0)) {
      log_warn("channel {} is constant over the split '{}'; it is only centred", c, split);
      deviation = 1;
    }
    stddev.push_back(deviation);
  }
  Json fit;
  fit["split"] = split;
  fit["num_utterances"] = indices.size();
  fit["num_samples"] = moments.front().count;
  fit["subjects"] = std::move(subjects);
  fit["ids_sha256"] = fit_hash(*this, split);
  set_normalization(std::move(mean), std::move(stddev), std::move(fit));
}

}  // namespace nest::data
