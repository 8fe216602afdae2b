#include <algorithm>
#include <bit>
#include <unordered_map>
#include <utility>

#include "io/bytes.h"
#include "io/pickle.h"

namespace nest::io::pickle {
namespace {

constexpr Id kNoneId = 0;
constexpr Id kTrueId = 1;
constexpr Id kFalseId = 2;
constexpr Id kEmptyTupleId = 3;
constexpr std::size_t kMaxRank = 64;

/// A stack machine over inert nodes. Each group of opcodes has one function, which returns false
/// for an opcode of another group.
class Machine {
 public:
  explicit Machine(std::span<const std::byte> bytes) : bytes_(bytes) {
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

  Pickle run() {
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

 private:
  template <class T>
  T read() {
    const T value = load_le<T>(bytes_, at_, "the pickle");
    at_ += sizeof(T);
    return value;
  }
  std::string_view read_text(std::uint64_t size) {
    const auto part = slice(bytes_, at_, size, "a text in the pickle");
    at_ += size;
    return as_text(part);
  }
  std::string_view read_line() {
    const std::string_view rest = as_text(bytes_.subspan(at_));
    const std::size_t end = rest.substr(0, 1024).find('\n');
    require(end != std::string_view::npos, ErrorCode::kDataCorrupt,
            "a name in the pickle does not end");
    at_ += end + 1;
    return rest.substr(0, end);
  }

  Id add(Node node) {
    require(pickle_.nodes.size() < kMaxNodes, ErrorCode::kDataCorrupt,
            "the pickle holds more than {} values", kMaxNodes);
    pickle_.nodes.push_back(std::move(node));
    return static_cast<Id>(pickle_.nodes.size() - 1);
  }
  Node& node(Id id) { return pickle_.nodes[id]; }
  void push(Id id) { stack_.push_back(id); }
  void push_new(Node value) { push(add(std::move(value))); }
  void push_int(std::int64_t value) {
    Node number;
    number.kind = Kind::kInt;
    number.integer = value;
    push_new(std::move(number));
  }
  void push_string(Kind kind, std::string_view text) {
    Node value;
    value.kind = kind;
    value.text = text;
    push_new(std::move(value));
  }
  void push_sequence(Kind kind, std::vector<Id> items) {
    if (kind == Kind::kTuple && items.empty()) return push(kEmptyTupleId);
    Node value;
    value.kind = kind;
    value.items = std::move(items);
    push_new(std::move(value));
  }

  Id pop() {
    const std::size_t floor = marks_.empty() ? 0 : marks_.back();
    require(stack_.size() > floor, ErrorCode::kDataCorrupt,
            "the pickle takes a value from an empty stack at byte {}", at_);
    const Id id = stack_.back();
    stack_.pop_back();
    return id;
  }
  Id top() {
    const Id id = pop();
    push(id);
    return id;
  }
  std::vector<Id> pop_count(std::size_t count) {
    std::vector<Id> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    return items;
  }
  std::vector<Id> pop_to_mark() {
    require(!marks_.empty(), ErrorCode::kDataCorrupt, "the pickle has no mark at byte {}", at_);
    std::vector<Id> items(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()),
                          stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }

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
  std::size_t at_ = 0;
  Pickle pickle_;
  std::vector<Id> stack_;
  std::vector<std::size_t> marks_;
  std::size_t name_bytes_ = 0;
  std::unordered_map<std::uint32_t, Id> memo_;
};

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

bool Machine::run_object(std::uint8_t opcode) {
  switch (opcode) {
    case 'c': {
      const std::string_view module = read_line();
      push_global(module, read_line());
      return true;
    }
    case 0x93: {
      const std::vector<Id> names = pop_count(2);
      require(node(names[0]).kind == Kind::kText && node(names[1]).kind == Kind::kText,
              ErrorCode::kDataCorrupt, "STACK_GLOBAL without two names");
      push_global(node(names[0]).text, node(names[1]).text);
      return true;
    }
    case 'R':
      reduce();
      return true;
    case 0x81:  // NEWOBJ: class, arguments
    case 0x92:  // NEWOBJ_EX: class, arguments, named arguments
      pop_count(opcode == 0x81 ? 1 : 2);
      new_object();
      return true;
    case 'b':
      build();
      return true;
    case 'Q':
      load_storage();
      return true;
    default:
      return false;
  }
}

void Machine::push_global(std::string_view module, std::string_view name) {
  Node global = resolve_global(module, name);
  if (global.kind == Kind::kForeign) {
    // names that are recalled a million times must not become gigabytes
    name_bytes_ += module.size() + name.size() + 1;
    require(name_bytes_ <= kMaxBytes, ErrorCode::kDataCorrupt,
            "the names of foreign objects have more than {} bytes", kMaxBytes);
    global.text = pickle_.names.emplace_back(fmt::format("{}.{}", module, name));
  }
  push_new(std::move(global));
}

void Machine::push_foreign(std::string_view name) {
  Node foreign;
  foreign.kind = Kind::kForeign;
  foreign.text = name;
  push_new(std::move(foreign));
}

void Machine::new_object() {
  const Node& type = node(pop());
  require(type.kind == Kind::kForeign, ErrorCode::kUnsupported,
          "refused: pickle opcode NEWOBJ at byte {} makes an object of {}", at_ - 1,
          name_of(type.kind));
  push_foreign(type.text);
}

void Machine::reduce() {
  const Id arguments_id = pop();
  const Id function_id = pop();
  const Node& function = node(function_id);
  if (function.kind == Kind::kForeign) return push_foreign(function.text);
  require(function.kind == Kind::kFunction && node(arguments_id).kind == Kind::kTuple,
          ErrorCode::kUnsupported, "refused: the pickle calls {} with {}", name_of(function.kind),
          name_of(node(arguments_id).kind));
  const std::vector<Id> arguments = node(arguments_id).items;
  switch (function.function) {
    case Function::kOrderedDict:
      require(arguments.empty(), ErrorCode::kUnsupported,
              "refused: OrderedDict called with {} arguments", arguments.size());
      return push_sequence(Kind::kOrderedDict, {});
    case Function::kRebuildTensor:
    case Function::kRebuildTyped:
      return rebuild_tensor(arguments, function.function);
    case Function::kRebuildParameter:
      require(arguments.size() >= 3 && node(arguments[0]).kind == Kind::kTensor,
              ErrorCode::kDataCorrupt, "_rebuild_parameter without a tensor");
      return push(arguments[0]);
  }
}

/// Arguments: storage, offset, size, stride, requires_grad, backward_hooks, then dtype where it is
/// not the storage's (which is one of bytes then), and perhaps metadata.
void Machine::rebuild_tensor(const std::vector<Id>& arguments, Function function) {
  const auto is = [&](std::size_t i, Kind kind) { return node(arguments[i]).kind == kind; };
  const std::size_t needed = function == Function::kRebuildTyped ? 7 : 6;
  require((arguments.size() == needed || arguments.size() == needed + 1) && is(0, Kind::kStorage) &&
              is(1, Kind::kInt) && is(2, Kind::kTuple) && is(3, Kind::kTuple),
          ErrorCode::kDataCorrupt, "a tensor is rebuilt from arguments that make none");
  for (const Id tuple : {arguments[2], arguments[3]}) {
    require(node(tuple).items.size() <= kMaxRank, ErrorCode::kDataCorrupt,
            "a tensor with more than {} axes", kMaxRank);
    for (const Id item : node(tuple).items) {
      require(node(item).kind == Kind::kInt, ErrorCode::kDataCorrupt,
              "a tensor shape or stride holds {}", name_of(node(item).kind));
    }
  }
  Node tensor;
  tensor.kind = Kind::kTensor;
  tensor.type = node(arguments[0]).type;
  if (function == Function::kRebuildTyped) {
    require(is(6, Kind::kForeign) && node(arguments[6]).text.starts_with("torch."),
            ErrorCode::kDataCorrupt, "a tensor is rebuilt with {} as its type",
            name_of(node(arguments[6]).kind));
    tensor.type = node(arguments[6]).text.substr(std::string_view("torch.").size());
  }
  tensor.items = {arguments[0], arguments[1], arguments[2], arguments[3]};
  push_new(std::move(tensor));
}

/// Attributes of an OrderedDict (a state dict's _metadata) carry no values; others are refused.
void Machine::build() {
  const Id state = pop();
  const Kind target = node(top()).kind;
  if (target == Kind::kForeign) return;
  require(target == Kind::kOrderedDict && node(state).kind == Kind::kDict, ErrorCode::kUnsupported,
          "refused: the pickle sets the state of {}", name_of(target));
}

/// ('storage', type, key, location, number of elements)
void Machine::load_storage() {
  const Node& id = node(pop());
  require(id.kind == Kind::kTuple && id.items.size() == 5, ErrorCode::kDataCorrupt,
          "a persistent id that is not a storage");
  const Node& tag = node(id.items[0]);
  const Node& type = node(id.items[1]);
  const Node& key = node(id.items[2]);
  const Node& count = node(id.items[4]);
  require(tag.kind == Kind::kText && tag.text == "storage" && type.kind == Kind::kStorageType &&
              key.kind == Kind::kText && count.kind == Kind::kInt && count.integer >= 0,
          ErrorCode::kDataCorrupt, "a persistent id that is not a storage");
  Node storage;
  storage.kind = Kind::kStorage;
  storage.dtype = type.dtype;
  storage.type = type.type;
  storage.text = key.text;
  storage.integer = count.integer;
  push_new(std::move(storage));
}

}  // namespace

Pickle parse(std::span<const std::byte> bytes) {
  require(bytes.size() <= kMaxBytes, ErrorCode::kDataCorrupt,
          "the pickle has {} bytes, the limit is {}", bytes.size(), kMaxBytes);
  return Machine(bytes).run();
}

}  // namespace nest::io::pickle
