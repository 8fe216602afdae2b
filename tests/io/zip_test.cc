#include "nest/io/zip.h"

#include <sstream>

#include <gtest/gtest.h>

#include "io/bytes.h"
#include "nest/core/error.h"

namespace nest::io {
namespace {

std::string archive(const std::vector<std::pair<std::string, std::string>>& members,
                    bool is_deflated) {
  std::ostringstream out;
  ZipWriter zip(out);
  for (const auto& [name, content] : members) {
    if (is_deflated) {
      zip.add_deflated(name, as_bytes(content));
    } else {
      zip.add_stored(name, as_bytes(content), 64);
    }
  }
  zip.finish();
  return out.str();
}

ZipReader open_zip(const std::string& bytes) {
  return {as_bytes(bytes), nullptr};
}

std::string read(const ZipReader& zip, std::string_view name) {
  return std::string(as_text(zip.read(zip.at(name), 1 << 20)));
}

std::string message_of(const std::string& bytes) {
  try {
    const ZipReader zip = open_zip(bytes);
    for (const ZipEntry& entry : zip.entries()) zip.read(entry, 1 << 30);
  } catch (const Error& error) {
    EXPECT_EQ(exit_code(error.code()), 3);
    return error.what();
  }
  ADD_FAILURE() << "accepted";
  return "";
}

TEST(Zip, members_come_back_whether_stored_or_deflated) {
  for (const bool is_deflated : {false, true}) {
    const std::string bytes =
        archive({{"a", "alpha"}, {"dir/b", std::string(5000, 'x')}, {"c", ""}}, is_deflated);
    const ZipReader zip = open_zip(bytes);
    ASSERT_EQ(zip.entries().size(), 3u);
    EXPECT_EQ(read(zip, "a"), "alpha");
    EXPECT_EQ(read(zip, "dir/b"), std::string(5000, 'x'));
    EXPECT_EQ(read(zip, "c"), "");
    EXPECT_EQ(zip.find("d"), nullptr);
  }
}

TEST(Zip, stored_content_is_aligned_and_mapped_in_place) {
  const std::string bytes = archive({{"a", "alpha"}, {"b", "beta"}}, false);
  const ZipReader zip = open_zip(bytes);
  for (const ZipEntry& entry : zip.entries()) {
    EXPECT_EQ(entry.data_offset % 64, 0u);
    EXPECT_EQ(static_cast<const void*>(zip.mapped(entry).data()), bytes.data() + entry.data_offset);
  }
}

TEST(Zip, every_truncation_is_refused) {
  const std::string bytes = archive({{"a", "alpha"}, {"b", "beta"}}, true);
  for (std::size_t size = 0; size < bytes.size(); ++size) message_of(bytes.substr(0, size));
}

TEST(Zip, a_flipped_content_bit_is_a_checksum_error) {
  std::string bytes = archive({{"a", "alpha"}}, false);
  bytes[open_zip(bytes).at("a").data_offset] ^= 1;
  EXPECT_NE(message_of(bytes).find("checksum"), std::string::npos);
}

TEST(Zip, two_members_with_one_name_are_refused) {
  std::string bytes = archive({{"a", "alpha"}, {"b", "beta"}}, false);
  for (char& c : bytes) {
    if (c == 'b') c = 'a';
  }
  EXPECT_NE(message_of(bytes).find("twice"), std::string::npos);
}

TEST(Zip, members_that_share_bytes_are_refused) {
  const std::string inner = archive({{"b", "beta"}}, false);
  std::string bytes = archive({{"a", inner}, {"b", "beta"}}, false);
  const auto inside = static_cast<std::uint32_t>(open_zip(bytes).at("a").data_offset);
  std::memcpy(&bytes[bytes.rfind("PK\x01\x02") + 42], &inside, 4);  // b now lies within a
  EXPECT_NE(message_of(bytes).find("overlap"), std::string::npos);
}

TEST(Zip, a_bomb_is_refused_before_it_is_inflated) {
  const std::string bytes = archive({{"zeros", std::string(65u << 20, '\0')}}, true);
  ASSERT_LT(bytes.size(), 100000u);
  EXPECT_NE(message_of(bytes).find("zip bomb"), std::string::npos);
}

TEST(Zip, content_longer_than_announced_is_refused) {
  std::string bytes = archive({{"a", std::string(1000, 'x')}}, true);
  const std::size_t directory = bytes.rfind("PK\x01\x02");
  bytes[directory + 24] = 10;
  bytes[directory + 25] = 0;
  EXPECT_NE(message_of(bytes).find("longer"), std::string::npos);
}

}  // namespace
}  // namespace nest::io
