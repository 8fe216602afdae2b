#include <charconv>

#include "data/importers.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/log.h"
#include "nest/core/utf8.h"

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
  std::size_t number = 0, first_latin1 = 0;
  for (const std::string& raw : read_lines(path)) {
    ++number;
    if (raw.empty()) continue;
    if (first_latin1 == 0 && !is_utf8(raw)) first_latin1 = number;
    std::vector<std::string> parts = split(utf8_or_latin1(raw), '\t');
    if (columns_.empty()) {
      for (std::size_t i = 0; i < parts.size(); ++i) columns_[parts[i]] = i;
      continue;
    }
    rows_.push_back({number, std::move(parts)});
  }
  if (first_latin1 > 0) {
    log_warn("{}: no UTF-8 from line {} on, read as Latin-1", name_, first_latin1);
  }
}

std::string TsvTable::column_names() const {
  std::string names;
  for (const auto& [name, column] : columns_) names += (names.empty() ? "" : ", ") + name;
  return names;
}

const std::string& TsvTable::at(std::size_t row, const std::string& column) const {
  const auto found = columns_.find(column);
  require(found != columns_.end(), ErrorCode::kNotFound, "{}: no column '{}'", name_, column);
  const Row& wanted = rows_[row];
  require(wanted.fields.size() == columns_.size(), ErrorCode::kDataCorrupt,
          "{}:{}: {} fields, the header has {}", name_, wanted.line, wanted.fields.size(),
          columns_.size());
  return wanted.fields[found->second];
}

std::int64_t TsvTable::integer(std::size_t row, const std::string& column) const {
  return to_integer(at(row, column), fmt::format("{}:{}: {}", name_, rows_[row].line, column));
}

void TsvTable::for_each_row(bool strict, const std::function<void(std::size_t)>& use) const {
  constexpr std::size_t kShown = 3;
  std::vector<std::string> flaws;
  std::size_t num_bad = 0;
  for (std::size_t row = 0; row < size(); ++row) {
    try {
      with_context(fmt::format("{}:{}", name_, rows_[row].line), [&] { use(row); });
    } catch (const Error& error) {
      if (strict || error.code() != ErrorCode::kDataCorrupt) throw;
      if (flaws.size() < kShown) flaws.push_back(error.what());
      ++num_bad;
    }
  }
  if (num_bad == 0) return;
  const std::string more =
      num_bad > flaws.size() ? fmt::format("; and {} more", num_bad - flaws.size()) : "";
  require(num_bad < size(), ErrorCode::kDataCorrupt, "{}{}", fmt::join(flaws, "; "), more);
  log_warn("{} of {} rows left out: {}{}", num_bad, size(), fmt::join(flaws, "; "), more);
}

std::vector<std::int64_t> parse_int_list(const std::string& text) {
  std::vector<std::int64_t> values;
  for (const std::string& part : split(text, ',')) values.push_back(to_integer(part, "list"));
  return values;
}

}  // namespace nest::data
