#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "net/limits.h"
#include "net/tls.h"
#include "net/tls_openssl.h"

namespace weir::net {

// The session's two ends as OpenSSL sees them: reading takes from the socket until it is dry, writing gathers.
struct TlsBio {
  static TlsSession& session(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* to, int size) {
    TlsSession& s = session(bio);
    BIO_clear_retry_flags(bio);
    if (s.eof_) return 0;
    if (s.dry_ || s.budget_ == 0) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t most = std::min<std::size_t>(static_cast<std::size_t>(size), s.budget_);
    const ssize_t got = recv(s.fd_, to, most, 0);
    if (got < 0) {
      s.dry_ = true;
      if (errno == EAGAIN || errno == EINTR) {
        BIO_set_retry_read(bio);
      } else {
        s.eof_ = s.failed_ = true;
        s.error_ = "the connection was reset";
      }
      return -1;
    }
    s.eof_ = got == 0;
    s.dry_ = static_cast<std::size_t>(got) < most;  // a short read saves the one that would say EAGAIN
    s.budget_ -= static_cast<std::size_t>(got);
    return static_cast<int>(got);
  }

  static int write(BIO* bio, const char* from, int size) {
    TlsSession& s = session(bio);
    BIO_clear_retry_flags(bio);
    if (s.unsent() > kTlsMaxUnsent) return -1;
    s.out_.append(from, static_cast<std::size_t>(size));
    s.produced_ += static_cast<std::size_t>(size);
    return size;
  }

  static long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_EOF) return session(bio).eof_ ? 1 : 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static const BIO_METHOD* method() {
    static const BIO_METHOD* const made = [] {
      BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "session");
      BIO_meth_set_read(method, read);
      BIO_meth_set_write(method, write);
      BIO_meth_set_ctrl(method, control);
      return method;
    }();
    return made;
  }
};

std::string openssl_error() {
  std::string text;
  while (const unsigned long code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    if (!text.empty()) text += "; ";
    text += reason != nullptr ? reason : "error " + std::to_string(code);
  }
  return text.empty() ? "no reason is known" : text;
}

namespace {

// OpenSSL looks at its thread's queue to tell what has failed. Emptying an empty one is not cheap.
void forget_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

}  // namespace

TlsSession::TlsSession(ssl_st* ssl, int fd, std::shared_ptr<const void> owner)
    : ssl_(ssl), fd_(fd), owner_(std::move(owner)) {
  BIO* bio = BIO_new(TlsBio::method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
}

TlsSession::~TlsSession() { SSL_free(ssl_); }

bool TlsSession::established() const { return SSL_is_init_finished(ssl_) != 0 && !failed_; }

bool TlsSession::http2() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_, &name, &size);
  return std::string_view(reinterpret_cast<const char*>(name), size) == "h2";
}

void TlsSession::note_error() {
  failed_ = true;
  const long verdict = SSL_get_verify_result(ssl_);
  if (error_.empty()) error_ = openssl_error();
  if (verdict != X509_V_OK) error_.append(": ").append(X509_verify_cert_error_string(verdict));
}

TlsSession::Step TlsSession::handshake() {
  if (failed_) return Step::failed;
  dry_ = false;
  budget_ = kTlsHighMark;
  forget_errors();
  const int result = SSL_do_handshake(ssl_);
  const int error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_, result);
  if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ) note_error();
  if (!flush() || failed_) return Step::failed;
  if (eof_ && error != SSL_ERROR_NONE) {
    failed_ = true;
    error_ = "the connection was closed";
    return Step::failed;
  }
  return error == SSL_ERROR_NONE ? Step::done : Step::again;
}

ssize_t TlsSession::receive(std::span<char> out) {
  if (failed_) return fail(EPROTO);
  if (ended_) return 0;
  dry_ = false;
  budget_ = out.size() - kTlsRecordRoom;  // what an unfinished record has left inside comes out too
  std::size_t size = 0;
  int error = SSL_ERROR_NONE;
  while (size < out.size()) {
    std::size_t taken = 0;
    forget_errors();
    const int result = SSL_read_ex(ssl_, out.data() + size, out.size() - size, &taken);
    size += taken;
    if (result == 1) {
      if (dry_ && SSL_has_pending(ssl_) == 0) break;  // asking once more would only say so
      continue;
    }
    error = SSL_get_error(ssl_, result);
    break;
  }
  if (error == SSL_ERROR_ZERO_RETURN) ended_ = true;
  if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ && !ended_) note_error();
  if (unsent() > 0 && !flush()) return fail(ECONNRESET);
  if (failed_) return fail(EPROTO);
  if (size > 0) return static_cast<ssize_t>(size);
  if (ended_) return 0;
  errno = EAGAIN;
  return -1;
}

ssize_t TlsSession::fail(int result) {
  failed_ = true;
  errno = result;
  return -1;
}

ssize_t TlsSession::write(std::string_view bytes) {
  if (failed_) return -1;
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    if (unsent() >= kTlsHighMark) {
      if (!flush()) return -1;
      if (unsent() >= kTlsHighMark) break;
    }
    std::size_t written = 0;
    forget_errors();
    if (SSL_write_ex(ssl_, bytes.data() + taken, std::min(bytes.size() - taken, kTlsRecord), &written) != 1) {
      note_error();
      return -1;
    }
    taken += written;
  }
  return static_cast<ssize_t>(taken);
}

bool TlsSession::flush() {
  while (sent_ < out_.size()) {
    const std::size_t offered = out_.size() - sent_;
    const ssize_t sent = ::send(fd_, out_.data() + sent_, offered, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN || errno == EINTR) break;
      failed_ = true;
      if (error_.empty()) error_ = "the connection was reset";
      return false;
    }
    sent_ += static_cast<std::size_t>(sent);
    if (static_cast<std::size_t>(sent) < offered) break;
  }
  if (sent_ == out_.size()) {
    sent_ = 0;
    if (out_.capacity() > kTlsKept) {
      std::string().swap(out_);
    } else {
      out_.clear();
    }
  } else if (sent_ >= kTlsHighMark) {
    out_.erase(0, sent_);
    sent_ = 0;
  }
  return true;
}

void TlsSession::close_notify() {
  if (failed_ || SSL_in_init(ssl_)) return;
  forget_errors();
  SSL_shutdown(ssl_);
  flush();
}

std::string TlsSession::error() const { return error_; }

std::string TlsSession::protocol() const { return established() ? SSL_get_version(ssl_) : ""; }

std::string TlsSession::cipher() const {
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl_);
  return cipher != nullptr ? SSL_CIPHER_get_name(cipher) : "";
}

std::string TlsSession::server_name() const {
  const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  return name != nullptr ? name : "";
}

bool TlsSession::resumed() const { return SSL_session_reused(ssl_) == 1; }

std::string TlsSession::peer_certificate() const {
  std::string pem;
  X509* certificate = SSL_get0_peer_certificate(ssl_);
  if (certificate == nullptr) return pem;
  BIO* bio = BIO_new(BIO_s_mem());
  if (PEM_write_bio_X509(bio, certificate) == 1) {
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    pem.assign(text, static_cast<std::size_t>(size));
  }
  BIO_free(bio);
  return pem;
}

}  // namespace weir::net
