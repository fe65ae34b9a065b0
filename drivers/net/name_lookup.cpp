#include "drivers/net/name_lookup.hpp"

#include <netdb.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

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

// One of the process's most_name_lookups, held until the resolver is done.
class Place {
  public:
    Place() : taken_(asking().fetch_add(1) < most_name_lookups) {
        if (!taken_) asking().fetch_sub(1);
    }
    Place(Place&& other) noexcept : taken_(std::exchange(other.taken_, false)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
        if (taken_) asking().fetch_sub(1);
    }

    bool taken() const { return taken_; }

  private:
    static std::atomic<int>& asking() {
        static std::atomic<int> count{0};
        return count;
    }

    bool taken_;
};

}  // namespace

struct NameLookup::Pending {
    Pending() : ready(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
    ~Pending() {
        if (ready >= 0) close(ready);
    }
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;

    void finish(NameAnswer found) {
        answer = std::move(found);
        done.store(true, std::memory_order_release);
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = write(ready, &one, sizeof one);
    }

    const int ready;
    std::atomic<bool> done{false};
    NameAnswer answer;  // the thread's until done, then the owner's
};

NameLookup::NameLookup(const std::string& host, std::uint16_t port) : pending_(std::make_shared<Pending>()) {
    const auto not_asked = [&](const std::string& why) {
        pending_->finish({.addresses = {}, .reason = "the name was not looked up: " + why});
    };
    if (pending_->ready < 0) {
        not_asked(std::generic_category().message(errno));
    } else if (Place place; !place.taken()) {
        not_asked("the name servers do not answer those who asked before");
    } else {
        try {
            std::thread([pending = pending_, place = std::move(place), host, port] {
                pending->finish(ask(host, port, 0));
            }).detach();
        } catch (const std::system_error& error) {
            not_asked(error.code().message());
        }
    }
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
