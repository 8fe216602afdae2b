// What a pickle would call and build: the tensors and dictionaries of a state dict are made as
// inert data, everything else is a value with its name.
#include <fmt/format.h>

#include "io/pickle_machine.h"
#include "nest/core/error.h"

namespace nest::io::pickle {
namespace {

constexpr std::size_t kMaxRank = 64;

}  // namespace

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

}  // namespace nest::io::pickle
