#include <array>

#include "io/bytes.h"
#include "io/departures.h"
#include "io/pickle.h"
#include "io/pytorch.h"
#include "io/pytorch_storage.h"
#include "nest/core/file.h"
#include "nest/core/options.h"

namespace nest::io {
namespace {

using pickle::Id;
using pickle::Kind;
using pickle::Node;
using pickle::Pickle;

/// Where checkpoints have their weights; the first wins.
constexpr std::string_view kStateKey = "model_state_dict", kOtherStateKey = "state_dict";

/// Written by torch.save before version 1.6, or with _use_new_zipfile_serialization=False.
constexpr std::string_view kLegacyMagic =
    "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

bool is_dict(const Node& node) {
  return node.kind == Kind::kDict || node.kind == Kind::kOrderedDict;
}

/// "<archive name>/" of the member data.pkl.
std::string find_prefix(const ZipReader& zip) {
  constexpr std::string_view kName = "data.pkl";
  std::string prefix;
  bool is_found = false;
  for (const ZipEntry& entry : zip.entries()) {
    const std::string_view name = entry.name;
    const std::size_t slash = name.find('/');
    const std::size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
    if (name.substr(begin) != kName) continue;
    require(!is_found, ErrorCode::kDataCorrupt, "the archive has more than one data.pkl");
    prefix = name.substr(0, begin);
    is_found = true;
  }
  require(is_found, ErrorCode::kDataCorrupt,
          "a ZIP archive, but not one of torch.save: it has no data.pkl");
  require(zip.find(prefix + "constants.pkl") == nullptr, ErrorCode::kUnsupported,
          "a TorchScript archive (it holds code); save the state dict instead");
  return prefix;
}

void check_byte_order(const ZipReader& zip, const std::string& prefix) {
  const ZipEntry* entry = zip.find(prefix + "byteorder");
  if (entry == nullptr) return;
  const std::vector<std::byte> order = zip.read(*entry, 16);
  require(as_text(order) == "little", ErrorCode::kUnsupported,
          "byte order '{}' is not supported; save on a little-endian machine",
          printable(as_text(order)));
}

class CheckpointBuilder {
 public:
  CheckpointBuilder(const Pickle& pickle, StorageReader& storages)
      : pickle_(pickle), storages_(storages) {}

  Checkpoint build() {
    const Node& root = pickle_[pickle_.root];
    require(is_dict(root), ErrorCode::kDataCorrupt,
            "the file holds {}, not a checkpoint or state dict", describe(root));
    Checkpoint out;
    out.extra = Json::object();
    const Id* state = find(root, kStateKey);
    const std::string_view state_key = state != nullptr ? kStateKey : kOtherStateKey;
    if (state == nullptr) state = find(root, kOtherStateKey);
    if (state == nullptr) {
      require(is_state_dict(root), ErrorCode::kDataCorrupt,
              "no state dict: expected the key '{}' or tensors only; keys: {}", kStateKey,
              keys_of(root));
      out.state_dict = tensors(root, &out.unread);
      out.warnings = departures_.lines();
      return out;
    }
    require(is_dict(pickle_[*state]), ErrorCode::kDataCorrupt, "the state dict is {}",
            describe(pickle_[*state]));
    out.state_dict = tensors(pickle_[*state], &out.unread);
    take_rest(root, state_key, out);
    out.warnings = departures_.lines();
    return out;
  }

 private:
  /// The last one counts where a key occurs twice, as in Python.
  const Id* find(const Node& dict, std::string_view key) const {
    for (std::size_t i = dict.items.size(); i >= 2; i -= 2) {
      const Node& node = pickle_[dict.items[i - 2]];
      if (node.kind == Kind::kText && node.text == key) return &dict.items[i - 1];
    }
    return nullptr;
  }
  bool is_state_dict(const Node& dict) const {
    for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      if (pickle_[dict.items[i]].kind != Kind::kText) return false;
      const Kind kind = pickle_[dict.items[i + 1]].kind;
      if (kind != Kind::kTensor && kind != Kind::kForeign) return false;
    }
    return !dict.items.empty();
  }
  std::string keys_of(const Node& dict) const {
    std::string keys;
    for (std::size_t i = 0; i + 1 < dict.items.size() && i < 20; i += 2) {
      keys += keys.empty() ? "" : ", ";
      keys += printable(pickle_[dict.items[i]].text);
    }
    return keys.empty() ? "none" : keys;
  }
  /// The tensors of a dict; those of types that are not computed with, and what is no tensor, go
  /// to `unread`.
  TensorMap tensors(const Node& dict, std::vector<UnreadTensor>* unread) {
    TensorMap out;
    for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      const Node& key = pickle_[dict.items[i]];
      const Node& value = pickle_[dict.items[i + 1]];
      require(key.kind == Kind::kText, ErrorCode::kDataCorrupt, "{} as the name of a tensor",
              describe(key));
      std::string name = departures_.utf8(key.text, "name of a tensor");
      with_context(fmt::format("tensor '{}'", printable(name, 200)), [&] {
        if (value.kind != Kind::kTensor || !value.type.empty()) {
          UnreadTensor tensor = unread_of(name, value);
          departures_.add("entry of the state dict that is not read",
                          fmt::format("'{}' {}", name, tensor.type));
          if (unread != nullptr) unread->push_back(std::move(tensor));
          return;
        }
        require(!out.contains(name), ErrorCode::kDataCorrupt, "it occurs twice");
        out.emplace(std::move(name), storages_.tensor(pickle_, value));
      });
    }
    return out;
  }
  UnreadTensor unread_of(const std::string& name, const Node& value) const {
    if (value.kind == Kind::kForeign) return {name, utf8_or_latin1(value.text), {}};
    if (value.kind != Kind::kTensor) return {name, std::string(name_of(value.kind)), {}};
    UnreadTensor tensor{name, utf8_or_latin1(value.type), {}};
    for (const Id id : pickle_[value.items[2]].items) tensor.shape.push_back(pickle_[id].integer);
    return tensor;
  }
  void take_rest(const Node& root, std::string_view state_key, Checkpoint& out) {
    const Json all = pickle::to_json(pickle_, pickle_.root, state_key, departures_);
    for (const auto& [key, value] : all.items()) {
      if (key == kOtherStateKey) {
        departures_.add("second state dict that is not read", fmt::format("'{}'", key));
      } else if (key == "model_config") {
        out.model_config = value;
      } else if (key == "extra_tensors") {
        const Node& named = pickle_[*find(root, key)];
        require(is_dict(named), ErrorCode::kDataCorrupt, "'extra_tensors' is {}", describe(named));
        out.extra_tensors = tensors(named, nullptr);
      } else {
        out.extra.get_ref<Json::object_t&>().emplace_back(key, value);  // keys are unique already
      }
    }
  }

  const Pickle& pickle_;
  StorageReader& storages_;
  Departures departures_;
};

}  // namespace

void visit_fields(FieldVisitor& visitor, PytorchReadOptions& o) {
  visitor.field("verify_checksums", o.verify_checksums, "of every tensor");
}

Checkpoint parse_pytorch(std::span<const std::byte> file, std::shared_ptr<const void> owner,
                         const PytorchReadOptions& options) {
  require(!as_text(file).starts_with(kLegacyMagic), ErrorCode::kUnsupported,
          "the format of torch.save before 1.6 is not supported; load it in Python and save again");
  require(is_zip(file), ErrorCode::kDataCorrupt, "not a PyTorch file: it is not a ZIP archive");
  const ZipReader zip(file, std::move(owner));
  const std::string prefix = find_prefix(zip);
  check_byte_order(zip, prefix);
  const std::vector<std::byte> program = zip.read(zip.at(prefix + "data.pkl"), pickle::kMaxBytes);
  const Pickle pickle = with_context("data.pkl", [&] { return pickle::parse(program); });
  StorageReader storages(zip, prefix, file.size(), options.verify_checksums);
  return CheckpointBuilder(pickle, storages).build();
}

Checkpoint read_pytorch(const std::filesystem::path& path, const PytorchReadOptions& options) {
  const auto file = MappedFile::open(path);
  return with_context(path.string(), [&] { return parse_pytorch(file->bytes(), file, options); });
}

}  // namespace nest::io
