#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

/// Ed25519 (RFC 8032) by libsodium; keys as `openssl genpkey -algorithm ed25519` writes them.
namespace nest::package {

/// A signature in hex and the key that checks it.
struct Signature {
  std::string signature;
  std::string public_key;
};

/// Errors: NotFound, Io; DataCorrupt unless the file is an Ed25519 private key (PEM, PKCS #8).
Signature sign(std::span<const std::byte> message, const std::filesystem::path& private_key);

/// Public key of a PEM file, in hex. Errors: NotFound, Io; DataCorrupt.
std::string read_public_key(const std::filesystem::path& file);

/// False for anything but the signature of this message by that key, both in hex.
bool is_signed(std::span<const std::byte> message, const std::string& signature,
               const std::string& public_key);

}  // namespace nest::package
