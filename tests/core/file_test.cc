#include "nest/core/file.h"

#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "nest/core/error.h"
#include "tests/support/temp_dir.h"

namespace nest {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct stat status_of(const fs::path& path) {
  struct stat info = {};
  EXPECT_EQ(::lstat(path.c_str(), &info), 0) << path;
  return info;
}
mode_t mode_of(const fs::path& path) {
  return status_of(path).st_mode & 07777;
}
std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}
std::string error_of(const fs::path& path, std::string_view text = "new") {
  try {
    write_text_file(path, text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kIo);
    return error.what();
  }
  return "";
}

/// In a child process: what write_text_file() says, on standard error; exits with 7.
[[noreturn]] void say_error_of(const fs::path& path, std::string_view text = "new") {
  const std::string message = error_of(path, text);
  std::fputs(message.c_str(), stderr);
  ::_exit(7);
}
const testing::ExitedWithCode kSaid(7);

constexpr uid_t kNobody = 65534;
/// For what root may always do; in a child process.
void stop_being_root() {
  if (::geteuid() != 0) return;
  if (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) ::_exit(1);
}

class WrittenFile : public testing::Test {
 protected:
  WrittenFile() {
    fs::permissions(dir_.path(), fs::perms(0755));
  }  // for children that are not root
  test::TempDir dir_;
};

TEST_F(WrittenFile, a_link_stays_and_what_it_leads_to_is_written) {
  fs::create_directory(dir_ / "elsewhere");
  write_text_file(dir_ / "elsewhere/target", "old");
  fs::create_symlink("target", dir_ / "elsewhere/second");  // relative to its own folder
  fs::create_symlink("elsewhere/second", dir_ / "first");
  write_text_file(dir_ / "first", "new");
  EXPECT_TRUE(fs::is_symlink(dir_ / "first"));
  EXPECT_TRUE(fs::is_symlink(dir_ / "elsewhere/second"));
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(dir_ / "elsewhere/target")));
  EXPECT_EQ(read_text_file(dir_ / "elsewhere/target"), "new");
  EXPECT_EQ(files_in(dir_.path()) + files_in(dir_ / "elsewhere"), 4u);
}

TEST_F(WrittenFile, a_link_to_nothing_is_where_the_new_file_appears) {
  fs::create_symlink(dir_ / "folder/new", dir_ / "link");
  write_text_file(dir_ / "link", "text");
  EXPECT_TRUE(fs::is_symlink(dir_ / "link"));
  EXPECT_EQ(read_text_file(dir_ / "folder/new"), "text");
}

TEST_F(WrittenFile, links_in_a_circle_are_an_error) {
  fs::create_symlink("b", dir_ / "a");
  fs::create_symlink("a", dir_ / "b");
  EXPECT_THAT(error_of(dir_ / "a"), HasSubstr("more than 40 links"));
}

TEST_F(WrittenFile, a_pipe_is_written_through) {
  ASSERT_EQ(::mkfifo((dir_ / "pipe").c_str(), 0600), 0);
  std::string read;
  std::thread reader([&] { read = read_text_file(dir_ / "pipe"); });
  const std::string text(200'000, 'x');  // more than a pipe holds
  write_text_file(dir_ / "pipe", text);
  reader.join();
  EXPECT_EQ(read, text);
  EXPECT_TRUE(fs::is_fifo(dir_ / "pipe"));
  EXPECT_EQ(files_in(dir_.path()), 1u);
}

/// A full device of our own where root could lose the machine's.
fs::path full_device(const test::TempDir& dir) {
  if (::geteuid() != 0) return "/dev/full";
  const fs::path path = dir / "full";
  if (::mknod(path.c_str(), S_IFCHR | 0666, ::makedev(1, 7)) != 0) return "";
  return ::access(path.c_str(), W_OK) == 0 ? path : fs::path();
}

TEST_F(WrittenFile, a_full_device_stays_a_device_and_is_an_error_at_once) {
  const fs::path full = full_device(dir_);
  if (full.empty()) GTEST_SKIP() << "devices cannot be made here";
  const auto before = status_of(full);
  int lines = 0;
  try {
    write_file_atomic(full, [&](std::ostream& out) {
      for (; lines < 1'000'000; ++lines) out << "a line of text\n";
    });
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kIo);
    EXPECT_THAT(error.what(), HasSubstr("No space left on device; free some space"));
  }
  EXPECT_LT(lines, 10'000);  // the first block, not the last
  EXPECT_EQ(status_of(full).st_ino, before.st_ino);
  EXPECT_EQ(status_of(full).st_rdev, before.st_rdev);
}

TEST_F(WrittenFile, standard_output_by_its_name_is_the_one_that_is_open) {
  EXPECT_EXIT(
      {
        if (std::freopen((dir_ / "out").c_str(), "w", stdout) == nullptr) ::_exit(1);
        std::fputs("before ", stdout);
        std::fflush(stdout);
        write_text_file("/dev/stdout", "through ");
        std::fputs("after", stdout);
        std::fflush(stdout);
        ::_exit(0);
      },
      testing::ExitedWithCode(0), "");
  EXPECT_EQ(read_text_file(dir_ / "out"), "before through after");
}

TEST_F(WrittenFile, mode_owner_and_group_of_the_old_file_are_kept) {
  write_text_file(dir_ / "file", "old");
  fs::permissions(dir_ / "file", fs::perms(0604));
  const bool is_root = ::geteuid() == 0;
  if (is_root) {
    ASSERT_EQ(::chown((dir_ / "file").c_str(), kNobody, kNobody), 0);
  }
  write_text_file(dir_ / "file", "new");
  EXPECT_EQ(mode_of(dir_ / "file"), 0604u);
  EXPECT_EQ(read_text_file(dir_ / "file"), "new");
  if (is_root) {
    EXPECT_EQ(status_of(dir_ / "file").st_uid, kNobody);
    EXPECT_EQ(status_of(dir_ / "file").st_gid, kNobody);
  }
}

TEST_F(WrittenFile, a_group_that_cannot_be_kept_leaves_no_rights_to_another_one) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to make a file of another group";
  fs::create_directory(dir_ / "folder");
  ASSERT_EQ(::chown((dir_ / "folder").c_str(), kNobody, kNobody), 0);
  write_text_file(dir_ / "folder/file", "secret of group 0");
  fs::permissions(dir_ / "folder/file", fs::perms(0640));
  ASSERT_EQ(::chown((dir_ / "folder/file").c_str(), kNobody, 0), 0);
  EXPECT_EXIT(
      {
        stop_being_root();
        write_text_file(dir_ / "folder/file", "new");
        ::_exit(0);
      },
      testing::ExitedWithCode(0), "");
  EXPECT_EQ(mode_of(dir_ / "folder/file"), 0600u);
}

TEST_F(WrittenFile, a_new_file_has_the_rights_that_the_umask_leaves) {
  const mode_t old = ::umask(027);
  write_text_file(dir_ / "file", "new");
  ::umask(old);
  EXPECT_EQ(mode_of(dir_ / "file"), 0640u);
}

TEST_F(WrittenFile, a_folder_that_takes_no_new_file_is_named_even_if_the_file_may_be_written) {
  write_text_file(dir_ / "file", "old");
  fs::permissions(dir_ / "file", fs::perms(0666));
  fs::permissions(dir_.path(), fs::perms(0555));
  EXPECT_EXIT((stop_being_root(), say_error_of(dir_ / "file")), kSaid,
              "file: the folder .* takes no new file \\(Permission denied\\)");
  fs::permissions(dir_.path(), fs::perms(0755));
  EXPECT_EQ(read_text_file(dir_ / "file"), "old");
}

TEST_F(WrittenFile, a_write_protected_file_is_not_replaced) {
  write_text_file(dir_ / "file", "old");
  fs::permissions(dir_ / "file", fs::perms(0444));
  fs::permissions(dir_.path(), fs::perms(0777));
  EXPECT_EXIT((stop_being_root(), say_error_of(dir_ / "file")), kSaid, "chmod u\\+w");
  EXPECT_EQ(read_text_file(dir_ / "file"), "old");
}

TEST_F(WrittenFile, a_full_disk_leaves_the_old_file_and_no_other) {
  write_text_file(dir_ / "file", "old");
  const std::string text(100'000, 'x');
  EXPECT_EXIT(
      {
        std::signal(SIGXFSZ, SIG_IGN);
        rlimit limit = {};
        limit.rlim_cur = limit.rlim_max = 1000;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        say_error_of(dir_ / "file", text);
      },
      kSaid, "file: write failed: File too large");
  EXPECT_EQ(read_text_file(dir_ / "file"), "old");
  EXPECT_EQ(files_in(dir_.path()), 1u);
}

TEST_F(WrittenFile, an_exception_of_the_writer_leaves_the_old_file_and_no_other) {
  write_text_file(dir_ / "file", "old");
  EXPECT_THROW(write_file_atomic(dir_ / "file",
                                 [](std::ostream& out) {
                                   out << "half";
                                   throw std::runtime_error("no more");
                                 }),
               std::runtime_error);
  EXPECT_EQ(read_text_file(dir_ / "file"), "old");
  EXPECT_EQ(files_in(dir_.path()), 1u);
}

TEST_F(WrittenFile, a_folder_or_nothing_is_no_file_to_write) {
  EXPECT_THAT(error_of(dir_.path()), HasSubstr("is a folder"));
  EXPECT_THAT(error_of(dir_ / "new/"), HasSubstr("is a folder"));
  EXPECT_THAT(error_of(""), HasSubstr("empty"));
}

}  // namespace
}  // namespace nest
