#include <bit>
#include <utility>

#include "io/pickle_machine.h"
#include "nest/core/error.h"

namespace nest::io::pickle {

Machine::Machine(std::span<const std::byte> bytes) : bytes_(bytes) {
  add({});
  Node flag;
  flag.kind = Kind::kBool;
  flag.integer = 1;
  add(flag);
  flag.integer = 0;
  add(flag);
  Node tuple;
  tuple.kind = Kind::kTuple;
  add(tuple);
}

Pickle Machine::run() {
  const auto first = read<std::uint8_t>();
  const auto protocol = read<std::uint8_t>();
  require(first == 0x80 && protocol >= 2 && protocol <= 5, ErrorCode::kUnsupported,
          "not a pickle of protocol 2 to 5");
  for (auto opcode = read<std::uint8_t>(); opcode != '.'; opcode = read<std::uint8_t>()) {
    const bool is_known = run_number(opcode) || run_text(opcode) || run_sequence(opcode) ||
                          run_dict(opcode) || run_stack(opcode) || run_memo(opcode) ||
                          run_object(opcode);
    require(is_known, ErrorCode::kUnsupported,
            "refused: pickle opcode {} at byte {} is not among those that a state dict needs",
            opcode_name(opcode), at_ - 1);
  }
  pickle_.root = pop();
  return std::move(pickle_);
}

bool Machine::run_number(std::uint8_t opcode) {
  switch (opcode) {
    case 'N':
      push(kNoneId);
      return true;
    case 0x88:
      push(kTrueId);
      return true;
    case 0x89:
      push(kFalseId);
      return true;
    case 'J':
      push_int(read<std::int32_t>());
      return true;
    case 'K':
      push_int(read<std::uint8_t>());
      return true;
    case 'M':
      push_int(read<std::uint16_t>());
      return true;
    case 0x8a:
      read_long(read<std::uint8_t>());
      return true;
    case 0x8b:
      read_long(read<std::uint32_t>());
      return true;
    case 'G': {
      Node number;
      number.kind = Kind::kFloat;
      number.real = std::bit_cast<double>(__builtin_bswap64(read<std::uint64_t>()));
      push_new(std::move(number));
      return true;
    }
    default:
      return false;
  }
}

/// LONG1 and LONG4: little-endian two's complement.
void Machine::read_long(std::uint64_t size) {
  const std::string_view bytes = read_text(size);
  if (size > 8) {
    Node wide;
    wide.kind = Kind::kWideInt;
    wide.text = bytes;
    return push_new(std::move(wide));
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    value |= std::uint64_t{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
  }
  if (size > 0 && size < 8 && (value >> (8 * size - 1)) != 0)
    value |= ~std::uint64_t{0} << (8 * size);
  push_int(static_cast<std::int64_t>(value));
}

bool Machine::run_text(std::uint8_t opcode) {
  switch (opcode) {
    case 0x8c:
      push_string(Kind::kText, read_text(read<std::uint8_t>()));
      return true;
    case 'X':
      push_string(Kind::kText, read_text(read<std::uint32_t>()));
      return true;
    case 0x8d:
      push_string(Kind::kText, read_text(read<std::uint64_t>()));
      return true;
    case 'C':
      push_string(Kind::kBytes, read_text(read<std::uint8_t>()));
      return true;
    case 'B':
      push_string(Kind::kBytes, read_text(read<std::uint32_t>()));
      return true;
    case 0x8e:
    case 0x96:  // BYTEARRAY8
      push_string(Kind::kBytes, read_text(read<std::uint64_t>()));
      return true;
    default:
      return false;
  }
}

bool Machine::run_sequence(std::uint8_t opcode) {
  switch (opcode) {
    case ']':
    case 0x8f:  // EMPTY_SET
      push_sequence(Kind::kList, {});
      return true;
    case 'l':
      push_sequence(Kind::kList, pop_to_mark());
      return true;
    case 'a':
      append(pop_count(1));
      return true;
    case 'e':
    case 0x90:  // ADDITEMS of a set
      append(pop_to_mark());
      return true;
    case 0x91:  // FROZENSET
      push_sequence(Kind::kList, pop_to_mark());
      return true;
    case ')':
      push(kEmptyTupleId);
      return true;
    case 't':
      push_sequence(Kind::kTuple, pop_to_mark());
      return true;
    case 0x85:
      push_sequence(Kind::kTuple, pop_count(1));
      return true;
    case 0x86:
      push_sequence(Kind::kTuple, pop_count(2));
      return true;
    case 0x87:
      push_sequence(Kind::kTuple, pop_count(3));
      return true;
    default:
      return false;
  }
}

void Machine::append(const std::vector<Id>& items) {
  Node& list = node(top());
  if (list.kind == Kind::kForeign) return;  // what it would hold is not needed
  require(list.kind == Kind::kList, ErrorCode::kDataCorrupt, "the pickle appends to {}",
          name_of(list.kind));
  list.items.insert(list.items.end(), items.begin(), items.end());
}

bool Machine::run_dict(std::uint8_t opcode) {
  switch (opcode) {
    case '}':
      push_sequence(Kind::kDict, {});
      return true;
    case 'd': {
      const std::vector<Id> items = pop_to_mark();
      push_sequence(Kind::kDict, {});
      set_items(items);
      return true;
    }
    case 's':
      set_items(pop_count(2));
      return true;
    case 'u':
      set_items(pop_to_mark());
      return true;
    default:
      return false;
  }
}

void Machine::set_items(const std::vector<Id>& items) {
  Node& dict = node(top());
  if (dict.kind == Kind::kForeign) return;  // what it would hold is not needed
  require(dict.kind == Kind::kDict || dict.kind == Kind::kOrderedDict, ErrorCode::kDataCorrupt,
          "the pickle sets items of {}", name_of(dict.kind));
  require(items.size() % 2 == 0, ErrorCode::kDataCorrupt, "a key without a value in the pickle");
  dict.items.insert(dict.items.end(), items.begin(), items.end());
}

bool Machine::run_stack(std::uint8_t opcode) {
  switch (opcode) {
    case '(':
      marks_.push_back(stack_.size());
      return true;
    case '0':
      pop();
      return true;
    case '1':
      pop_to_mark();
      return true;
    case '2':
      push(top());
      return true;
    case 0x95:
      read<std::uint64_t>();
      return true;  // FRAME: a reading hint
    default:
      return false;
  }
}

bool Machine::run_memo(std::uint8_t opcode) {
  switch (opcode) {
    case 'q':
      memo_[read<std::uint8_t>()] = top();
      return true;
    case 'r':
      memo_[read<std::uint32_t>()] = top();
      return true;
    case 0x94:
      memo_[static_cast<std::uint32_t>(memo_.size())] = top();
      return true;
    case 'h':
      recall(read<std::uint8_t>());
      return true;
    case 'j':
      recall(read<std::uint32_t>());
      return true;
    default:
      return false;
  }
}

void Machine::recall(std::uint32_t key) {
  const auto it = memo_.find(key);
  require(it != memo_.end(), ErrorCode::kDataCorrupt, "the pickle recalls memo {}, never stored",
          key);
  push(it->second);
}

Pickle parse(std::span<const std::byte> bytes) {
  require(bytes.size() <= kMaxBytes, ErrorCode::kDataCorrupt,
          "the pickle has {} bytes, the limit is {}", bytes.size(), kMaxBytes);
  return Machine(bytes).run();
}

}  // namespace nest::io::pickle
