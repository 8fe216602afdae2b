#include "data/spell.h"

#include "nest/core/log.h"

namespace nest::data {

void spell(const text::TextRule& rule, std::vector<Utterance>& utterances) {
  for (Utterance& utterance : utterances) utterance.text = text::spelled(rule, utterance.text);
  if (rule.punctuation) return;  // then only texts that were empty before are
  const auto is_empty = [](const Utterance& utterance) { return utterance.text.empty(); };
  const std::size_t count = std::erase_if(utterances, is_empty);
  if (count > 0) log_warn("{} utterances left out: their text is nothing but punctuation", count);
}

}  // namespace nest::data
