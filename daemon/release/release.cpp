#include "daemon/release/release.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "drivers/modbus/link.hpp"

namespace sitepower {
namespace {

using modbus::SteadyTime;

constexpr Duration connect_timeout{1000};
// A gateway may need a moment until it lets go of the connection that has just ended.
constexpr Duration pause{200};
constexpr std::size_t most_words = 8;  // that are read back

class LinkReleaser {
  public:
    LinkReleaser(const modbus::BusSettings& bus, SteadyTime until)
        : bus_(bus), until_(until), link_(modbus::make_link(bus, never_)) {}

    // In turns, so that one that refuses keeps no other waiting.
    void release(const std::vector<ReleaseWrite>& writes, std::vector<Released>& results) {
        while (true) {
            bool all = true;
            for (std::size_t i = 0; i < writes.size(); ++i) {
                if (writes[i].bus.id != bus_.id || results[i].done) continue;
                results[i].message = attempt(writes[i], results[i].done);
                all = all && results[i].done;
            }
            if (all || modbus::steady_now() + pause >= until_) return;
            std::this_thread::sleep_for(pause);
        }
    }

  private:
    std::string attempt(const ReleaseWrite& write, bool& done) {
        if (!link_->is_open()) {
            if (const auto opened = link_->open(connect_timeout); !opened) return opened.error().message;
            std::this_thread::sleep_for(bus_.connect_delay);
        }
        const auto answer = link_->write(write.request, write.response_timeout);
        const auto what = fmt::format("{} of unit {} on {}", modbus::describe(write.request),
                                      write.request.unit, modbus::describe_endpoint(bus_));
        if (!answer.good()) return fmt::format("{}: {}", what, modbus::describe(answer));
        done = true;
        return fmt::format("{}: {}", what, shows(write) ? "written and read back" : "acknowledged");
    }

    // Not every device shows what was written: then its word must do.
    bool shows(const ReleaseWrite& write) {
        const auto& request = write.request;
        if (request.words.size() > most_words) return false;
        std::vector<std::uint16_t> words(request.words.size());
        const auto answer = link_->read(
            {request.unit, request.table, request.address, static_cast<std::uint16_t>(words.size())},
            write.response_timeout, words);
        return answer.good() && words == request.words;
    }

    const modbus::BusSettings& bus_;
    SteadyTime until_;
    modbus::StopSignal never_;
    std::unique_ptr<modbus::Link> link_;
};

}  // namespace

std::vector<Released> release_all(const std::vector<ReleaseWrite>& writes, Duration at_most) {
    const auto until = modbus::steady_now() + at_most;
    std::vector<Released> results(writes.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < writes.size(); ++i) {
        results[i].device = writes[i].device;
        const auto& bus = writes[i].bus;
        const auto first = std::ranges::find(writes, bus.id, [](const auto& each) { return each.bus.id; });
        if (&*first != &writes[i]) continue;
        threads.emplace_back([&, until] { LinkReleaser(bus, until).release(writes, results); });
    }
    for (auto& thread : threads) thread.join();
    return results;
}

}  // namespace sitepower
