#include "drivers/net/name_lookup.hpp"

#include <netdb.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>

namespace sitepower {
namespace {

NameAnswer ask(const std::string& host, std::uint16_t port, int flags) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV | flags;
    addrinfo* found = nullptr;
    const int failure = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    if (failure != 0) return {.addresses = {}, .reason = gai_strerror(failure)};
    NameAnswer answer;
    for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
        auto& address = answer.addresses.emplace_back();
        address.size = entry->ai_addrlen;
        std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    }
    freeaddrinfo(found);
    return answer;
}

}  // namespace

struct NameLookup::Pending {
    Pending() : ready(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (ready < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    ~Pending() { close(ready); }
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;

    void look_up(const std::string& host, std::uint16_t port) {
        answer = ask(host, port, 0);
        done.store(true, std::memory_order_release);
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = write(ready, &one, sizeof one);
    }

    const int ready;
    std::atomic<bool> done{false};
    NameAnswer answer;  // the thread's until done, then the owner's
};

NameLookup::NameLookup(const std::string& host, std::uint16_t port) : pending_(std::make_shared<Pending>()) {
    std::thread([pending = pending_, host, port] { pending->look_up(host, port); }).detach();
}

NameLookup::~NameLookup() = default;

int NameLookup::fd() const {
    return pending_->ready;
}

std::optional<NameAnswer> NameLookup::answer() const {
    if (!pending_->done.load(std::memory_order_acquire)) return std::nullopt;
    return pending_->answer;
}

std::optional<SocketAddress> numeric_address(const std::string& host, std::uint16_t port) {
    const auto answer = ask(host, port, AI_NUMERICHOST);
    if (answer.addresses.empty()) return std::nullopt;
    return answer.addresses.front();
}

}  // namespace sitepower
