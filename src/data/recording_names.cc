#include "data/recording_names.h"

#include <algorithm>
#include <string_view>

#include "data/importers.h"
#include "nest/core/error.h"
#include "nest/core/field_error.h"
#include "nest/core/utf8.h"

namespace nest::data {
namespace {

std::string& field_of(RecordingName& name, const std::string& field) {
  if (field == "subject") return name.subject;
  return field == "session" ? name.session : name.task;
}

// {subject} and the like take what has neither slash nor underscore; * takes anything. Adds the
// fields it meets.
std::string expression_of(const std::string& pattern, std::vector<std::string>& fields) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '{') {
      const std::size_t end = pattern.find('}', i);
      const std::string field = pattern.substr(i + 1, end - i - 1);
      require_field(
          end != std::string::npos && (field == "subject" || field == "session" || field == "task"),
          "name_pattern", "'{}': {{{}}} is none of {{subject}}, {{session}}, {{task}}", pattern,
          field);
      fields.push_back(field);
      text += "([^/_]+)";
      i = end;
    } else if (c == '*') {
      text += ".*";
    } else {
      if (std::string_view(".^$|()[]+?\\").find(c) != std::string_view::npos) text += '\\';
      text += c;
    }
  }
  return text;
}

std::string entity(const std::map<std::string, std::string>& entities, const char* key) {
  const auto found = entities.find(key);
  return found == entities.end() ? "" : utf8_or_latin1(found->second);
}

}  // namespace

std::map<std::string, std::string> bids_entities(const std::filesystem::path& file) {
  std::map<std::string, std::string> entities;
  const std::string stem = file.stem().string();
  for (std::size_t begin = 0; begin < stem.size();) {
    const std::size_t end = std::min(stem.find('_', begin), stem.size());
    const std::string part = stem.substr(begin, end - begin);
    const std::size_t dash = part.find('-');
    if (dash != std::string::npos && dash > 0) {
      entities[part.substr(0, dash)] = part.substr(dash + 1);
    }
    begin = end + 1;
  }
  return entities;
}

RecordingNames::RecordingNames(std::filesystem::path root, const std::string& pattern,
                               const std::string& table)
    : root_(std::move(root)), pattern_(pattern), table_(table) {
  if (!pattern.empty()) {
    require_field(pattern.find("{subject}") != std::string::npos, "name_pattern",
                  "'{}' has no {{subject}}", pattern);
    expression_.emplace(expression_of(pattern, fields_));
  }
  if (table.empty()) return;
  const TsvTable rows(table);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows_[rows.at(i, "file")] = {rows.at(i, "subject"), rows.at(i, "session"),
                                 rows.has("task") ? rows.at(i, "task") : ""};
  }
}

RecordingName RecordingNames::of_table(const std::filesystem::path& file) const {
  const std::string relative = utf8_or_latin1(file.lexically_relative(root_).generic_string());
  auto row = rows_.find(relative);
  if (row == rows_.end()) row = rows_.find(utf8_or_latin1(file.filename().string()));
  require(row != rows_.end(), ErrorCode::kDataCorrupt, "{}: no row for {} in its column 'file'",
          table_, relative);
  return row->second;
}

RecordingName RecordingNames::of_pattern(const std::filesystem::path& file) const {
  const bool has_folders = pattern_.find('/') != std::string::npos;
  const auto relative = has_folders ? file.lexically_relative(root_) : file.filename();
  const std::string whole = utf8_or_latin1(relative.generic_string());
  auto bare = relative;
  const std::string stem = utf8_or_latin1(bare.replace_extension().generic_string());
  std::smatch match;
  require_field(
      std::regex_match(stem, match, *expression_) || std::regex_match(whole, match, *expression_),
      "name_pattern", "'{}' does not fit {}", pattern_, whole);
  RecordingName name;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    field_of(name, fields_[i]) = match[i + 1].str();
  }
  return name;
}

RecordingName RecordingNames::of(const std::filesystem::path& file) const {
  RecordingName name;
  if (!table_.empty()) {
    name = of_table(file);
  } else if (expression_) {
    name = of_pattern(file);
  } else {
    const auto entities = bids_entities(file);
    name = {entity(entities, "sub"), entity(entities, "ses"), entity(entities, "task")};
  }
  if (name.subject.empty()) name.subject = utf8_or_latin1(file.stem().string());
  if (name.session.empty()) name.session = std::string(1, '1');
  return name;
}

}  // namespace nest::data
