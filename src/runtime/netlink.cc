#include "runtime/netlink.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/limits.h"

namespace weir::runtime {
namespace {

std::unexpected<Error> refused(int error_number) {
  const char* code = "Io";
  if (error_number == ENOENT || error_number == ENODEV || error_number == ESRCH) code = "NotFound";
  if (error_number == EEXIST) code = "Exists";
  if (error_number == EPERM || error_number == EACCES) code = "NotPermitted";
  return fail(code, std::strerror(error_number), ErrorSource::runtime);
}

// The bounds of a batch name the subsystem that it is for.
NetlinkMessage batch_bound(std::uint16_t type) {
  NetlinkMessage bound(type, NLM_F_REQUEST);
  bound.header(nfgenmsg{.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)});
  return bound;
}

}  // namespace

NetlinkMessage::NetlinkMessage(std::uint16_t type, std::uint16_t flags) {
  header(nlmsghdr{.nlmsg_len = 0, .nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = 0, .nlmsg_pid = 0});
}

void NetlinkMessage::pad() { content_.resize(NLMSG_ALIGN(content_.size())); }

NetlinkMessage& NetlinkMessage::raw(std::string_view bytes) {
  content_ += bytes;
  pad();
  return *this;
}

NetlinkMessage& NetlinkMessage::attribute(std::uint16_t type, std::string_view bytes) {
  const nlattr head{.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + bytes.size()), .nla_type = type};
  content_.append(reinterpret_cast<const char*>(&head), sizeof head);
  return raw(bytes);
}

NetlinkMessage& NetlinkMessage::open(std::uint16_t type) {
  opened_.push_back(content_.size());
  return attribute(type, {});
}

NetlinkMessage& NetlinkMessage::close() {
  const auto size = static_cast<std::uint16_t>(content_.size() - opened_.back());
  std::memcpy(content_.data() + opened_.back(), &size, sizeof size);
  opened_.pop_back();
  return *this;
}

std::string NetlinkMessage::bytes(std::uint32_t sequence) const {
  std::string message = content_;
  nlmsghdr head;
  std::memcpy(&head, message.data(), sizeof head);
  head.nlmsg_len = static_cast<std::uint32_t>(message.size());
  head.nlmsg_seq = sequence;
  std::memcpy(message.data(), &head, sizeof head);
  return message;
}

std::string_view find_attribute(std::string_view attributes, std::uint16_t type) {
  while (attributes.size() >= sizeof(nlattr)) {
    nlattr head;
    std::memcpy(&head, attributes.data(), sizeof head);
    if (head.nla_len < sizeof head || head.nla_len > attributes.size()) break;
    if ((head.nla_type & NLA_TYPE_MASK) == type) return attributes.substr(sizeof head, head.nla_len - sizeof head);
    attributes.remove_prefix(std::min<std::size_t>(NLA_ALIGN(head.nla_len), attributes.size()));
  }
  return {};
}

Result<Netlink> Netlink::open(int protocol) {
  net::Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!fd) return fail_errno("no netlink socket", errno);
  const timeval patience{.tv_sec = kNetlinkPatience.count(), .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return Netlink(std::move(fd));
}

Result<> Netlink::send(const std::string& bytes) {
  const sockaddr_nl kernel{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = 0};
  const auto* address = reinterpret_cast<const sockaddr*>(&kernel);
  if (sendto(fd_.get(), bytes.data(), bytes.size(), 0, address, sizeof kernel) < 0) return refused(errno);
  return {};
}

Result<> Netlink::ask(const NetlinkMessage& request) {
  TRY(send(request.bytes(++sequence_)));
  return await_end({});
}

Result<> Netlink::ask_together(const std::vector<NetlinkMessage>& requests) {
  std::string all = batch_bound(NFNL_MSG_BATCH_BEGIN).bytes(++sequence_);
  for (const auto& request : requests) all += request.bytes(++sequence_);
  all += batch_bound(NFNL_MSG_BATCH_END).bytes(++sequence_);
  TRY(send(all));
  return await_end({});
}

Result<> Netlink::list(const NetlinkMessage& request, const std::function<void(std::string_view)>& see) {
  TRY(send(request.bytes(++sequence_)));
  return await_end(see);
}

Result<> Netlink::await_end(const std::function<void(std::string_view)>& see) {
  alignas(nlmsghdr) char buffer[kNetlinkAnswerBytes];
  for (;;) {
    const ssize_t count = recv(fd_.get(), buffer, sizeof buffer, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refused(errno);
    std::string_view left(buffer, static_cast<std::size_t>(count));
    while (left.size() >= sizeof(nlmsghdr)) {
      nlmsghdr head;
      std::memcpy(&head, left.data(), sizeof head);
      if (head.nlmsg_len < sizeof head || head.nlmsg_len > left.size()) return refused(EPROTO);
      const auto content = left.substr(sizeof head, head.nlmsg_len - sizeof head);
      if (head.nlmsg_type == NLMSG_DONE) return {};
      if (head.nlmsg_type == NLMSG_ERROR) {
        int error_number = 0;
        if (content.size() >= sizeof error_number) std::memcpy(&error_number, content.data(), sizeof error_number);
        return error_number == 0 ? Result<>() : refused(-error_number);
      }
      if (see) see(content);
      left.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(head.nlmsg_len), left.size()));
    }
  }
}

}  // namespace weir::runtime
