// What happens to the machine under a server: kills, a package that vanishes, a full disk, a clock
// that jumps. The server stays up, or serves again when it is started again.
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include "nest/core/file.h"
#include "nest/core/json.h"
#include "tests/apps/serve_process.h"

namespace nest {
namespace {

using test::package_folder;
using test::run_nest;
using test::ServeProcess;
using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kLoad = "/v2/repository/models/synth/load";

class ServedFolder : public testing::Test {
 protected:
  ServedFolder() {
    std::filesystem::copy(package_folder(), folder_, std::filesystem::copy_options::recursive);
    const Json manifest = Json::parse(read_text_file(folder_ / "manifest.json"));
    const Json& golden = manifest.at("golden").at("vectors").at(0);
    recording_ = read_text_file(folder_ / golden.at("input").get<std::string>());
    text_ = golden.at("text");
  }
  std::string decode(const ServeProcess& server) const {
    return server.ask("POST", "/v1/decode", recording_);
  }
  /// Starts it again and looks whether it says what it always said.
  void expect_served() const {
    const ServeProcess server(folder_);
    EXPECT_THAT(decode(server), HasSubstr(Json(text_).dump()));
  }
  std::string package_command(const std::string& version) const {
    return "package --model " + test::shipped_model() + " --out " + folder_.string() +
           " --golden 1 --golden-s 1 --version " + version;
  }

  test::TempDir dir_;
  std::filesystem::path folder_ = dir_ / "synth";
  std::string recording_, text_;
};

TEST_F(ServedFolder, serves_again_after_a_kill_within_a_swap) {
  for (const bool is_being_written : {false, true}) {
    for (int milliseconds : {0, 2, 10, 40}) {
      ServeProcess server(folder_);
      test::Socket client(server.port());
      const pid_t writer = is_being_written ? ::fork() : 0;
      if (is_being_written && writer == 0) {
        const std::string command =
            "'" NEST_BINARY "' " + package_command(std::to_string(milliseconds)) + " >&2";
        ::execl("/bin/sh", "sh", "-c", ("exec " + command).c_str(), static_cast<char*>(nullptr));
        ::_exit(127);
      }
      client.send(ServeProcess::request("POST", kLoad, ""));
      // Any moment of the swap will do; the answer itself ends the wait if it comes first.
      pollfd nothing{-1, 0, 0};
      ::poll(&nothing, 1, milliseconds);
      EXPECT_EQ(server.stop(SIGKILL), -1);
      if (is_being_written) {
        ::kill(writer, SIGKILL);
        ::waitpid(writer, nullptr, 0);
      }
      expect_served();
    }
  }
}

TEST_F(ServedFolder, is_served_on_when_it_was_deleted) {
  const ServeProcess server(folder_);
  std::filesystem::rename(folder_, dir_ / "elsewhere");
  EXPECT_THAT(decode(server), AllOf(StartsWith("HTTP/1.1 200"), HasSubstr(Json(text_).dump())));
  EXPECT_THAT(server.ask("POST", kLoad), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(server.ask("GET", "/v2/health/ready"), StartsWith("HTTP/1.1 200"));
  std::filesystem::rename(dir_ / "elsewhere", folder_);
  EXPECT_THAT(server.ask("POST", kLoad), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(decode(server), HasSubstr(Json(text_).dump()));
}

TEST_F(ServedFolder, is_served_on_a_full_disk) {
  ServeProcess server(folder_, "", "2>/dev/full");  // no line of its log arrives
  const auto golden = [&] { return server.ask("GET", "/v1/models/synth/golden/0"); };
  server.limit_files(0);  // no file may grow, in memory neither
  EXPECT_THAT(decode(server), StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(server.ask("POST", kLoad), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(golden(), HasSubstr(Json(text_).dump()));
  EXPECT_THAT(server.ask("GET", "/metrics"), StartsWith("HTTP/1.1 200"));
  server.limit_files(RLIM_INFINITY);
  EXPECT_THAT(decode(server), HasSubstr(Json(text_).dump()));
  EXPECT_THAT(server.ask("POST", kLoad), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(server.stop(SIGTERM), 0);
}

TEST_F(ServedFolder, stays_when_the_disk_is_full_while_a_new_one_is_written) {
  const std::string before = read_text_file(folder_ / "manifest.json");
  const std::string small = "; ulimit -f 100; '" NEST_BINARY "' ";
  const auto failed = run_nest(NEST_BINARY, "doctor >/dev/null" + small + package_command("2"));
  EXPECT_EQ(failed.exit_code, 3) << failed.err;
  EXPECT_THAT(failed.err, HasSubstr("File too large"));
  EXPECT_EQ(read_text_file(folder_ / "manifest.json"), before);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_.path()), {}), 1);
  expect_served();
}

/// A file system of its own, for as long as this is.
class SmallDisk {
 public:
  explicit SmallDisk(std::filesystem::path place) : place_(std::move(place)) {
    std::filesystem::create_directory(place_);
    is_there_ = ::mount("none", place_.c_str(), "tmpfs", 0, "size=16m") == 0;
  }
  ~SmallDisk() {
    if (is_there_) ::umount2(place_.c_str(), MNT_DETACH);
  }
  bool is_there() const { return is_there_; }
  std::filesystem::path operator/(const char* name) const { return place_ / name; }
  void fill() const {
    const std::string filler = (*this / "filler").string();
    EXPECT_NE(std::system(("cat /dev/zero 2>/dev/null >'" + filler + "'").c_str()), 0);
    EXPECT_EQ(std::filesystem::space(place_).available, 0U);
  }
  void empty() const { std::filesystem::remove(*this / "filler"); }

 private:
  std::filesystem::path place_;
  bool is_there_ = false;
};

TEST_F(ServedFolder, is_served_from_a_file_system_that_is_full) {
  const SmallDisk disk(dir_ / "disk");
  // Only root mounts, and not in every container; the test before this one needs no mount.
  if (!disk.is_there()) GTEST_SKIP() << "mounting needs root: " << std::strerror(errno);
  const std::filesystem::path elsewhere = folder_;
  folder_ = disk / "synth";
  std::filesystem::copy(elsewhere, folder_, std::filesystem::copy_options::recursive);
  const std::string log = (disk / "log").string();
  const std::string recording = (dir_ / "r.edf").string();
  run_nest(NEST_BINARY, "synth --recording-sentences 1 --rate 125 --recording " + recording);
  const std::string record = "stream --window 2 --hop 0.512 --lookahead 0.5 --model " +
                             test::shipped_model() + " --source file:" + recording + " --record " +
                             (disk / "record").string();
  ServeProcess server(folder_, "", "2>>'" + log + "'");
  disk.fill();
  EXPECT_THAT(decode(server), HasSubstr(Json(text_).dump()));
  EXPECT_THAT(server.ask("POST", kLoad), StartsWith("HTTP/1.1 200"));
  for (const std::string& command : {package_command("2"), record}) {
    const auto failed = run_nest(NEST_BINARY, command);
    EXPECT_EQ(failed.exit_code, 3) << command;
    EXPECT_THAT(failed.err, AnyOf(HasSubstr("No space left"), HasSubstr("is the disk full")));
  }
  const auto logged = std::filesystem::file_size(log);
  disk.empty();
  EXPECT_EQ(run_nest(NEST_BINARY, package_command("2")).exit_code, 0);
  EXPECT_THAT(server.ask("POST", kLoad), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(server.ask("GET", "/v2/models/synth"), HasSubstr(R"("versions":["2"])"));
  EXPECT_EQ(server.stop(SIGTERM), 0);
  EXPECT_GT(std::filesystem::file_size(log), logged) << "it logs again";
}

TEST_F(ServedFolder, is_served_while_the_clock_jumps) {
#ifdef NEST_IS_SANITIZED
  // The clock that jumps is preloaded, and so would stand before the sanitizer's own library.
  GTEST_SKIP() << "a sanitizer wants to be loaded first";
#endif
  ServeProcess server(folder_, "export LD_PRELOAD='" NEST_CLOCK_JUMP "';");
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(decode(server), HasSubstr(Json(text_).dump()));
    EXPECT_THAT(server.ask("POST", kLoad), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_EQ(server.stop(SIGTERM), 0);
}

}  // namespace
}  // namespace nest
