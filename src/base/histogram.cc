#include "base/histogram.h"

#include <cmath>

namespace weir {

Histogram& Histogram::operator=(const Histogram& other) {
  if (this == &other) return *this;
  for (unsigned i = 0; i < kPages; ++i) {
    pages_[i] = other.pages_[i] ? std::make_unique<Page>(*other.pages_[i]) : nullptr;
  }
  count_ = other.count_;
  sum_ = other.sum_;
  return *this;
}

void Histogram::add(const Histogram& other) {
  other.each([this](unsigned bucket, std::uint64_t count) { page(bucket / kSub)[bucket % kSub] += count; });
  count_ += other.count_;
  sum_ += other.sum_;
}

void Histogram::add(unsigned bucket, std::uint64_t count) {
  page(bucket / kSub)[bucket % kSub] += count;
  count_ += count;
}

void Histogram::reset() {
  for (auto& page : pages_) {
    if (page) page->fill(0);
  }
  count_ = sum_ = 0;
}

std::uint64_t Histogram::percentile(double percent) const {
  const auto rank = static_cast<std::uint64_t>(std::ceil(percent / 100 * static_cast<double>(count_)));
  std::uint64_t seen = 0, found = 0;
  bool done = false;
  each([&](unsigned bucket, std::uint64_t count) {
    if (done) return;
    seen += count;
    found = low(bucket) + width(bucket) / 2;
    done = seen >= rank;
  });
  return found;
}

std::uint64_t Histogram::count_below(std::uint64_t bound) const {
  std::uint64_t below = 0;
  each([&](unsigned bucket, std::uint64_t count) {
    if (low(bucket) < bound) below += count;
  });
  return below;
}

bool Histogram::operator==(const Histogram& other) const {
  static constexpr Page kEmpty{};
  if (count_ != other.count_ || sum_ != other.sum_) return false;
  for (unsigned i = 0; i < kPages; ++i) {
    if ((pages_[i] ? *pages_[i] : kEmpty) != (other.pages_[i] ? *other.pages_[i] : kEmpty)) return false;
  }
  return true;
}

}  // namespace weir
