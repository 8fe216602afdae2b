#include "grammar.h"

#include <algorithm>
#include <set>
#include <span>
#include <string_view>
#include <unordered_set>

#include "nest/core/field_error.h"
#include "word_list.h"

namespace nest::synth {
namespace {

using Words = std::span<const std::string_view>;

std::string_view draw(Words words, Rng& rng) {
  constexpr double kFlatten = 3;
  double total = 0;
  for (std::size_t i = 0; i < words.size(); ++i) total += 1 / (static_cast<double>(i) + kFlatten);
  double left = rng.uniform() * total;
  for (std::size_t i = 0; i < words.size(); ++i) {
    left -= 1 / (static_cast<double>(i) + kFlatten);
    if (left < 0) return words[i];
  }
  return words.back();
}

bool is_vowel(char letter) {
  return std::string_view("aeiou").find(letter) != std::string_view::npos;
}

class Sentence {
 public:
  explicit Sentence(Rng& rng) : rng_(rng) {
    const bool is_plural = subject();
    predicate(is_plural);
  }
  std::string text() const {
    std::string joined;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (i > 0) joined += ' ';
      joined += words_[i];
      const bool before_vowel = i + 1 < words_.size() && is_vowel(words_[i + 1].front());
      if (words_[i] == "a" && before_vowel) joined += 'n';
    }
    return joined;
  }
  std::size_t size() const { return words_.size(); }

 private:
  bool chance(double probability) { return rng_.uniform() < probability; }
  void add(Words from) { words_.push_back(draw(from, rng_)); }

  void noun_phrase(bool is_plural) {
    add(is_plural ? Words(kDetPlural) : Words(kDetSingular));
    if (chance(0.35)) add(kAdjectives);
    add(is_plural ? Words(kNounsPlural) : Words(kNounsSingular));
  }

  // Returns true if the verb must be plural.
  bool subject() {
    if (chance(0.2)) {
      add(kNames);
      return false;
    }
    if (chance(0.2)) {
      const bool is_plural = chance(0.5);
      add(is_plural ? Words(kPronounsPlural) : Words(kPronounsSingular));
      return is_plural;
    }
    const bool is_plural = chance(0.4);
    noun_phrase(is_plural);
    return is_plural;
  }

  void prepositional_phrase() {
    add(kPrepositions);
    const bool is_plural = chance(0.25);
    add(is_plural ? Words(kDetPlural) : Words(kDetSingular));
    add(is_plural ? Words(kPlacesPlural) : Words(kPlacesSingular));
  }

  void predicate(bool is_plural) {
    const double kind = rng_.uniform();
    if (kind < 0.3) {
      add(is_plural ? Words(kVerbsPlural) : Words(kVerbsSingular));
      if (chance(0.5)) {
        add(kAdverbs);
      } else {
        prepositional_phrase();
      }
    } else if (kind < 0.85) {
      add(is_plural ? Words(kTransitivePlural) : Words(kTransitiveSingular));
      noun_phrase(chance(0.4));
      if (chance(0.25)) prepositional_phrase();
    } else {
      add(is_plural ? Words(kBePlural) : Words(kBeSingular));
      if (chance(0.4)) add(kDegrees);
      add(kAdjectives);
    }
  }

  Rng& rng_;
  std::vector<std::string_view> words_;
};

}  // namespace

std::string draw_sentence(Rng& rng) {
  for (;;) {
    const Sentence sentence(rng);
    if (sentence.size() >= 3 && sentence.size() <= 8) return sentence.text();
  }
}

std::vector<std::string> vocabulary() {
  std::set<std::string> words{"an"};
  for (const Words list :
       {Words(kDetSingular), Words(kDetPlural), Words(kAdjectives), Words(kNounsSingular),
        Words(kNounsPlural), Words(kNames), Words(kPronounsSingular), Words(kPronounsPlural),
        Words(kPrepositions), Words(kPlacesSingular), Words(kPlacesPlural), Words(kVerbsSingular),
        Words(kVerbsPlural), Words(kAdverbs), Words(kTransitiveSingular), Words(kTransitivePlural),
        Words(kBeSingular), Words(kBePlural), Words(kDegrees)}) {
    words.insert(list.begin(), list.end());
  }
  return {words.begin(), words.end()};
}

std::vector<std::string> draw_sentences(std::uint64_t seed, std::int64_t count) {
  Rng rng(seed, "sentences");
  std::vector<std::string> sentences;
  std::unordered_set<std::string> seen;
  for (std::int64_t attempt = 0; static_cast<std::int64_t>(sentences.size()) < count; ++attempt) {
    require_field(attempt < 50 * count + 1000, "sentences",
                  "is {}: the grammar yields too few different sentences ({} found)", count,
                  sentences.size());
    std::string text = draw_sentence(rng);
    if (seen.insert(text).second) sentences.push_back(std::move(text));
  }
  return sentences;
}

}  // namespace nest::synth
