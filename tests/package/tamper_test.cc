// Whatever happens to a package, it is not served as if nothing had.
#include <csignal>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nest/core/base64.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/folder.h"
#include "nest/core/hash.h"
#include "nest/package/package.h"
#include "package/signature.h"
#include "tests/package/toy_package.h"
#include "tests/support/temp_dir.h"

namespace nest::package {
namespace {

using testing::HasSubstr;

/// A key file as openssl genpkey -algorithm ed25519 writes it.
void write_pem(const std::filesystem::path& file, const std::string& kind, const std::string& der) {
  write_text_file(file, "-----BEGIN " + kind + "-----\n" +
                            base64_encode(std::as_bytes(std::span(der))) + "\n-----END " + kind +
                            "-----\n");
}

/// NAME.key and NAME.pub of a seed of 32 equal bytes.
void write_pair(const std::filesystem::path& folder, const std::string& name, char seed) {
  using namespace std::string_literals;
  write_pem(
      folder / (name + ".key"), "PRIVATE KEY",
      "\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"s + std::string(32, seed));
  const std::string hex = sign({}, folder / (name + ".key")).public_key;
  std::string key = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"s;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    key.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  write_pem(folder / (name + ".pub"), "PUBLIC KEY", key);
}

std::string first_fault(const PackageReport& report) {
  for (const PackageCheck& check : report.checks)
    if (!check.faults.empty()) return check.faults.front();
  return "";
}

class TamperedPackage : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new test::TempDir;
    write_pair(dir_->path(), "own", 'a');
    write_pair(dir_->path(), "other", 'b');
    PackageOptions options = toy::options();
    options.archive = (*dir_ / "a.nestpkg").string();
    options.sign = (*dir_ / "own.key").string();
    toy::write(*dir_ / "p", options);
  }
  static void TearDownTestSuite() { delete dir_; }
  static test::TempDir* dir_;
};
test::TempDir* TamperedPackage::dir_ = nullptr;

TEST_F(TamperedPackage, is_sound_before) {
  EXPECT_EQ(first_fault(verify_package(*dir_ / "p")), "");
  EXPECT_EQ(first_fault(verify_package(*dir_ / "a.nestpkg")), "");
  EXPECT_EQ(first_fault(verify_package(*dir_ / "p", {.key = (*dir_ / "own.pub").string()})), "");
}

TEST_F(TamperedPackage, shows_a_changed_byte_in_every_file) {
  const auto folder = *dir_ / "p";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string whole = read_text_file(entry.path());
    // Every byte of what proves the rest, some of the others.
    const bool is_proof = entry.path().filename().string().starts_with("manifest.s");
    const std::size_t step = is_proof ? 1 : whole.size() / 5 + 1;
    for (std::size_t at = 0; at < whole.size(); at += step) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
      test::write_carelessly(entry.path(), changed);
      EXPECT_NE(first_fault(verify_package(folder)), "") << entry.path() << " byte " << at;
    }
    test::write_carelessly(entry.path(), whole + "\n");
    EXPECT_NE(first_fault(verify_package(folder)), "") << entry.path() << " with a byte more";
    std::filesystem::remove(entry.path());
    EXPECT_NE(first_fault(verify_package(folder)), "") << entry.path() << " missing";
    test::write_carelessly(entry.path(), whole);
  }
  EXPECT_EQ(first_fault(verify_package(folder)), "");
}

TEST_F(TamperedPackage, shows_a_changed_byte_anywhere_in_an_archive) {
  const std::string whole = read_text_file(*dir_ / "a.nestpkg");
  std::string changed = whole;
  const std::size_t tail = whole.size() - 1500;  // the directory
  for (std::size_t at = 0; at < whole.size(); at += at < 400 || at > tail ? 1 : 4099) {
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    try {
      const PackageReport report = verify_archive(std::as_bytes(std::span(changed)));
      EXPECT_NE(first_fault(report), "") << "byte " << at;
    } catch (const Error& error) {
      EXPECT_EQ(exit_code(error.code()), 3) << "byte " << at << ": " << error.what();
    }
    changed[at] = whole[at];
  }
}

TEST_F(TamperedPackage, shows_an_added_file_and_a_link) {
  const auto folder = *dir_ / "p";
  write_text_file(folder / "numpy.py", "import os");
  EXPECT_THAT(first_fault(verify_package(folder)), HasSubstr("numpy.py"));
  std::filesystem::remove(folder / "numpy.py");
  std::filesystem::create_symlink("/etc/passwd", folder / "link");
  EXPECT_THAT(first_fault(verify_package(folder)), HasSubstr("link"));
  std::filesystem::remove(folder / "link");
  EXPECT_THROW(Package::load(*dir_ / "own.key"), Error);
}

TEST_F(TamperedPackage, with_a_new_hash_of_the_manifest_lacks_the_signature) {
  const auto folder = *dir_ / "p";
  const std::string manifest = read_text_file(folder / "manifest.json");
  const std::string line = read_text_file(folder / "manifest.sha256");
  std::string forged = manifest;
  forged.replace(forged.find("not stated"), 10, "all rights");
  test::write_carelessly(folder / "manifest.json", forged);
  test::write_carelessly(folder / "manifest.sha256",
                         sha256_hex(std::as_bytes(std::span(forged))) + "  manifest.json\n");
  EXPECT_THAT(first_fault(verify_package(folder)), HasSubstr("signature"));
  try {
    Package::load(folder);
    FAIL() << "a forged package was loaded";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCheckFailed);
  }
  test::write_carelessly(folder / "manifest.json", manifest);
  test::write_carelessly(folder / "manifest.sha256", line);
}

TEST_F(TamperedPackage, of_another_signer_is_refused) {
  const VerifyOptions other{.key = (*dir_ / "other.pub").string()};
  EXPECT_THAT(first_fault(verify_package(*dir_ / "p", other)), HasSubstr("another key"));
  toy::write(*dir_ / "unsigned");
  EXPECT_THAT(first_fault(verify_package(*dir_ / "unsigned", other)), HasSubstr("not signed"));
  const VerifyOptions wrong{.key = (*dir_ / "own.key").string()};
  EXPECT_THAT(first_fault(verify_package(*dir_ / "p", wrong)), HasSubstr("public key"));
}

std::size_t entries_in(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::size_t count = 0;
  for (std::filesystem::recursive_directory_iterator it(folder, ignored), end;
       !ignored && it != end; it.increment(ignored))
    ++count;
  return count;
}

/// The new folder that a killed process was writing; "" if there is none.
std::filesystem::path unfinished_in(const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".tmp") return entry.path();
  return {};
}

TEST(KilledPackager, leaves_the_package_that_was_there) {
  const test::TempDir dir;
  toy::write(dir / "p");
  const std::string id = Package::load(dir / "p").id();
  for (const std::size_t entries : {1u, 4u, 7u, 12u, 18u}) {
    const pid_t child = ::fork();
    if (child == 0) {
      PackageOptions options = toy::options();
      options.version = "2";
      toy::write(dir / "p", options);
      ::_exit(0);
    }
    // Killed once it has written that many.
    siginfo_t ended{};
    while (ended.si_pid == 0 && entries_in(unfinished_in(dir.path())) < entries)
      ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const Package package = Package::load(dir / "p");
    EXPECT_TRUE(package.id() == id || package.manifest().version == "2") << entries;
    std::filesystem::remove_all(unfinished_in(dir.path()));
  }
}

TEST(FolderWriter, that_is_killed_keeps_the_old_folder) {
  const test::TempDir dir;
  write_text_file(dir / "f" / "a", "old");
  const pid_t child = ::fork();
  if (child == 0) {
    write_folder_atomic(dir / "f", [](const auto& folder) {
      write_text_file(folder / "a", "new");
      ::kill(::getpid(), SIGKILL);
    });
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(read_text_file(dir / "f" / "a"), "old");
}

TEST(FolderWriter, that_fails_leaves_nothing) {
  const test::TempDir dir;
  EXPECT_THROW(write_folder_atomic(dir / "f",
                                   [](const auto& folder) {
                                     write_text_file(folder / "a", "new");
                                     fail(ErrorCode::kIo, "full");
                                   }),
               Error);
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
  write_text_file(dir / "file", "a file");
  EXPECT_THROW(write_folder_atomic(dir / "file", [](const auto&) {}), Error);
}

}  // namespace
}  // namespace nest::package
