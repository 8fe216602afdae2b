#include "nest/decode/ngram.h"

#include <algorithm>
#include <cmath>
#include <ostream>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "ngram_layout.h"

namespace nest::decode {

namespace {

template <class T>
std::span<const T> section(std::span<const std::byte> block, std::size_t offset,
                           std::size_t count) {
  return {reinterpret_cast<const T*>(block.data() + offset), count};
}

/// Bounds every count by the block's size before anything is multiplied or read.
NGram::Layout::Header read_header(std::span<const std::byte> block, const std::string& origin) {
  NGram::Layout::Header h{};
  require(block.size() >= sizeof(h), ErrorCode::kDataCorrupt,
          "{}: {} bytes are too few for a compact language model", origin, block.size());
  std::memcpy(&h, block.data(), sizeof(h));
  require(std::equal(h.magic, h.magic + 8, NGram::Layout::kMagic), ErrorCode::kDataCorrupt,
          "{}: not a compact language model", origin);
  const std::size_t size = block.size();
  const bool bounded = h.vocab <= size / 4 && h.num_nodes <= size / sizeof(NGram::Node) &&
                       h.capacity <= size / sizeof(NGram::Entry) && h.word_bytes <= size;
  require(bounded && NGram::Layout(h).end == size, ErrorCode::kDataCorrupt,
          "{}: the sections of the header do not fill the file's {} bytes", origin, size);
  return h;
}

}  // namespace

std::shared_ptr<const NGram> NGram::load(const std::filesystem::path& path) {
  auto file = MappedFile::open(path);
  const auto bytes = file->bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with(std::string_view(Layout::kMagic, 8))) {
    return from_block(bytes, file, path.string());
  }
  return from_arpa(text, path.string());
}

std::shared_ptr<const NGram> NGram::from_block(std::span<const std::byte> block,
                                               std::shared_ptr<const void> owner,
                                               const std::string& origin) {
  const Layout::Header h = read_header(block, origin);
  const Layout layout(h);
  std::shared_ptr<NGram> model(new NGram());
  model->owner_ = std::move(owner);
  model->block_ = block;
  model->order_ = static_cast<int>(h.order);
  model->bos_ = h.bos;
  model->eos_ = h.eos;
  model->unk_ = h.unk;
  model->num_entries_ = h.num_entries;
  model->mask_ = h.capacity - 1;
  model->unigrams_ = section<float>(block, layout.unigrams, h.vocab);
  model->bounds_ = section<float>(block, layout.bounds, h.vocab);
  model->nodes_ = section<Node>(block, layout.nodes, h.num_nodes);
  model->table_ = section<Entry>(block, layout.table, h.capacity);
  model->sorted_ = section<std::uint32_t>(block, layout.sorted, h.vocab);
  model->offsets_ = section<std::uint64_t>(block, layout.offsets, std::size_t{h.vocab} + 1);
  model->words_ = {reinterpret_cast<const char*>(block.data() + layout.words), h.word_bytes};
  model->check(origin);
  return model;
}

/// After this no look-up can leave the block or run forever.
void NGram::check(const std::string& origin) const {
  const auto corrupt = [&](bool good, std::string_view what) {
    require(good, ErrorCode::kDataCorrupt, "{}: compact language model: {}", origin, what);
  };
  const std::size_t vocab = unigrams_.size();
  corrupt(order_ >= 1 && order_ <= 16, "order out of range");
  corrupt(vocab >= 1 && nodes_.size() >= vocab + 1, "too few contexts");
  corrupt(bos_ < vocab && eos_ < vocab && unk_ < vocab, "special word out of range");
  corrupt(!table_.empty() && (table_.size() & mask_) == 0, "table size is no power of two");
  for (std::size_t i = 0; i < vocab; ++i) {
    corrupt(std::isfinite(unigrams_[i]) && std::isfinite(bounds_[i]), "probability not finite");
    corrupt(sorted_[i] < vocab, "word index out of range");
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    corrupt(std::isfinite(nodes_[i].backoff), "back-off not finite");
    corrupt(i == 0 || nodes_[i].suffix < i, "suffix does not shorten its context");
  }
  std::uint64_t used = 0;
  for (const Entry& entry : table_) {
    if (entry.node == 0) continue;
    ++used;
    corrupt(entry.node < nodes_.size() && entry.next < nodes_.size() && entry.word < vocab,
            "n-gram index out of range");
    corrupt(std::isfinite(entry.prob), "probability not finite");
  }
  corrupt(used == num_entries_ && used < table_.size(), "n-gram count does not fit the table");
  corrupt(offsets_[0] == 0 && offsets_[vocab] == words_.size(), "word offsets do not fit");
  for (std::size_t i = 0; i < vocab; ++i) corrupt(offsets_[i] <= offsets_[i + 1], "word offsets");
}

void NGram::save(const std::filesystem::path& path) const {
  write_bytes_file(path, block_);
}

std::string_view NGram::word(std::uint32_t id) const {
  require(id < vocab_size(), ErrorCode::kInvalidArgument, "word {} of {}", id, vocab_size());
  return words_.substr(offsets_[id], offsets_[id + 1] - offsets_[id]);
}

std::uint32_t NGram::find(std::string_view wanted) const {
  const auto it =
      std::lower_bound(sorted_.begin(), sorted_.end(), wanted,
                       [this](std::uint32_t id, std::string_view text) { return word(id) < text; });
  return it != sorted_.end() && word(*it) == wanted ? *it : unk_;
}

const NGram::Entry* NGram::lookup(std::uint32_t node, std::uint32_t word) const noexcept {
  for (std::uint64_t slot = ngram_hash(node, word) & mask_;; slot = (slot + 1) & mask_) {
    const Entry& entry = table_[slot];
    if (entry.node == node && entry.word == word) return &entry;
    if (entry.node == 0) return nullptr;
  }
}

float NGram::score(std::uint32_t state, std::uint32_t word, std::uint32_t& next) const noexcept {
  float total = 0;
  while (state != kNullState) {
    if (const Entry* entry = lookup(state, word)) {
      next = entry->next;
      return total + entry->prob;
    }
    total += nodes_[state].backoff;
    state = nodes_[state].suffix;
  }
  next = order_ > 1 ? word + 1 : kNullState;
  return total + unigrams_[word];
}

}  // namespace nest::decode
