#include <cstdio>
#include <filesystem>

#include <nest/core/error.h>
#include <nest/io/npy.h>

// Writes an array with the installed library, reads it back, and catches one of its errors.
int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path file = std::filesystem::path(argv[1]) / "a.npy";
  const auto array = nest::Tensor::from<float>({2, 2}, {1.0f, 2.0f, 3.0f, 4.0f});
  nest::io::write_npy(file, array);
  if (!nest::bit_equal(nest::io::read_npy(file), array)) return 1;
  try {
    nest::io::read_npy(std::filesystem::path(argv[1]) / "missing.npy");
  } catch (const nest::Error& error) {
    std::printf("%s\n", error.what());
    return error.code() == nest::ErrorCode::kNotFound ? 0 : 1;
  }
  return 1;
}
