#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nest/core/error.h"
#include "stream/fieldtrip_source.h"
#include "stream/fieldtrip_wire.h"
#include "stream/tcp.h"
#include "tests/support/running.h"

/// Against FieldTrip's own buffer server: NEST_FIELDTRIP_SERVER names the program that its
/// realtime/src/buffer/test/interface_server.c makes; its one argument is a port.
namespace nest::stream {
namespace {

using namespace fieldtrip;

constexpr std::int64_t kChannels = 3;
constexpr std::uint32_t kFloat32 = 9;

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), length), 0);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  ::close(fd);
  return ntohs(address.sin_port);
}

template <class T>
std::string bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// An amplifier's side of the protocol.
class Amplifier {
 public:
  explicit Amplifier(const std::string& address) : fd_(connect_tcp(address, 5, {})) {
    ::fcntl(fd_, F_SETFL, 0);  // blocking, unlike a source's
  }
  ~Amplifier() { ::close(fd_); }

  void put_header() {
    const std::string names("O1\0Oz\0O2\0", 9);
    const std::string chunk =
        bytes_of(kChannelNames) + bytes_of(static_cast<std::uint32_t>(names.size())) + names;
    const HeaderDef header{kChannels, 0,        0,
                           250,       kFloat32, static_cast<std::uint32_t>(chunk.size())};
    put(0x101, bytes_of(header) + chunk);
  }
  /// Sample n of channel c is n + c / 4.
  void put_data(std::int64_t first, std::int64_t count) {
    std::string values;
    for (std::int64_t n = first; n < first + count; ++n)
      for (std::int64_t c = 0; c < kChannels; ++c)
        values += bytes_of(static_cast<float>(n) + 0.25f * static_cast<float>(c));
    const DataDef data{kChannels, static_cast<std::uint32_t>(count), kFloat32,
                       static_cast<std::uint32_t>(values.size())};
    put(0x102, bytes_of(data) + values);
  }

 private:
  void put(std::uint16_t command, const std::string& content) {
    const Message message{kVersion, command, static_cast<std::uint32_t>(content.size())};
    const std::string request = bytes_of(message) + content;
    ASSERT_EQ(::send(fd_, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
    Message answer;
    ASSERT_EQ(::recv(fd_, &answer, sizeof answer, MSG_WAITALL), ssize_t{sizeof answer});
    ASSERT_EQ(answer.command, 0x104);
  }
  int fd_;
};

std::string wait_for_server(const std::string& address) {
  for (int tries = 0;; ++tries) {
    try {
      ::close(connect_tcp(address, 5, {}));
      return address;
    } catch (const Error&) {
      if (tries == 500) throw;
      ::usleep(10'000);  // of another program: there is no event to wait for
    }
  }
}

TEST(FieldTripServer, of_the_project_itself_gives_names_rate_and_every_sample) {
  const char* server = std::getenv("NEST_FIELDTRIP_SERVER");
  // It is no package anywhere and GPL, so it is built by hand from FieldTrip's sources; the
  // protocol is tested in fieldtrip_source_test.cc against a server written for it.
  if (server == nullptr) GTEST_SKIP() << "NEST_FIELDTRIP_SERVER names no buffer server";
  const int port = free_port();
  test::Running running(server, {std::to_string(port)}, "");
  const std::string address = wait_for_server("127.0.0.1:" + std::to_string(port));
  Amplifier amplifier(address);
  amplifier.put_header();
  amplifier.put_data(0, 40);  // before anybody listens
  const auto clock = make_wall_clock();
  const auto source = open_fieldtrip_source(address, 5, *clock, {});
  EXPECT_EQ(source->info().rate_hz, 250);
  ASSERT_EQ(source->info().num_channels(), kChannels);
  EXPECT_EQ(source->info().channels[2].name, "O2");
  std::vector<double> got, room(kChannels * 64);
  for (std::int64_t sent = 40; got.size() < 1000;) {
    amplifier.put_data(sent, 25);
    sent += 25;
    const Chunk chunk = source->read({room.data(), kChannels, 64});
    ASSERT_GT(chunk.samples, 0);
    EXPECT_EQ(chunk.first_sample, 40 + std::ssize(got));
    for (std::int64_t t = 0; t < chunk.samples; ++t) {
      got.push_back(room[static_cast<std::size_t>(t)]);
      EXPECT_EQ(room[static_cast<std::size_t>(2 * 64 + t)], got.back() + 0.5);
    }
  }
  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got[i], 40 + static_cast<double>(i));
}

}  // namespace
}  // namespace nest::stream
