// What the store costs beside plain SQLite: the same frames as one packed row each, and through Store, which
// packs a commit into blocks, numbers and orders them and keeps the outbox. Until they are safe on the disk,
// in both.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "bench/bare/rows.hpp"
#include "bench/benches.hpp"
#include "bench/harness/failure.hpp"
#include "bench/harness/frames.hpp"
#include "bench/harness/statistics.hpp"
#include "bench/harness/workspace.hpp"
#include "daemon/store/store.hpp"

namespace sitepower::bench {
namespace {

constexpr std::size_t commits = 10;
constexpr std::size_t frames_per_commit = 4000;  // 8 devices every 10 ms for 5 s

class Ignored final : public StoreObserver {
    void store_condition(std::string /*type*/, bool /*holds*/, std::string /*message*/) override {}
    void readings_dropped(Time /*from*/, Time /*to*/, std::uint64_t /*frames*/) override {}
    void committed() override {}
};

struct Cost {
    double rows_per_s = 0;
    double cpu_us = 0;  // of a row
    double bytes = 0;   // of a row, on the disk
};

double process_cpu_s() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

// Of the database with its log.
double size_on_disk(const std::filesystem::path& directory) {
    double bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        bytes += entry.is_regular_file() ? static_cast<double>(entry.file_size()) : 0;
    }
    return bytes;
}

template <class Work>
Cost cost_of(const std::filesystem::path& directory, Work work) {
    const auto begun = SteadyClock::now();
    const double cpu = process_cpu_s();
    work();
    constexpr double rows = commits * frames_per_commit;
    return {.rows_per_s = rows / Seconds(SteadyClock::now() - begun).count(),
            .cpu_us = (process_cpu_s() - cpu) * 1e6 / rows,
            .bytes = size_on_disk(directory) / rows};
}

Cost store_bare(const std::filesystem::path& directory) {
    std::filesystem::create_directories(directory);
    return cost_of(directory, [&] {
        BareRows rows((directory / "bare.db").string());
        FrameSource source;
        for (std::size_t commit = 0; commit < commits; ++commit) {
            for (std::size_t i = 0; i < frames_per_commit; ++i) {
                rows.append(SteadyClock::now(), i % 8, source.next_registers());
            }
            rows.commit();
        }
    });
}

// As in the daemon: nearly every frame is acknowledged before its commit.
void append_and_acknowledge(Store& store, FrameSource& source, std::uint64_t& sequence) {
    const auto& epoch = store.report().epoch;
    std::vector<MessageKey> keys;
    for (std::size_t i = 0; i < frames_per_commit; ++i) {
        const auto key = epoch.key(++sequence);
        if (!store.append(MessageRow{source.next_message(key, epoch.bits)})) {
            throw Failure("the store refuses a row");
        }
        keys.push_back(key);
    }
    store.delivered(keys);
    store.commit_soon();
}

Cost store_ours(const std::filesystem::path& directory) {
    Ignored observer;
    auto opened = Store::open({.directory = directory.string()}, observer);
    if (!opened) {
        throw Failure(opened.error().message);
    }
    Store& store = **opened;
    store.start();
    return cost_of(directory, [&] {
        FrameSource source;
        std::uint64_t sequence = 0;
        for (std::size_t commit = 1; commit <= commits; ++commit) {
            append_and_acknowledge(store, source, sequence);
            const auto rows = commit * frames_per_commit;
            wait_until("the store commits", Seconds{20}, [&] { return store.counters().rows >= rows; });
        }
        store.stop();
    });
}

}  // namespace

void measure_sqlite(const Options& options, Report& report) {
    Paired cpu;
    Paired rate;
    Cost bare;
    Cost ours;
    for (int round = 1; round <= options.rounds_or(5); ++round) {
        const Workspace workspace(options.build_directory);
        bare = store_bare(workspace.path() / "bare");
        ours = store_ours(workspace.path() / "store");
        cpu.bare.push_back(bare.cpu_us);
        cpu.ours.push_back(ours.cpu_us);
        rate.bare.push_back(bare.rows_per_s);
        rate.ours.push_back(ours.rows_per_s);
    }
    report.add({.measure = "sqlite.bare.rate", .value = std::ranges::max(rate.bare), .unit = "frames/s"});
    report.add({.measure = "sqlite.store.rate", .value = std::ranges::max(rate.ours), .unit = "frames/s"});
    report.add({.measure = "sqlite.bare.cpu", .value = std::ranges::min(cpu.bare), .unit = "us/frame"});
    report.add({.measure = "sqlite.store.cpu", .value = std::ranges::min(cpu.ours), .unit = "us/frame"});
    report.add({.measure = "sqlite.cpu_ratio", .value = median_ratio(cpu), .unit = "x bare"});
    report.add({.measure = "sqlite.bare.size", .value = bare.bytes, .unit = "bytes/frame"});
    report.add({.measure = "sqlite.store.size", .value = ours.bytes, .unit = "bytes/frame"});
}

}  // namespace sitepower::bench
