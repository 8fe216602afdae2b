#include "package/signature.h"

#include <array>
#include <cstring>
#include <vector>

#include <sodium.h>

#include "nest/core/base64.h"
#include "nest/core/error.h"
#include "nest/core/file.h"

namespace nest::package {
namespace {

// DER in front of the 32 bytes of a key (RFC 8410).
constexpr std::array<unsigned char, 16> kPrivatePrefix{
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
constexpr std::array<unsigned char, 12> kPublicPrefix{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                      0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
constexpr std::size_t kKeyBytes = 32;

void start() {
  require(::sodium_init() >= 0, ErrorCode::kInternal, "libsodium did not start");
}

std::string hex_of(std::span<const unsigned char> bytes) {
  std::string text(bytes.size() * 2 + 1, '\0');
  ::sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

/// Empty unless it is exactly the lower-case hex of so many bytes.
std::vector<unsigned char> bytes_of(const std::string& hex, std::size_t count) {
  std::vector<unsigned char> bytes(count);
  std::size_t length = 0;
  const bool is_hex =
      ::sodium_hex2bin(bytes.data(), count, hex.data(), hex.size(), nullptr, &length, nullptr) == 0;
  if (!is_hex || length != count || hex_of(bytes) != hex) return {};
  return bytes;
}

/// The 32 bytes behind a known DER prefix in a PEM file.
template <std::size_t N>
std::vector<unsigned char> read_key(const std::filesystem::path& file,
                                    const std::array<unsigned char, N>& prefix,
                                    std::string_view what) {
  std::string body;
  for (const std::string& line : read_lines(file))
    if (!line.starts_with("-----")) body += line;
  std::vector<std::byte> der;
  try {
    der = base64_decode(body);
  } catch (const Error&) {
    der.clear();  // said below
  }
  require(der.size() == N + kKeyBytes && std::memcmp(der.data(), prefix.data(), N) == 0,
          ErrorCode::kDataCorrupt,
          "{}: is no Ed25519 {} key in PEM; openssl genpkey -algorithm ed25519 makes a pair",
          file.string(), what);
  std::vector<unsigned char> key(kKeyBytes);
  std::memcpy(key.data(), der.data() + N, kKeyBytes);
  ::sodium_memzero(der.data(), der.size());
  ::sodium_memzero(body.data(), body.size());
  return key;
}

const unsigned char* raw(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

Signature sign(std::span<const std::byte> message, const std::filesystem::path& private_key) {
  start();
  std::vector<unsigned char> seed = read_key(private_key, kPrivatePrefix, "private");
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> open{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
  ::crypto_sign_seed_keypair(open.data(), secret.data(), seed.data());
  std::array<unsigned char, crypto_sign_BYTES> signature{};
  ::crypto_sign_detached(signature.data(), nullptr, raw(message), message.size(), secret.data());
  ::sodium_memzero(seed.data(), seed.size());
  ::sodium_memzero(secret.data(), secret.size());
  return {hex_of(signature), hex_of(open)};
}

std::string read_public_key(const std::filesystem::path& file) {
  start();
  return hex_of(read_key(file, kPublicPrefix, "public"));
}

bool is_signed(std::span<const std::byte> message, const std::string& signature,
               const std::string& public_key) {
  start();
  const auto signature_bytes = bytes_of(signature, crypto_sign_BYTES);
  const auto key = bytes_of(public_key, crypto_sign_PUBLICKEYBYTES);
  return !signature_bytes.empty() && !key.empty() &&
         ::crypto_sign_verify_detached(signature_bytes.data(), raw(message), message.size(),
                                       key.data()) == 0;
}

}  // namespace nest::package
