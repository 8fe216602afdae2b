#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/departures.h"
#include "nest/core/dtype.h"
#include "nest/core/json_fwd.h"

/// The values a PyTorch pickle may hold, as inert data: nothing is ever imported or called.
namespace nest::io::pickle {

/// Index into Pickle::nodes.
using Id = std::uint32_t;

enum class Kind : std::uint8_t {
  kNone,
  kBool,
  kInt,
  kWideInt,  ///< beyond 64 bits signed; `text` has its bytes, little-endian two's complement
  kFloat,
  kText,
  kBytes,
  kTuple,
  kList,
  kDict,         ///< items: key, value, key, value ...
  kOrderedDict,  ///< the same; attributes such as _metadata are dropped
  kFunction,     ///< a whitelisted name that REDUCE may apply
  kStorageType,  ///< torch.FloatStorage and the like
  kStorage,      ///< a member of the archive: key in `text`, number of elements in `integer`
  kTensor,       ///< items: storage, offset, sizes, strides
  kForeign,      ///< an object of another class, never made: `text` names it
};
std::string_view name_of(Kind kind);

enum class Function : std::uint8_t {
  kOrderedDict,
  kRebuildTensor,
  kRebuildTyped,  ///< as kRebuildTensor, with the element type as an argument
  kRebuildParameter,
};

struct Node {
  Kind kind = Kind::kNone;
  Function function = Function::kOrderedDict;
  DType dtype = DType::kF32;  ///< of a storage type or storage
  std::int64_t integer = 0;
  double real = 0;
  std::string_view text;  ///< points into the pickle, or to a name in Pickle::names
  std::string_view type;  ///< of a storage type, storage or tensor: its element type if that is
                          ///< none of DType ("uint16"), else ""
  std::vector<Id> items;
};

struct Pickle {
  std::vector<Node> nodes;
  std::deque<std::string> names;  ///< "module.name" of foreign objects
  Id root = 0;

  const Node& operator[](Id id) const { return nodes[id]; }
};

/// Largest pickle and number of values that are read; checkpoints stay far below.
inline constexpr std::size_t kMaxBytes = std::size_t{16} << 20;
inline constexpr std::size_t kMaxNodes = std::size_t{1} << 20;

/// Runs the opcodes of protocol 2 to 5 that torch.save emits; time and memory are linear in the
/// size of the pickle. Nothing outside a short list is ever called: what a class or function that
/// is not on it would have made is one inert value with its name (kForeign). `bytes` must outlive
/// the result. Errors: DataCorrupt; Unsupported naming the opcode that is refused.
Pickle parse(std::span<const std::byte> bytes);

/// The whitelisted global `module.name`, or a foreign object whose `text` is still empty.
Node resolve_global(std::string_view module, std::string_view name);

/// Upper-case name of an opcode in Python's pickletools; "0x.." if there is none.
std::string opcode_name(std::uint8_t opcode);

/// What a value that was expected to be something else is, for messages: "a dict", "an object of
/// posix.system, which is never made".
std::string describe(const Node& node);

/// A value as JSON: tuples become lists, bytes base64 text, tensors a text "tensor float32 [2, 3]",
/// integers beyond 64 bits their digits, foreign objects their name; the last two are departures.
/// Errors: DataCorrupt for values nested deeper than 64 levels (or cyclic), for more than
/// kMaxNodes values after expansion, and for keys that are neither text nor integers.
/// The key `omitted` of `id` itself is left out, however often it occurs.
Json to_json(const Pickle& pickle, Id id, std::string_view omitted, Departures& departures);

}  // namespace nest::io::pickle
