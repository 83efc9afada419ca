#include "cli/client.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "net/socket.h"

namespace weir::cli {
namespace {

net::Fd listen_on_loopback() {
  const auto address = MUST(net::SocketAddress::ip("127.0.0.1", 0));
  return MUST(net::listen_stream(address));
}

TEST(Endpoint, IsAnHttpUrlWithoutAPath) {
  const struct {
    const char* url;
    Endpoint endpoint;
  } kRows[] = {
      {"http://127.0.0.1:4566", {"127.0.0.1", 4566}},
      {"http://localhost:80/", {"localhost", 80}},
      {"http://weir.example", {"weir.example", 80}},
      {"http://[::1]:4566", {"::1", 4566}},
      {"http://[::1]", {"::1", 80}},
  };
  for (const auto& row : kRows) {
    const auto endpoint = endpoint_from(row.url);
    ASSERT_TRUE(endpoint) << row.url;
    EXPECT_EQ(*endpoint, row.endpoint) << row.url;
  }
  for (const char* url : {"", "127.0.0.1:4566", "https://a:1", "http://", "http://a:x", "http://a:0", "http://a:99999",
                          "http://a/b:1", "http://u@a:1"})
    EXPECT_FALSE(endpoint_from(url)) << url;
}

// Answers one connection with fixed bytes, after it has read `wanted` bytes of the request; keeps what it read.
class OneAnswer {
 public:
  OneAnswer(std::string answer, std::string until)
      : listening_(listen_on_loopback()),
        port_(net::SocketAddress::local(listening_.get()).port()),
        thread_([this, answer = std::move(answer), until = std::move(until)] { serve(answer, until); }) {}
  ~OneAnswer() { thread_.join(); }

  Endpoint endpoint() const { return {"127.0.0.1", port_}; }
  std::string asked;  // read it after the client is done

 private:
  void serve(const std::string& answer, const std::string& until) {
    pollfd waiting{listening_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 5000) != 1) return;
    const int fd = ::accept(listening_.get(), nullptr, nullptr);
    char buffer[4096];
    while (!asked.ends_with(until)) {
      const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) break;
      asked.append(buffer, static_cast<std::size_t>(got));
    }
    EXPECT_EQ(::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL), static_cast<ssize_t>(answer.size()));
    ::close(fd);
  }

  net::Fd listening_;
  std::uint16_t port_;
  std::thread thread_;
};

TEST(Client, ReadsAnAnswerOfKnownLength) {
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "\r\n\r\n");
  const auto reply = Client(server.endpoint()).get("/_weir/status");
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 200u);
  EXPECT_EQ(reply->body, "hello");
  EXPECT_TRUE(server.asked.starts_with("GET /_weir/status HTTP/1.1\r\nHost: 127.0.0.1:")) << server.asked;
}

TEST(Client, StreamsChunks) {
  OneAnswer server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "\r\n\r\n");
  std::string got;
  const auto streamed = Client(server.endpoint()).stream("/_weir/logs", [&](std::string_view bytes) {
    got += bytes;
    return true;
  });
  ASSERT_TRUE(streamed) << streamed.error().message;
  EXPECT_EQ(got, "abcde");
}

TEST(Client, SendsAFileAndPrefersTheAnswerToABrokenPipe) {
  char path[] = "/tmp/weir-client-XXXXXX";
  const net::Fd file(::mkstemp(path));
  ::unlink(path);
  const std::string content(300'000, 'c');
  ASSERT_EQ(::write(file.get(), content.data(), content.size()), static_cast<ssize_t>(content.size()));
  OneAnswer server("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}", std::string(300'000, 'c'));
  const auto reply = Client(server.endpoint()).put_file("/_weir/images/a:1", file.get(), content.size());
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 201u);
  EXPECT_TRUE(server.asked.contains("Content-Length: 300000\r\n"));
}

TEST(Client, SaysWhatARefusalSaid) {
  const struct {
    const char* answer;
    const char* message;
  } kRows[] = {
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 26\r\n\r\n{\"message\":\"no service x\"}\n", "no service x"},
      {"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "status 500"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "the connection ended before the answer did"},
  };
  for (const auto& row : kRows) {
    OneAnswer server(row.answer, "\r\n\r\n");
    const auto reply = Client(server.endpoint()).get("/");
    ASSERT_FALSE(reply) << row.answer;
    EXPECT_TRUE(reply.error().message.contains(row.message) || reply.error().code == "Http") << reply.error().message;
  }
}

TEST(Client, NamesTheEndpointThatDoesNotAnswer) {
  const net::Fd listening = listen_on_loopback();
  const std::uint16_t port = net::SocketAddress::local(listening.get()).port();
  ::shutdown(listening.get(), SHUT_RDWR);  // the port stays ours, and refuses
  const auto reply = Client({"127.0.0.1", port}).get("/");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "Unreachable");
  EXPECT_TRUE(reply.error().message.contains(std::to_string(port)));
}

}  // namespace
}  // namespace weir::cli
