// The payloads of the topic `status`: birth, refresh, farewell, and the will that the broker publishes when
// the connection is lost. Owned by the publisher's worker; reads the wall clock through its arguments only.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/base/time.hpp"

namespace sitepower {

class StatusMessages {
  public:
    // seq: of the last status that this start of the daemon has published.
    StatusMessages(std::string site, std::uint64_t epoch_bits, std::uint64_t seq = 0)
        : site_(std::move(site)), epoch_bits_(epoch_bits), seq_(seq) {}

    // Written down before the connection that online() announces.
    std::string will(Time now) const;
    std::string online(Time now, Time since);
    std::string offline(Time now);
    std::uint64_t seq() const { return seq_; }

  private:
    std::string site_;
    std::uint64_t epoch_bits_;
    std::uint64_t seq_;
};

}  // namespace sitepower
