#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace nest {

/// SHA-256 as 64 lower-case hex digits (FIPS 180-4).
std::string sha256_hex(std::span<const std::byte> bytes);
/// SHA-256 of a file's content. Errors: NotFound, Io.
std::string sha256_hex_of_file(const std::filesystem::path& path);

/// CRC-32 (IEEE 802.3) as ZIP uses it; `seed` continues an earlier value.
std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t seed = 0);

/// 64-bit FNV-1a: a fast key for tables and seeds, not a checksum against tampering.
std::uint64_t fnv1a(std::span<const std::byte> bytes);
std::uint64_t fnv1a(std::string_view text);

}  // namespace nest
