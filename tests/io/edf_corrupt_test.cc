#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edf_bytes.h"
#include "nest/core/error.h"
#include "nest/core/rng.h"

namespace nest::io {
namespace {

using testing::HasSubstr;

EdfBytes small_plus() {
  EdfBytes edf;
  edf.reserved = "EDF+C";
  edf.declared_records = 3;
  edf.signals = {{}, {.label = "EDF Annotations", .unit = "", .per_record = 8}};
  for (int record = 0; record < 3; ++record) {
    for (int i = 0; i < 4; ++i) edf.add(i);
    edf.add_tal(fmt::format("+{}", record) + std::string("\x14\x14\0", 3), 16);
  }
  return edf;
}

void expect_error(const EdfBytes& edf, std::string_view part) {
  EXPECT_THAT([&] { edf.open(); }, testing::ThrowsMessage<Error>(HasSubstr(std::string(part))));
}

TEST(EdfCorrupt, every_prefix_gives_a_data_error) {
  const std::string whole = small_plus().text();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    try {
      open_edf(ByteSource::from_text(whole.substr(0, size)));
      FAIL() << "opened with " << size << " of " << whole.size() << " bytes";
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ErrorCode::kDataCorrupt) << error.what();
    }
  }
}

TEST(EdfCorrupt, a_truncated_file_states_declared_and_actual_size_and_opens_when_allowed) {
  const std::string whole = small_plus().text();
  const auto cut = ByteSource::from_text(whole.substr(0, whole.size() - 5));
  EXPECT_THAT([&] { open_edf(cut); }, testing::ThrowsMessage<Error>(
                                          HasSubstr("declares 3 records of 24 bytes (840 bytes in "
                                                    "all), the file has 835 bytes, 2 complete")));
  const auto recording = open_edf(cut, {.allow_truncated = true});
  EXPECT_EQ(recording->info().num_samples, 8);
}

TEST(EdfCorrupt, what_the_layout_depends_on_is_an_error_that_names_byte_and_content) {
  EdfBytes edf = small_plus();
  edf.duration = "one";
  expect_error(edf, "header byte 244: record duration 'one     ' is not a number");
  edf = small_plus();
  edf.signals[0].per_record = -1;
  expect_error(edf, "samples per record");
}

TEST(EdfCorrupt, flipped_bytes_never_do_worse_than_an_error) {
  const std::string whole = small_plus().text();
  Rng rng(20260101);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int trial = 0; trial < 4; ++trial) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(rng.below(256));
      try {
        const auto recording = open_edf(ByteSource::from_text(bytes));
        ASSERT_LE(recording->info().num_samples, static_cast<std::int64_t>(whole.size()));
        recording->read_all();
      } catch (const Error& error) {
        ASSERT_TRUE(error.code() == ErrorCode::kDataCorrupt) << at << ": " << error.what();
      }
    }
  }
}

}  // namespace
}  // namespace nest::io
