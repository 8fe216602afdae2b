// The bytes, values and stack of the pickle machine.
#include <utility>

#include "io/bytes.h"
#include "io/pickle_machine.h"
#include "nest/core/error.h"

namespace nest::io::pickle {

std::string_view Machine::read_text(std::uint64_t size) {
  const auto part = slice(bytes_, at_, size, "a text in the pickle");
  at_ += size;
  return as_text(part);
}

std::string_view Machine::read_line() {
  const std::string_view rest = as_text(bytes_.subspan(at_));
  const std::size_t end = rest.substr(0, 1024).find('\n');
  require(end != std::string_view::npos, ErrorCode::kDataCorrupt,
          "a name in the pickle does not end");
  at_ += end + 1;
  return rest.substr(0, end);
}

Id Machine::add(Node node) {
  require(pickle_.nodes.size() < kMaxNodes, ErrorCode::kDataCorrupt,
          "the pickle holds more than {} values", kMaxNodes);
  pickle_.nodes.push_back(std::move(node));
  return static_cast<Id>(pickle_.nodes.size() - 1);
}

void Machine::push_int(std::int64_t value) {
  Node number;
  number.kind = Kind::kInt;
  number.integer = value;
  push_new(std::move(number));
}

void Machine::push_string(Kind kind, std::string_view text) {
  Node value;
  value.kind = kind;
  value.text = text;
  push_new(std::move(value));
}

void Machine::push_sequence(Kind kind, std::vector<Id> items) {
  if (kind == Kind::kTuple && items.empty()) return push(kEmptyTupleId);
  Node value;
  value.kind = kind;
  value.items = std::move(items);
  push_new(std::move(value));
}

Id Machine::pop() {
  const std::size_t floor = marks_.empty() ? 0 : marks_.back();
  require(stack_.size() > floor, ErrorCode::kDataCorrupt,
          "the pickle takes a value from an empty stack at byte {}", at_);
  const Id id = stack_.back();
  stack_.pop_back();
  return id;
}

Id Machine::top() {
  const Id id = pop();
  push(id);
  return id;
}

std::vector<Id> Machine::pop_count(std::size_t count) {
  std::vector<Id> items(count);
  for (std::size_t i = count; i-- > 0;) items[i] = pop();
  return items;
}

std::vector<Id> Machine::pop_to_mark() {
  require(!marks_.empty(), ErrorCode::kDataCorrupt, "the pickle has no mark at byte {}", at_);
  std::vector<Id> items(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()), stack_.end());
  stack_.resize(marks_.back());
  marks_.pop_back();
  return items;
}

}  // namespace nest::io::pickle
