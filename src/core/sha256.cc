// The functions of OpenSSL 1.1: EVP_Digest() of OpenSSL 3 would bring all its algorithms into a
// static program, 3.7 MB instead of 24 KB.
#define OPENSSL_API_COMPAT 0x10100000L

#include <array>

#include <fmt/format.h>
#include <openssl/sha.h>

#include "nest/core/file.h"
#include "nest/core/hash.h"

namespace nest {

std::string sha256_hex(std::span<const std::byte> bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256_CTX state;
  SHA256_Init(&state);
  SHA256_Update(&state, bytes.data(), bytes.size());
  SHA256_Final(digest.data(), &state);
  std::string hex;
  for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

std::string sha256_hex_of_file(const std::filesystem::path& path) {
  return sha256_hex(MappedFile::open(path)->bytes());
}

}  // namespace nest
