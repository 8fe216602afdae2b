#include "nest/core/json.h"

#include <algorithm>
#include <limits>
#include <unordered_set>
#include <vector>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json_text.h"

namespace nest {
namespace {

constexpr std::size_t kDeepest = 200;

/// Builds a document from the parser's events: in linear time whatever the number of keys (the
/// library's own builder searches an ordered object for every key), and a key that occurs twice is
/// an error instead of a lost value.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, const std::string& origin) : text_(text), origin_(origin) {}

  Json take() { return std::move(root_); }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(std::int64_t value) override { return put(value); }
  bool number_unsigned(std::uint64_t value) override { return put(value); }
  bool number_float(double value, const std::string&) override { return put(value); }
  bool string(std::string& value) override { return put(std::move(value)); }
  bool binary(Json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    require(open_.back().keys.insert(name).second, ErrorCode::kDataCorrupt,
            "{}: the key '{}' occurs twice in one object", origin_, name);
    open_.back().key = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    const auto end = text_.begin() + static_cast<std::ptrdiff_t>(std::min(position, text_.size()));
    fail(ErrorCode::kDataCorrupt, "{}:{}: {}", origin_, 1 + std::count(text_.begin(), end, '\n'),
         error.what());
  }

 private:
  struct Open {
    Json value;
    std::string key;
    std::unordered_set<std::string> keys;
  };

  bool put(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (Open& parent = open_.back(); parent.value.is_array()) {
      parent.value.push_back(std::move(value));
    } else {
      parent.value.get_ref<Json::object_t&>().emplace_back(std::move(parent.key), std::move(value));
    }
    return true;
  }
  bool open(Json container) {
    require(open_.size() < kDeepest, ErrorCode::kDataCorrupt, "{}: nested deeper than {} levels",
            origin_, kDeepest);
    open_.push_back({std::move(container), {}, {}});
    return true;
  }
  bool close() {
    Json value = std::move(open_.back().value);
    open_.pop_back();
    return put(std::move(value));
  }

  std::string_view text_;
  const std::string& origin_;
  Json root_;
  std::vector<Open> open_;
};

}  // namespace

std::string json_text(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json load_json(const std::filesystem::path& path) {
  return parse_json(read_text_file(path), path.string());
}

Json parse_json(std::string_view text, const std::string& origin) {
  Builder builder(text, origin);
  Json::sax_parse(text, &builder);
  return builder.take();
}

}  // namespace nest
