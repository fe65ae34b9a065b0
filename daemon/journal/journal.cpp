#include "daemon/journal/journal.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "core/base/time.hpp"
#include "daemon/journal/messages.hpp"
#include "daemon/journal/rate_limit.hpp"

namespace sitepower::journal {
namespace {

std::atomic<Priority> lowest{Priority::info};

std::string_view word(Priority priority) {
    switch (priority) {
        case Priority::critical:
            return "CRITICAL";
        case Priority::error:
            return "error";
        case Priority::warning:
            return "warning";
        case Priority::notice:
            return "notice";
        case Priority::info:
            return "info";
        case Priority::debug:
            return "debug";
    }
    return "?";
}

// True when stderr is the journal's own stream: systemd says so by device and inode (sd-journal's protocol).
bool stderr_is_journal() {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat status {};
    if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) {
        return false;
    }
    return fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

void send_to_journal(const Kind& kind, std::string_view text, std::initializer_list<Field> fields) {
    std::vector<std::string> lines;
    lines.reserve(fields.size() + 4);
    lines.push_back(fmt::format("MESSAGE={}", text));
    lines.push_back(fmt::format("MESSAGE_ID={}", kind.message_id));
    lines.push_back(fmt::format("PRIORITY={}", static_cast<int>(kind.priority)));
    lines.push_back(fmt::format("SITEPOWER_KIND={}", kind.name));
    for (const auto& field : fields) {
        lines.push_back(fmt::format("SITEPOWER_{}={}", field.name, field.value));
    }
    std::vector<iovec> parts;
    parts.reserve(lines.size());
    for (auto& line : lines) {
        parts.push_back({line.data(), line.size()});
    }
    sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

void print(const Kind& kind, std::string_view text) {
    const auto now = std::chrono::floor<Duration>(std::chrono::system_clock::now());
    const auto line = fmt::format("{} {:8} {}\n", format_time(now), word(kind.priority), text);
    // One write, so that lines of several threads do not mix. Nobody is left to hear of a closed stderr.
    [[maybe_unused]] const auto n = write(STDERR_FILENO, line.data(), line.size());
}

void emit(const Kind& kind, std::string_view text, std::initializer_list<Field> fields) {
    static const bool to_journal = stderr_is_journal();
    if (to_journal) {
        send_to_journal(kind, text, fields);
    } else {
        print(kind, text);
    }
}

std::size_t row_of(const Kind& kind) {
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        if (kinds[i]->name == kind.name) {
            return i;
        }
    }
    return kinds.size();
}

}  // namespace

void set_level(Priority level) {
    lowest.store(level, std::memory_order_relaxed);
}

void log(const Kind& kind, std::string_view text, std::initializer_list<Field> fields) {
    if (kind.priority > lowest.load(std::memory_order_relaxed)) {
        return;
    }
    static std::mutex mutex;
    static std::array<RateLimit, kinds.size() + 1> limits;

    RateLimit::Verdict verdict;
    {
        const std::lock_guard lock(mutex);
        verdict = limits[row_of(kind)].ask(std::chrono::steady_clock::now());
    }
    if (!verdict.allowed) {
        return;
    }
    if (verdict.suppressed > 0) {
        emit(kind, fmt::format("{} more lines of kind {} were left out", verdict.suppressed, kind.name), {});
    }
    emit(kind, text, fields);
}

}  // namespace sitepower::journal
