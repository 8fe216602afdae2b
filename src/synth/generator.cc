#include "nest/synth/generator.h"

#include <algorithm>
#include <cmath>

#include "artifacts.h"
#include "evoked.h"
#include "nest/core/error.h"
#include "nest/signal/design.h"
#include "nest/signal/filter.h"
#include "noise.h"
#include "people.h"

namespace nest::synth {
namespace {

constexpr double kLeadIn_s = 0.4;
constexpr double kTail_s = 0.6;
constexpr double kResponse_s = 0.3;
constexpr double kSensorShare = 0.1;  // of the background's power, white
constexpr double kDeadNoise_uv = 0.05;

// out [electrodes][samples] += scale * field * activity [dipoles][samples]
void project(const LeadField& field, std::span<const double> activity, double scale,
             std::span<double> out, std::size_t samples) {
  for (std::size_t c = 0; c < out.size() / samples; ++c) {
    double* row = out.data() + c * samples;
    for (std::size_t d = 0; d < field.dipoles; ++d) {
      const double weight = scale * field.row(c)[d];
      const double* source = activity.data() + d * samples;
      for (std::size_t t = 0; t < samples; ++t) row[t] += weight * source[t];
    }
  }
}

/// The stretches in which something is said, in seconds; pauses between sentences are none.
std::vector<std::pair<double, double>> spoken(const Script& script, const SynthOptions& options) {
  // Jitter is cut at 2.5 deviations of at most 0.3: two characters of a sentence are nearer.
  const double longest_s = std::max(kLeadIn_s + kTail_s, 2 * options.char_ms * 1e-3) - 1e-6;
  std::vector<std::pair<double, double>> stretches;
  for (const CharacterEvent& event : script.events) {
    const bool goes_on =
        !stretches.empty() && event.onset_s - (stretches.back().second - kResponse_s) < longest_s;
    if (!goes_on) stretches.emplace_back(event.onset_s, 0);
    stretches.back().second = event.onset_s + kResponse_s;
  }
  return stretches;
}

struct Person {
  Subject subject;
  std::vector<Session> sessions;
  std::vector<LeadField> areas;
  std::vector<LeadField> background;
  std::vector<LeadField> alpha;
};

}  // namespace

struct Generator::Impl {
  explicit Impl(const SynthOptions& o) : options(o) {
    validate(options);
    responses = make_responses(options);
    band = signal::design_butterworth(2, signal::BandKind::kBandpass, {1.0, 40.0}, options.rate_hz);
    for (int s = 0; s < options.subjects; ++s) {
      Person person{make_subject(options, s), {}, {}, {}, {}};
      for (int k = 0; k < options.sessions; ++k) {
        person.sessions.push_back(make_session(options, s, k));
        const Session& session = person.sessions.back();
        person.areas.push_back(lead_field(session, person.subject.areas));
        person.background.push_back(lead_field(session, person.subject.background));
        person.alpha.push_back(lead_field(session, person.subject.alpha));
      }
      people.push_back(std::move(person));
    }
  }

  std::size_t samples_of(const Script& script) const {
    return static_cast<std::size_t>(std::ceil(script.duration_s * options.rate_hz));
  }

  Tensor empty(std::size_t samples) const {
    return Tensor(DType::kF64, {options.channels, static_cast<std::int64_t>(samples)});
  }

  Tensor evoked(const Script& script) const {
    const std::size_t samples = samples_of(script);
    const Person& person = people[static_cast<std::size_t>(script.subject)];
    std::vector<double> activity(areas().size() * samples);
    Rng rng(options.seed, "evoked", script.stream);
    add_evoked(options, responses, script, person.subject.latency_shift_s, rng, activity, samples);
    Tensor out = empty(samples);
    project(person.areas[static_cast<std::size_t>(script.session)], activity, 1,
            out.mutable_data<double>(), samples);
    return out;
  }

  Tensor background(const Script& script) const {
    const std::size_t samples = samples_of(script);
    const auto session = static_cast<std::size_t>(script.session);
    const Person& person = people[static_cast<std::size_t>(script.subject)];
    Rng rng(options.seed, "background", script.stream);
    Tensor out = empty(samples);
    const std::span<double> values = out.mutable_data<double>();

    const LeadField& field = person.background[session];
    std::vector<double> activity(field.dipoles * samples);
    for (std::size_t d = 0; d < field.dipoles; ++d) {
      add_pink(rng, options.rate_hz, std::span(activity).subspan(d * samples, samples));
    }
    double power = 0;
    for (const double weight : field.values) power += weight * weight;
    power /= options.channels;
    const double total = options.background_uv * kMicrovolt;
    project(field, activity, total * std::sqrt((1 - kSensorShare) / power), values, samples);
    const double sensor = total * std::sqrt(kSensorShare);
    for (double& value : values) value += sensor * rng.normal();

    const LeadField& alpha_field = person.alpha[session];
    std::vector<double> alpha(alpha_field.dipoles * samples);
    for (std::size_t d = 0; d < alpha_field.dipoles; ++d) {
      add_alpha(rng, person.subject.alpha_hz, options.rate_hz,
                std::span(alpha).subspan(d * samples, samples));
    }
    double strongest = 0;
    for (const double weight : alpha_field.values) {
      strongest = std::max(strongest, std::abs(weight));
    }
    project(alpha_field, alpha, options.alpha_uv * kMicrovolt / strongest, values, samples);
    return out;
  }

  SynthOptions options;
  Responses responses;
  signal::Sos band;
  std::vector<Person> people;
};

Generator::Generator(const SynthOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Generator::~Generator() = default;
Generator::Generator(Generator&&) noexcept = default;

const SynthOptions& Generator::options() const {
  return impl_->options;
}

std::vector<std::string> Generator::channel_names() const {
  std::vector<std::string> names;
  for (int c = 0; c < impl_->options.channels; ++c) {
    names.emplace_back(electrodes()[static_cast<std::size_t>(c)].name);
  }
  return names;
}

Script Generator::plan(const std::string& text, int subject, int session,
                       std::uint64_t stream) const {
  const SynthOptions& o = impl_->options;
  require(subject >= 0 && subject < o.subjects && session >= 0 && session < o.sessions,
          ErrorCode::kInvalidArgument, "subject {}, session {}: there are {} and {}", subject,
          session, o.subjects, o.sessions);
  Rng rng(o.seed, "timing", stream);
  Script script{{}, kLeadIn_s + kTail_s, subject, session, stream};
  double onset_s = kLeadIn_s;
  for (const char character : text) {
    character_index(character);
    script.events.push_back({character, onset_s});
    script.duration_s = onset_s + kTail_s;
    const double jitter = std::clamp(rng.normal(), -2.5, 2.5) * o.char_jitter;
    onset_s += o.char_ms * 1e-3 * (1 + jitter);
  }
  return script;
}

double Generator::band_power(const Tensor& signal, const Script& script) const {
  if (script.events.empty()) return 0;
  const Tensor filtered = signal::filter_signal(impl_->band, signal);
  const std::int64_t samples = signal.dim(1);
  double sum = 0;
  std::int64_t count = 0;
  for (const auto& [begin_s, end_s] : spoken(script, impl_->options)) {
    const auto first = static_cast<std::int64_t>(begin_s * impl_->options.rate_hz);
    const auto last = std::min(samples, static_cast<std::int64_t>(end_s * impl_->options.rate_hz));
    for (std::int64_t c = 0; c < signal.dim(0); ++c) {
      const double* row = filtered.data<double>().data() + c * samples;
      for (std::int64_t t = first; t < last; ++t) sum += row[t] * row[t];
    }
    count += last - first;
  }
  return sum / static_cast<double>(signal.dim(0) * count);
}

Generator::Parts Generator::render_parts(const Script& script) const {
  Parts parts{impl_->evoked(script), impl_->background(script)};
  const double evoked_power = band_power(parts.evoked, script);
  if (evoked_power <= 0) return parts;
  const double wanted =
      band_power(parts.background, script) * std::pow(10, impl_->options.snr_db / 10);
  const double scale = std::sqrt(wanted / evoked_power);
  for (double& value : parts.evoked.mutable_data<double>()) value *= scale;
  return parts;
}

Tensor Generator::render(const Script& script) const {
  const SynthOptions& o = impl_->options;
  Tensor signal = impl_->options.noise_only ? impl_->background(script) : Tensor();
  if (!o.noise_only) {
    const Parts parts = render_parts(script);
    signal = parts.background;
    const std::span<double> sum = signal.mutable_data<double>();
    const std::span<const double> evoked = parts.evoked.data<double>();
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += evoked[i];
  }
  const auto samples = static_cast<std::size_t>(signal.dim(1));
  const Session& session = impl_->people[static_cast<std::size_t>(script.subject)]
                               .sessions[static_cast<std::size_t>(script.session)];
  add_artifacts(o, session, script, signal.mutable_data<double>(), samples);
  Rng rng(o.seed, "dead", script.stream);
  for (std::size_t c = 0; c < session.gain.size(); ++c) {
    for (double& value : signal.mutable_data<double>().subspan(c * samples, samples)) {
      value =
          session.is_dead[c] ? kDeadNoise_uv * kMicrovolt * rng.normal() : value * session.gain[c];
    }
  }
  return signal.to(DType::kF32);
}

}  // namespace nest::synth
