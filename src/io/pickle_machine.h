#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "io/bytes.h"
#include "io/pickle.h"

namespace nest::io::pickle {

/// Values that need no bytes: the machine's first nodes.
inline constexpr Id kNoneId = 0;
inline constexpr Id kTrueId = 1;
inline constexpr Id kFalseId = 2;
inline constexpr Id kEmptyTupleId = 3;

/// A stack machine over inert nodes. Each group of opcodes has one function, which returns false
/// for an opcode of another group: plain data in pickle_reader.cc, objects in pickle_objects.cc.
class Machine {
 public:
  /// `bytes` must outlive the result.
  explicit Machine(std::span<const std::byte> bytes);
  Pickle run();

 private:
  template <class T>
  T read() {
    const T value = load_le<T>(bytes_, at_, "the pickle");
    at_ += sizeof(T);
    return value;
  }
  std::string_view read_text(std::uint64_t size);
  std::string_view read_line();

  Id add(Node node);
  Node& node(Id id) { return pickle_.nodes[id]; }
  void push(Id id) { stack_.push_back(id); }
  void push_new(Node value) { push(add(std::move(value))); }
  void push_int(std::int64_t value);
  void push_string(Kind kind, std::string_view text);
  void push_sequence(Kind kind, std::vector<Id> items);
  Id pop();
  Id top();
  std::vector<Id> pop_count(std::size_t count);
  std::vector<Id> pop_to_mark();

  bool run_number(std::uint8_t opcode);
  bool run_text(std::uint8_t opcode);
  bool run_sequence(std::uint8_t opcode);
  bool run_dict(std::uint8_t opcode);
  bool run_stack(std::uint8_t opcode);
  bool run_memo(std::uint8_t opcode);
  bool run_object(std::uint8_t opcode);
  void read_long(std::uint64_t size);
  void push_global(std::string_view module, std::string_view name);
  void push_foreign(std::string_view name);
  void new_object();
  void append(const std::vector<Id>& items);
  void set_items(const std::vector<Id>& items);
  void recall(std::uint32_t key);
  void reduce();
  void rebuild_tensor(const std::vector<Id>& arguments, Function function);
  void build();
  void load_storage();

  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;  // the next byte
  Pickle pickle_;
  std::vector<Id> stack_;
  std::vector<std::size_t> marks_;  // sizes of the stack
  std::size_t name_bytes_ = 0;      // of foreign objects
  std::unordered_map<std::uint32_t, Id> memo_;
};

}  // namespace nest::io::pickle
