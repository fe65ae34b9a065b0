// Looks a host's name up without holding anybody up: the system's resolver blocks for up to half a minute
// when the name servers are gone. A thread of its own asks and ends with the answer; one that is abandoned
// ends when the resolver gives up. Owned by whoever connects, on that thread.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sitepower {

// An address to connect to.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    int family() const { return storage.ss_family; }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

struct NameAnswer {
    std::vector<SocketAddress> addresses;  // best first; empty: see reason
    std::string reason = {};               // in the resolver's words
};

// So many ask at a time in this process: with the name servers gone, whoever retries would otherwise add a
// thread that waits with each attempt.
inline constexpr int most_name_lookups = 32;

class NameLookup {
  public:
    // Never fails: the answer of one too many, or for which there is no thread, is at once that it was not
    // asked.
    NameLookup(const std::string& host, std::uint16_t port);
    ~NameLookup();
    NameLookup(const NameLookup&) = delete;
    NameLookup& operator=(const NameLookup&) = delete;

    int fd() const;  // readable when the answer is there; -1 where it was there at once
    // nullopt while the answer is not there.
    std::optional<NameAnswer> answer() const;

  private:
    struct Pending;
    std::shared_ptr<Pending> pending_;  // shared with the thread, which may outlive this object
};

// The address itself for "192.0.2.1" or "2001:db8::1"; nullopt for a name, which is to be looked up.
std::optional<SocketAddress> numeric_address(const std::string& host, std::uint16_t port);

}  // namespace sitepower
