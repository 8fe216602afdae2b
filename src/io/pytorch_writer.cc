#include <array>
#include <ostream>

#include "io/bytes.h"
#include "io/pickle_writer.h"
#include "io/pytorch.h"
#include "nest/core/file.h"
#include "nest/io/zip.h"

namespace nest::io {
namespace {

constexpr std::array<std::string_view, 4> kReservedKeys{"model_state_dict", "state_dict",
                                                        "model_config", "extra_tensors"};

/// Pickles tensors by name and remembers them in the order of their storage keys.
void put_tensors(PickleWriter& pickle, const TensorMap& tensors,
                 std::vector<const Tensor*>& storages) {
  for (const auto& [name, tensor] : tensors) {
    pickle.text(name);
    pickle.tensor(tensor, std::to_string(storages.size()));
    storages.push_back(&tensor);
  }
}

std::string pickle_of(const Checkpoint& checkpoint, std::vector<const Tensor*>& storages) {
  PickleWriter pickle;
  pickle.begin_dict();
  pickle.text("model_state_dict");
  pickle.begin_ordered_dict();
  put_tensors(pickle, checkpoint.state_dict, storages);
  pickle.end_dict();
  if (!checkpoint.model_config.is_null()) {
    pickle.text("model_config");
    pickle.json(checkpoint.model_config);
  }
  for (const auto& [key, value] : checkpoint.extra.items()) {
    for (const std::string_view reserved : kReservedKeys) {
      require(key != reserved, ErrorCode::kInvalidArgument,
              "'{}' is a key of the checkpoint itself and cannot be an extra entry", key);
    }
    pickle.text(key);
    pickle.json(value);
  }
  if (!checkpoint.extra_tensors.empty()) {
    pickle.text("extra_tensors");
    pickle.begin_dict();
    put_tensors(pickle, checkpoint.extra_tensors, storages);
    pickle.end_dict();
  }
  pickle.end_dict();
  return std::move(pickle).finish();
}

}  // namespace

void write_pytorch(std::ostream& out, const Checkpoint& checkpoint) {
  std::vector<const Tensor*> storages;
  const std::string pickle = pickle_of(checkpoint, storages);
  ZipWriter zip(out);
  zip.add_stored("archive/data.pkl", as_bytes(pickle), kAlignment);
  zip.add_stored("archive/byteorder", as_bytes("little"), kAlignment);
  for (std::size_t i = 0; i < storages.size(); ++i) {
    const Tensor& tensor = *storages[i];
    zip.add_stored(fmt::format("archive/data/{}", i),
                   {static_cast<const std::byte*>(tensor.raw()), tensor.nbytes()}, kAlignment);
  }
  zip.add_stored("archive/version", as_bytes("3\n"), kAlignment);
  zip.finish();
}

void write_pytorch(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  write_file_atomic(path, [&](std::ostream& out) { write_pytorch(out, checkpoint); });
}

}  // namespace nest::io
