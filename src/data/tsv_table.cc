#include <charconv>
#include <sstream>

#include "data/importers.h"
#include "nest/core/error.h"
#include "nest/core/file.h"

namespace nest::data {
namespace {

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (true) {
    const std::size_t end = line.find(separator, at);
    parts.push_back(line.substr(at, end - at));
    if (end == std::string::npos) return parts;
    at = end + 1;
  }
}

std::int64_t to_integer(const std::string& text, const std::string& where) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  require(error == std::errc() && end == text.data() + text.size(), ErrorCode::kDataCorrupt,
          "{}: '{}' is not a whole number", where, text);
  return value;
}

}  // namespace

TsvTable::TsvTable(const std::filesystem::path& path) : name_(path.string()) {
  std::istringstream in(read_text_file(path));
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    std::vector<std::string> parts = split(line, '\t');
    if (columns_.empty()) {
      for (std::size_t i = 0; i < parts.size(); ++i) columns_[parts[i]] = i;
      continue;
    }
    require(parts.size() == columns_.size(), ErrorCode::kDataCorrupt,
            "{}:{}: {} fields, the header has {}", name_, number, parts.size(), columns_.size());
    rows_.push_back(std::move(parts));
  }
}

const std::string& TsvTable::at(std::size_t row, const std::string& column) const {
  const auto found = columns_.find(column);
  require(found != columns_.end(), ErrorCode::kDataCorrupt, "{}: no column '{}'", name_, column);
  return rows_[row][found->second];
}

std::int64_t TsvTable::integer(std::size_t row, const std::string& column) const {
  return to_integer(at(row, column), fmt::format("{}: row {}: {}", name_, row + 1, column));
}

std::vector<std::int64_t> parse_int_list(const std::string& text) {
  std::vector<std::int64_t> values;
  for (const std::string& part : split(text, ',')) values.push_back(to_integer(part, "list"));
  return values;
}

}  // namespace nest::data
