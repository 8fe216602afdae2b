#pragma once

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/rng.h"
#include "nest/eval/evaluator.h"

/// Signals that spell their text, and recognizers that read them, or cheat.
namespace nest::eval::fake {

inline constexpr std::size_t kChannels = 3;
inline constexpr std::size_t kSamplesPerLetter = 20;
inline constexpr double kRate = 100;
inline const std::string kAlphabet = " abcdefghijklmnopqrstuvwxyz";

/// Channel 0 holds each letter's number for 20 samples, with noise; the others hold noise.
inline Tensor spell(const std::string& text, std::uint64_t seed, double noise = 0.2) {
  const std::size_t samples = std::max<std::size_t>(1, text.size()) * kSamplesPerLetter;
  Tensor signal(DType::kF32, {kChannels, static_cast<std::int64_t>(samples)});
  auto values = signal.mutable_data<float>();
  Rng rng(seed, "spell");
  for (float& value : values) value = static_cast<float>(rng.normal(0, noise));
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto letter = static_cast<float>(kAlphabet.find(text[i])) - 13.0f;
    for (std::size_t k = 0; k < kSamplesPerLetter; ++k) values[i * kSamplesPerLetter + k] += letter;
  }
  return signal;
}

inline decode::Recognition recognition_of(const std::string& text) {
  decode::Recognition recognition;
  recognition.text = text;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t letter = kAlphabet.find(text[i]);
    recognition.tokens.push_back(
        static_cast<decode::TokenId>(letter == std::string::npos ? 0 : letter));
    decode::TokenSpan span;
    span.start_s = static_cast<double>(i * kSamplesPerLetter) / kRate;
    span.end_s = static_cast<double>((i + 1) * kSamplesPerLetter) / kRate;
    recognition.times.push_back(span);
    recognition.confidences.push_back(0.9f);
  }
  decode::Hypothesis hypothesis;
  hypothesis.tokens = recognition.tokens;
  recognition.nbest = {hypothesis};
  recognition.nbest_texts = {text};
  recognition.encode_ms = 1;
  recognition.decode_ms = 0.5;
  return recognition;
}

/// Calls a function of the signal and of how many signals came before.
class FakeRecognizer : public decode::Recognizer {
 public:
  using Read = std::function<std::string(const Tensor& signal, std::size_t count)>;
  explicit FakeRecognizer(Read read) : read_(std::move(read)) {}

  std::vector<decode::Recognition> recognize(std::span<const Tensor> signals) override {
    std::vector<decode::Recognition> all;
    for (const Tensor& signal : signals) {
      require(signal.dim(0) == static_cast<std::int64_t>(kChannels), ErrorCode::kInvalidArgument,
              "the model expects {} channels, the signal has {}", kChannels, signal.dim(0));
      all.push_back(recognition_of(read_(signal, count_++)));
    }
    return all;
  }
  Json info() const override { return {{"model", "fake"}, {"executor", "none"}}; }
  std::int64_t weight_bytes() const override { return 0; }

 private:
  Read read_;
  std::size_t count_ = 0;
};

/// Reads the letters off channel 0.
inline std::string read_letters(const Tensor& signal, std::size_t) {
  const auto values = signal.data<float>();
  std::string text;
  const auto letters = static_cast<std::size_t>(signal.dim(1)) / kSamplesPerLetter;
  for (std::size_t i = 0; i < letters; ++i) {
    double mean = 0;
    for (std::size_t k = 0; k < kSamplesPerLetter; ++k) {
      mean += static_cast<double>(values[i * kSamplesPerLetter + k]) / kSamplesPerLetter;
    }
    const auto letter = std::clamp<long>(std::lround(mean) + 13, 0, 26);
    text += kAlphabet[static_cast<std::size_t>(letter)];
  }
  return text;
}

inline RecognizerFactory factory_of(FakeRecognizer::Read read) {
  return [read](const EvalSet&) { return std::make_unique<FakeRecognizer>(read); };
}
inline RecognizerFactory honest() {
  return factory_of(read_letters);
}

/// Given the references in decoding order, as teacher forcing is.
inline RecognizerFactory teacher_forced() {
  return [](const EvalSet& set) {
    std::vector<std::string> texts;
    for (const auto& utterance : set.utterances) texts.push_back(utterance.text);
    return std::make_unique<FakeRecognizer>(
        [texts](const Tensor&, std::size_t count) { return texts.at(count % texts.size()); });
  };
}

/// A sentence that no other number gives.
inline std::string sentence(std::size_t number) {
  static const std::vector<std::string> kWho{"the boy", "a girl", "my dog", "one cat", "our king"};
  static const std::vector<std::string> kDoes{"sees", "hears", "finds", "likes", "wants", "takes"};
  static const std::vector<std::string> kWhat{"old books", "red wine", "the moon",  "a song",
                                              "hot bread", "my coat",  "the river", "gold"};
  return kWho[number % 5] + " " + kDoes[number / 5 % 6] + " " + kWhat[number / 30 % 8];
}

/// `count` utterances of four subjects. Numbers from `first` on choose the sentences.
inline EvalSet make_set(std::size_t first, std::size_t count, const std::string& split = "test",
                        double noise = 0.2) {
  EvalSet set;
  set.name = "fake";
  set.split = split;
  set.rate_hz = kRate;
  set.channels = {"Cz", "Pz", "Oz"};
  for (std::size_t i = 0; i < count; ++i) {
    data::Utterance utterance;
    utterance.id = split + "_" + std::to_string(1000 + i);
    utterance.signal = utterance.id + ".npy";
    utterance.text = sentence(first + i);
    utterance.subject = "s" + std::to_string(i % 4);
    utterance.session = "r1";
    utterance.split = split;
    set.utterances.push_back(utterance);
    set.positions.push_back(i);
  }
  std::vector<std::string> texts;
  for (const auto& utterance : set.utterances) texts.push_back(utterance.text);
  set.load = [texts, noise](std::size_t i) { return spell(texts[i], i, noise); };
  return set;
}

}  // namespace nest::eval::fake
