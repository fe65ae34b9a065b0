#include "daemon/publish/name_lookup.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <thread>

namespace sitepower {

struct NameLookup::Answer {
    Answer() : ready(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (ready < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    ~Answer() { close(ready); }
    Answer(const Answer&) = delete;
    Answer& operator=(const Answer&) = delete;

    void look_up(const std::string& host) {
        addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        addrinfo* found = nullptr;
        if (getaddrinfo(host.c_str(), nullptr, &hints, &found) == 0) {
            for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
                const std::string family = entry->ai_family == AF_INET6 ? "::" : "0.0.0.0";
                if (std::ranges::find(families, family) == families.end()) families.push_back(family);
            }
            freeaddrinfo(found);
        }
        done.store(true, std::memory_order_release);
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = write(ready, &one, sizeof one);
    }

    const int ready;
    std::atomic<bool> done{false};
    std::vector<std::string> families;  // the thread's until done, then the owner's
};

NameLookup::NameLookup(const std::string& host) : answer_(std::make_shared<Answer>()) {
    std::thread([answer = answer_, host] { answer->look_up(host); }).detach();
}

NameLookup::~NameLookup() = default;

int NameLookup::fd() const {
    return answer_->ready;
}

std::optional<std::vector<std::string>> NameLookup::families() const {
    if (!answer_->done.load(std::memory_order_acquire)) return std::nullopt;
    return answer_->families;
}

bool is_numeric_address(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
           inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

}  // namespace sitepower
