#include "nest/decode/ngram_train.h"

#include <array>
#include <cmath>
#include <map>
#include <ostream>
#include <unordered_map>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/core/utf8.h"

namespace nest::decode {

namespace {

using Gram = std::vector<std::uint32_t>;
constexpr std::uint32_t kUnk = 0, kBos = 1, kEos = 2;

struct Stats {
  std::uint64_t count = 0;  ///< raw at the highest order, else adjusted
  double prob = 0;
  double backoff = 1;
};
/// Sums over the words that follow a context.
struct Context {
  double total = 0;
  std::array<std::uint64_t, 3> words{};  ///< with count 1, 2, and 3 or more
};
using Table = std::map<Gram, Stats>;

std::size_t bucket_of(std::uint64_t count) {
  return std::min<std::size_t>(count, 3) - 1;
}

}  // namespace

struct NGramTrainer::Impl {
  int order = 3;
  std::vector<std::string> words{"<unk>", "<s>", "</s>"};
  std::unordered_map<std::string, std::uint32_t> ids;
  std::vector<Table> tables;  ///< by order - 1
  NGramTrainReport report;

  std::uint32_t id_of(const std::string& word) {
    if (word.starts_with('<')) {  // any case is read back as the model's own word
      const std::string lower = lower_ascii(word);
      require(lower != "<unk>" && lower != "<s>" && lower != "</s>", ErrorCode::kDataCorrupt,
              "the text holds the reserved word {}", word);
    }
    require(!word.empty() && word.find_first_of(" \t\r\n") == std::string::npos,
            ErrorCode::kDataCorrupt, "the word '{}' is empty or holds white space", word);
    const auto [it, is_new] = ids.try_emplace(word, static_cast<std::uint32_t>(words.size()));
    if (is_new) words.push_back(word);
    return it->second;
  }

  /// The n-grams that end at position i: the highest order, or shorter if they begin with <s>.
  void count(const Gram& sentence) {
    const auto n = static_cast<std::size_t>(order);
    for (std::size_t i = 1; i < sentence.size(); ++i) {
      const std::size_t length = std::min(n, i + 1);
      const auto end = sentence.begin() + static_cast<std::ptrdiff_t>(i + 1);
      ++tables[length - 1][Gram(end - static_cast<std::ptrdiff_t>(length), end)].count;
    }
  }

  /// Lower orders count the distinct words in front: one for every longer n-gram.
  void adjust() {
    for (std::size_t k = tables.size() - 1; k > 0; --k) {
      for (const auto& [gram, stats] : tables[k]) {
        ++tables[k - 1][Gram(gram.begin() + 1, gram.end())].count;
      }
    }
  }

  void find_discounts() {
    for (const Table& table : tables) {
      std::array<double, 5> n{};
      for (const auto& [gram, stats] : table) {
        if (stats.count <= 4) ++n[stats.count];
      }
      NGramTrainReport::Order info;
      info.ngrams = table.size();
      info.is_fallback = n[1] == 0 || n[2] == 0 || n[3] == 0 || n[4] == 0;
      const double y = info.is_fallback ? 0 : n[1] / (n[1] + 2 * n[2]);
      for (int i = 1; i <= 3; ++i) {
        const auto at = static_cast<std::size_t>(i);
        double& d = info.discounts[i - 1];
        d = info.is_fallback ? 0.5 * i : i - (i + 1) * y * n[at + 1] / n[at];
        if (d < 0 || d > i) info.is_fallback = true;
      }
      if (info.is_fallback) {
        for (int i = 1; i <= 3; ++i) info.discounts[i - 1] = 0.5 * i;
      }
      report.orders.push_back(info);
    }
  }

  double discount(std::size_t k, std::uint64_t count) const {
    return report.orders[k].discounts[bucket_of(count)];
  }

  void estimate_unigrams() {
    Table& table = tables[0];
    table[{kUnk}];
    Context all;
    for (const auto& [gram, stats] : table) {
      if (stats.count == 0) continue;
      all.total += static_cast<double>(stats.count);
      ++all.words[bucket_of(stats.count)];
    }
    const double left = weight_left(0, all) / static_cast<double>(table.size());
    for (auto& [gram, stats] : table) {
      stats.prob = left;
      if (stats.count == 0) continue;
      stats.prob += (static_cast<double>(stats.count) - discount(0, stats.count)) / all.total;
    }
  }

  double weight_left(std::size_t k, const Context& context) const {
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      sum += report.orders[k].discounts[i] * static_cast<double>(context.words[i]);
    }
    return sum / context.total;
  }

  void estimate_order(std::size_t k) {
    std::map<Gram, Context> contexts;
    for (const auto& [gram, stats] : tables[k]) {
      Context& context = contexts[Gram(gram.begin(), gram.end() - 1)];
      context.total += static_cast<double>(stats.count);
      ++context.words[bucket_of(stats.count)];
    }
    for (const auto& [gram, context] : contexts) {
      tables[k - 1][gram].backoff = weight_left(k, context);
    }
    for (auto& [gram, stats] : tables[k]) {
      const Gram head(gram.begin(), gram.end() - 1);
      const double own =
          (static_cast<double>(stats.count) - discount(k, stats.count)) / contexts.at(head).total;
      const Gram tail(gram.begin() + 1, gram.end());
      stats.prob = own + tables[k - 1].at(head).backoff * tables[k - 1].at(tail).prob;
    }
  }

  void write(std::ostream& out) const {
    out << "\\data\\\n";
    for (std::size_t k = 0; k < tables.size(); ++k) {
      out << fmt::format("ngram {}={}\n", k + 1, tables[k].size());
    }
    for (std::size_t k = 0; k < tables.size(); ++k) {
      out << fmt::format("\n\\{}-grams:\n", k + 1);
      for (const auto& [gram, stats] : tables[k]) {
        const bool is_start = gram.size() == 1 && gram[0] == kBos;
        out << fmt::format("{:.8g}", is_start ? -99.0 : std::log10(stats.prob));
        for (std::size_t i = 0; i < gram.size(); ++i) {
          out << (i == 0 ? '\t' : ' ') << words[gram[i]];
        }
        if (k + 1 < tables.size()) out << fmt::format("\t{:.8g}", std::log10(stats.backoff));
        out << '\n';
      }
    }
    out << "\n\\end\\\n";
  }
};

NGramTrainer::NGramTrainer(const NGramTrainOptions& options) : impl_(std::make_unique<Impl>()) {
  nest::validate(options);
  impl_->order = options.order;
  impl_->tables.resize(static_cast<std::size_t>(options.order));
}
NGramTrainer::~NGramTrainer() = default;

void NGramTrainer::add_sentence(const std::vector<std::string>& words) {
  Gram sentence{kBos};
  for (const std::string& word : words) sentence.push_back(impl_->id_of(word));
  sentence.push_back(kEos);
  impl_->count(sentence);
  ++impl_->report.sentences;
  impl_->report.words += words.size();
}

NGramTrainReport NGramTrainer::write_arpa(std::ostream& out, const Job& job) {
  require(impl_->report.sentences > 0, ErrorCode::kDataCorrupt, "there is no sentence to train on");
  impl_->adjust();
  impl_->tables[0].erase({kBos});  // <s> is never predicted; it returns below with its back-off
  impl_->find_discounts();
  impl_->estimate_unigrams();
  impl_->tables[0][{kBos}];
  for (std::size_t k = 1; k < impl_->tables.size(); ++k) {
    job.check_stop("no language model was written");
    impl_->estimate_order(k);
  }
  impl_->write(out);
  for (std::size_t k = 0; k < impl_->tables.size(); ++k) {
    impl_->report.orders[k].ngrams = impl_->tables[k].size();
  }
  return impl_->report;
}

void visit_fields(FieldVisitor& visitor, NGramTrainOptions& o) {
  visitor.field("order", o.order, "longest n-gram", between(1, 6));
}

Json to_json(const NGramTrainReport& report) {
  Json json;
  json["sentences"] = report.sentences;
  json["words"] = report.words;
  for (const auto& order : report.orders) {
    Json entry;
    entry["ngrams"] = order.ngrams;
    entry["discounts"] = {order.discounts[0], order.discounts[1], order.discounts[2]};
    entry["fallback_discounts"] = order.is_fallback;
    json["orders"].push_back(entry);
  }
  return json;
}

}  // namespace nest::decode
