#include "stream/fieldtrip_source.h"

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nest/core/error.h"
#include "stream/fieldtrip_wire.h"

/// Against a server written for this test from the protocol's description, byte by byte.
namespace nest::stream {
namespace {

using namespace fieldtrip;

/// A buffer of two int16 channels in which sample n is (n, -n). Every request for data shows it
/// `per_request` samples more.
class Server {
 public:
  Server(std::uint32_t begin, std::uint32_t end, std::uint32_t oldest = 0)
      : seen_(begin), end_(end), oldest_(oldest) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    socklen_t length = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    ::shutdown(listener_, SHUT_RDWR);
    ::close(listener_);
    thread_.join();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  void serve() {
    const int fd = ::accept(listener_, nullptr, nullptr);
    if (fd < 0) return;
    std::vector<char> request(8);
    while (get(fd, request.data(), 8)) {
      std::uint16_t command = 0;
      std::uint32_t size = 0;
      std::memcpy(&command, request.data() + 2, 2);
      std::memcpy(&size, request.data() + 4, 4);
      std::vector<char> content(size);
      if (!get(fd, content.data(), size)) break;
      answer(fd, command, content);
    }
    ::close(fd);
  }

  void answer(int fd, std::uint16_t command, const std::vector<char>& content) {
    std::string body;
    if (command == 0x201) {
      const std::string names("Cz\0Oz\0", 6);
      put<std::uint32_t>(body, {2, seen_, 0});
      put<float>(body, {250});
      put<std::uint32_t>(body, {6, static_cast<std::uint32_t>(8 + names.size())});
      put<std::uint32_t>(body, {1, static_cast<std::uint32_t>(names.size())});
      send(fd, 0x204, body + names);
    } else if (command == 0x402) {
      seen_ = std::min(end_, seen_ + 30);
      put<std::uint32_t>(body, {seen_, 0});
      send(fd, 0x404, body);
    } else {
      std::uint32_t range[2];
      std::memcpy(range, content.data(), sizeof range);
      if (range[0] < oldest_ || range[1] >= seen_) return send(fd, 0x205, "");
      const std::uint32_t count = range[1] - range[0] + 1;
      put<std::uint32_t>(body, {2, count, 6, count * 4});
      for (std::uint32_t n = range[0]; n <= range[1]; ++n)
        put<std::int16_t>(body, {static_cast<std::int16_t>(n), static_cast<std::int16_t>(-n)});
      send(fd, 0x204, body);
    }
  }

  template <class T>
  static void put(std::string& body, std::initializer_list<T> values) {
    for (const T value : values) body.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  static void send(int fd, std::uint16_t command, const std::string& body) {
    std::string message;
    put<std::uint16_t>(message, {1, command});
    put<std::uint32_t>(message, {static_cast<std::uint32_t>(body.size())});
    message += body;
    ::send(fd, message.data(), message.size(), MSG_NOSIGNAL);
  }
  static bool get(int fd, char* into, std::size_t size) {
    for (std::size_t done = 0; done < size;) {
      const ssize_t got = ::recv(fd, into + done, size - done, 0);
      if (got <= 0) return false;
      done += static_cast<std::size_t>(got);
    }
    return true;
  }

  int listener_ = -1;
  int port_ = 0;
  std::uint32_t seen_, end_, oldest_;
  std::thread thread_;
};

struct Got {
  std::vector<double> first, second;
  std::vector<std::int64_t> numbers;  ///< of deliveries' first samples
};

Got take(Source& source, std::size_t count) {
  Got got;
  std::vector<double> room(2 * 16);
  while (got.first.size() < count) {
    const Chunk chunk = source.read({room.data(), 2, 16});
    if (chunk.samples == 0) break;
    got.numbers.push_back(chunk.first_sample);
    got.first.insert(got.first.end(), room.begin(), room.begin() + chunk.samples);
    got.second.insert(got.second.end(), room.begin() + 16, room.begin() + 16 + chunk.samples);
  }
  return got;
}

TEST(FieldTrip, has_names_rate_and_every_sample_from_the_newest_on) {
  const Server server(100, 1000);
  const auto clock = make_wall_clock();
  const auto source = open_fieldtrip_source(server.address(), 5, *clock, {});
  EXPECT_EQ(source->info().rate_hz, 250);
  ASSERT_EQ(source->info().num_channels(), 2);
  EXPECT_EQ(source->info().channels[1].name, "Oz");
  EXPECT_EQ(source->info().channels[1].unit, "");
  const Got got = take(*source, 200);
  ASSERT_GE(got.first.size(), 200u);
  for (std::size_t i = 0; i < got.first.size(); ++i) {
    EXPECT_EQ(got.first[i], 100 + static_cast<double>(i));
    EXPECT_EQ(got.second[i], -got.first[i]);
  }
  EXPECT_EQ(got.numbers.front(), 100);
}

TEST(FieldTrip, samples_that_the_ring_threw_away_leave_a_hole_in_the_numbers) {
  const Server server(0, 1000, 60);
  const auto clock = make_wall_clock();
  const auto source = open_fieldtrip_source(server.address(), 5, *clock, {});
  const Got got = take(*source, 50);
  EXPECT_GE(got.numbers.front(), 60);
  EXPECT_EQ(got.first.front(), static_cast<double>(got.numbers.front()));
}

TEST(FieldTrip, nobody_there_and_silence_are_clear_errors) {
  const auto clock = make_wall_clock();
  EXPECT_THROW(open_fieldtrip_source("127.0.0.1:1", 1, *clock, {}), Error);
  const Server server(100, 100);
  const auto source = open_fieldtrip_source(server.address(), 0.5, *clock, {});
  std::vector<double> room(2 * 16);
  try {
    source->read({room.data(), 2, 16});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("no data for 0.5 s"));
  }
}

}  // namespace
}  // namespace nest::stream
