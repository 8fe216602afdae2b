#include <array>

#include "io/bytes.h"
#include "io/pickle.h"
#include "nest/core/error.h"

namespace nest::io::pickle {
namespace {

struct Opcode {
  char code;
  std::string_view name;
};

/// Python's pickletools.opcodes, complete, so that a refusal can name what it met.
constexpr std::array<Opcode, 68> kOpcodes{{{'I', "INT"},
                                           {'J', "BININT"},
                                           {'K', "BININT1"},
                                           {'M', "BININT2"},
                                           {'L', "LONG"},
                                           {'\x8a', "LONG1"},
                                           {'\x8b', "LONG4"},
                                           {'S', "STRING"},
                                           {'T', "BINSTRING"},
                                           {'U', "SHORT_BINSTRING"},
                                           {'B', "BINBYTES"},
                                           {'C', "SHORT_BINBYTES"},
                                           {'\x8e', "BINBYTES8"},
                                           {'\x96', "BYTEARRAY8"},
                                           {'\x97', "NEXT_BUFFER"},
                                           {'\x98', "READONLY_BUFFER"},
                                           {'N', "NONE"},
                                           {'\x88', "NEWTRUE"},
                                           {'\x89', "NEWFALSE"},
                                           {'V', "UNICODE"},
                                           {'\x8c', "SHORT_BINUNICODE"},
                                           {'X', "BINUNICODE"},
                                           {'\x8d', "BINUNICODE8"},
                                           {'F', "FLOAT"},
                                           {'G', "BINFLOAT"},
                                           {']', "EMPTY_LIST"},
                                           {'a', "APPEND"},
                                           {'e', "APPENDS"},
                                           {'l', "LIST"},
                                           {')', "EMPTY_TUPLE"},
                                           {'t', "TUPLE"},
                                           {'\x85', "TUPLE1"},
                                           {'\x86', "TUPLE2"},
                                           {'\x87', "TUPLE3"},
                                           {'}', "EMPTY_DICT"},
                                           {'d', "DICT"},
                                           {'s', "SETITEM"},
                                           {'u', "SETITEMS"},
                                           {'\x8f', "EMPTY_SET"},
                                           {'\x90', "ADDITEMS"},
                                           {'\x91', "FROZENSET"},
                                           {'0', "POP"},
                                           {'2', "DUP"},
                                           {'(', "MARK"},
                                           {'1', "POP_MARK"},
                                           {'g', "GET"},
                                           {'h', "BINGET"},
                                           {'j', "LONG_BINGET"},
                                           {'p', "PUT"},
                                           {'q', "BINPUT"},
                                           {'r', "LONG_BINPUT"},
                                           {'\x94', "MEMOIZE"},
                                           {'\x82', "EXT1"},
                                           {'\x83', "EXT2"},
                                           {'\x84', "EXT4"},
                                           {'c', "GLOBAL"},
                                           {'\x93', "STACK_GLOBAL"},
                                           {'R', "REDUCE"},
                                           {'b', "BUILD"},
                                           {'i', "INST"},
                                           {'o', "OBJ"},
                                           {'\x81', "NEWOBJ"},
                                           {'\x92', "NEWOBJ_EX"},
                                           {'\x80', "PROTO"},
                                           {'.', "STOP"},
                                           {'\x95', "FRAME"},
                                           {'P', "PERSID"},
                                           {'Q', "BINPERSID"}}};

struct StorageName {
  std::string_view name;
  DType dtype;
};
constexpr std::array<StorageName, 10> kStorages{{{"FloatStorage", DType::kF32},
                                                 {"DoubleStorage", DType::kF64},
                                                 {"HalfStorage", DType::kF16},
                                                 {"BFloat16Storage", DType::kBF16},
                                                 {"CharStorage", DType::kI8},
                                                 {"ByteStorage", DType::kU8},
                                                 {"ShortStorage", DType::kI16},
                                                 {"IntStorage", DType::kI32},
                                                 {"LongStorage", DType::kI64},
                                                 {"BoolStorage", DType::kBool}}};

Node function_node(Function function) {
  Node node;
  node.kind = Kind::kFunction;
  node.function = function;
  return node;
}

}  // namespace

std::string opcode_name(std::uint8_t opcode) {
  for (const Opcode& entry : kOpcodes) {
    if (static_cast<std::uint8_t>(entry.code) == opcode) return std::string(entry.name);
  }
  return fmt::format("0x{:02x}", opcode);
}

Node resolve_global(std::string_view module, std::string_view name) {
  if (module == "collections" && name == "OrderedDict") {
    return function_node(Function::kOrderedDict);
  }
  if (module == "torch._utils" && name == "_rebuild_tensor_v2") {
    return function_node(Function::kRebuildTensor);
  }
  if (module == "torch._utils" && name == "_rebuild_tensor_v3") {
    return function_node(Function::kRebuildTyped);
  }
  if (module == "torch._utils" &&
      (name == "_rebuild_parameter" || name == "_rebuild_parameter_with_state")) {
    return function_node(Function::kRebuildParameter);
  }
  if (module == "torch") {
    for (const StorageName& storage : kStorages) {
      if (storage.name != name) continue;
      Node node;
      node.kind = Kind::kStorageType;
      node.dtype = storage.dtype;
      return node;
    }
  }
  constexpr std::string_view kStorage = "Storage";  // of a type that is not computed with
  if ((module == "torch" || module == "torch.storage") && name.ends_with(kStorage)) {
    Node node;
    node.kind = Kind::kStorageType;
    node.type = name.substr(0, name.size() - kStorage.size());
    return node;
  }
  Node node;
  node.kind = Kind::kForeign;
  return node;
}

std::string describe(const Node& node) {
  if (node.kind != Kind::kForeign) return std::string(name_of(node.kind));
  return fmt::format(
      "an object of {}, which is never made: only tensors, OrderedDict and plain values are read. "
      "Save a state dict and a plain config instead",
      printable(node.text, 200));
}

std::string_view name_of(Kind kind) {
  constexpr std::array<std::string_view, 16> kNames{
      "None",           "a bool",    "an int",   "a wide int",      "a float",        "a text",
      "bytes",          "a tuple",   "a list",   "a dict",          "an OrderedDict", "a function",
      "a storage type", "a storage", "a tensor", "a foreign object"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace nest::io::pickle
