// MATLAB 5 and 7.3 files: variables, matrices, EEGLAB structs, ZuCo sentences. The bytes stand in
// an anonymous file, because HDF5 opens paths only.
#include <cstdint>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "io/mat_file.h"
#include "nest/core/error.h"
#include "open_and_read.h"

namespace {

class AnonymousFile {
 public:
  AnonymousFile(const std::uint8_t* data, std::size_t size) : descriptor_(memfd_create("mat", 0)) {
    if (descriptor_ < 0 || write(descriptor_, data, size) != static_cast<ssize_t>(size)) {
      __builtin_trap();
    }
  }
  ~AnonymousFile() { close(descriptor_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const AnonymousFile file(data, size);
  for (const auto open : {nest::io::open_mat_recording, nest::io::open_eeglab}) {
    try {
      const auto recording = open(file.path(), {});
      nest::fuzz::check_texts(recording->info());
      recording->read_all();
    } catch (const nest::Error& error) {
      if (nest::exit_code(error.code()) != 3) __builtin_trap();
    }
  }
  return 0;
}
