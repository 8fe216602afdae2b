#include <memory>

#include <openssl/evp.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/hash.h"

namespace nest {

std::string sha256_hex(std::span<const std::byte> bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  const int ok = EVP_Digest(bytes.data(), bytes.size(), digest, &length, EVP_sha256(), nullptr);
  require(ok == 1 && length == 32, ErrorCode::kInternal, "SHA-256 is not available in OpenSSL");
  std::string hex;
  for (unsigned int i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

std::string sha256_hex_of_file(const std::filesystem::path& path) {
  return sha256_hex(MappedFile::open(path)->bytes());
}

}  // namespace nest
