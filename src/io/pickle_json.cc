#include <unordered_map>

#include "io/bytes.h"
#include "io/pickle.h"
#include "nest/core/base64.h"
#include "nest/core/json.h"
#include "nest/core/tensor.h"

namespace nest::io::pickle {
namespace {

constexpr int kMaxDepth = 64;

/// Shared values are written out each time they occur, so the number of values is counted here:
/// a pickle of a hundred bytes can describe 10^30 of them.
class Converter {
 public:
  Converter(const Pickle& pickle, Id omitted) : pickle_(pickle), omitted_(omitted) {}

  Json convert(Id id, int depth) {
    require(depth <= kMaxDepth, ErrorCode::kDataCorrupt,
            "values are nested deeper than {} levels, or within themselves", kMaxDepth);
    require(++count_ <= kMaxNodes, ErrorCode::kDataCorrupt, "more than {} values after expansion",
            kMaxNodes);
    const Node& node = pickle_[id];
    switch (node.kind) {
      case Kind::kNone:
        return nullptr;
      case Kind::kBool:
        return node.integer != 0;
      case Kind::kInt:
        return node.integer;
      case Kind::kFloat:
        return node.real;
      case Kind::kText:
        return text(node);
      case Kind::kBytes:
        return base64_encode(as_bytes(text(node)));
      case Kind::kTuple:
      case Kind::kList:
        return list(node, depth);
      case Kind::kDict:
      case Kind::kOrderedDict:
        return dict(node, depth);
      case Kind::kTensor:
        return describe(node);
      case Kind::kFunction:
      case Kind::kStorageType:
      case Kind::kStorage:
        break;
    }
    fail(ErrorCode::kUnsupported, "{} cannot stand as a value", name_of(node.kind));
  }

 private:
  /// One long text recalled a million times must not become gigabytes either.
  std::string text(const Node& node) {
    characters_ += node.text.size();
    require(characters_ <= 4 * kMaxBytes, ErrorCode::kDataCorrupt,
            "the texts have more than {} bytes after expansion", 4 * kMaxBytes);
    return std::string(node.text);
  }
  Json list(const Node& node, int depth) {
    Json out = Json::array();
    for (const Id item : node.items) out.push_back(convert(item, depth + 1));
    return out;
  }
  Json dict(const Node& node, int depth) {
    Json out = Json::object();
    auto& members = out.get_ref<Json::object_t&>();
    std::unordered_map<std::string, std::ptrdiff_t> position;
    for (std::size_t i = 0; i + 1 < node.items.size(); i += 2) {
      if (depth == 0 && node.items[i + 1] == omitted_) continue;
      const Node& key = pickle_[node.items[i]];
      require(key.kind == Kind::kText || key.kind == Kind::kInt, ErrorCode::kDataCorrupt,
              "{} as a key; texts and integers are read", name_of(key.kind));
      std::string name = key.kind == Kind::kText ? text(key) : std::to_string(key.integer);
      Json value = convert(node.items[i + 1], depth + 1);
      const auto [known, is_new] = position.emplace(name, std::ssize(members));
      if (is_new) {
        members.emplace_back(std::move(name), std::move(value));
      } else {
        (members.begin() + known->second)->second =
            std::move(value);  // as in Python, the last one counts
      }
    }
    return out;
  }
  std::string describe(const Node& node) {
    Shape shape;
    for (const Id item : pickle_[node.items[2]].items) shape.push_back(pickle_[item].integer);
    count_ += shape.size();
    return fmt::format("tensor {} {}", nest::name_of(pickle_[node.items[0]].dtype),
                       nest::to_string(shape));
  }

  const Pickle& pickle_;
  Id omitted_;
  std::size_t count_ = 0;
  std::size_t characters_ = 0;
};

}  // namespace

Json to_json(const Pickle& pickle, Id id, Id omitted) {
  return Converter(pickle, omitted).convert(id, 0);
}

}  // namespace nest::io::pickle
