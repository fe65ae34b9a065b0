#include "bench/harness/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string_view>
#include <thread>

#include "bench/harness/failure.hpp"

namespace sitepower::bench {
namespace {

// In the child: nothing but system calls until exec.
[[noreturn]] void become(char* const* arguments, int log) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);  // Ctrl-C in the terminal reaches the harness alone, which then ends its programs in order
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execvp(arguments[0], arguments);
    _exit(127);
}

std::string last_lines(const std::filesystem::path& file) {
    constexpr std::size_t most = 1500;
    std::ifstream in(file);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    return text.size() > most ? text.substr(text.size() - most) : text;
}

// The number behind `key` in one of the kernel's "key: number" files.
std::uint64_t field(pid_t process, std::string_view file, std::string_view key) {
    std::ifstream in(fmt::format("/proc/{}/{}", process, file));
    for (std::string word; in >> word;) {
        std::uint64_t value = 0;
        if (word == key && in >> value) {
            return value;
        }
    }
    throw Failure(fmt::format("no {} in /proc/{}/{}", key, process, file));
}

}  // namespace

Process::Process(std::vector<std::string> command, std::filesystem::path log)
    : name_(command.at(0)), log_(std::move(log)) {
    std::vector<char*> arguments;
    std::transform(command.begin(), command.end(), std::back_inserter(arguments),
                   [](auto& word) { return word.data(); });
    arguments.push_back(nullptr);
    const int output = open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (output < 0) {
        throw Failure(fmt::format("{}: {}", log_.string(), std::strerror(errno)));
    }
    id_ = fork();
    if (id_ == 0) {
        become(arguments.data(), output);
    }
    close(output);
    if (id_ < 0) {
        throw Failure(fmt::format("{}: {}", name_, std::strerror(errno)));
    }
}

Process::~Process() {
    stop();
}

bool Process::running() {
    if (id_ > 0 && waitpid(id_, nullptr, WNOHANG) != 0) {
        id_ = -1;
    }
    return id_ > 0;
}

void Process::stop(Seconds at_most) {
    if (!running()) {
        return;
    }
    ::kill(id_, SIGTERM);
    const auto end = SteadyClock::now() + at_most;
    // Not wait_until(): this runs while an exception unwinds, and must not throw.
    while (running() && SteadyClock::now() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    kill();
}

void Process::kill() {
    if (!running()) {
        return;
    }
    ::kill(id_, SIGKILL);
    waitpid(id_, nullptr, 0);
    id_ = -1;
}

void Process::expect_running() {
    if (!running()) {
        throw Failure(fmt::format("{} has ended by itself:\n{}", name_, last_lines(log_)));
    }
}

double cpu_seconds(pid_t process) {
    clockid_t clock{};
    timespec time{};
    if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &time) != 0) {
        throw Failure(fmt::format("no processor clock of process {}", process));
    }
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

Memory memory(pid_t process) {
    return {.private_dirty_bytes = 1024 * field(process, "smaps_rollup", "Private_Dirty:"),
            .resident_bytes = 1024 * field(process, "smaps_rollup", "Rss:")};
}

std::size_t threads(pid_t process) {
    return field(process, "status", "Threads:");
}

std::uint64_t written_bytes(pid_t process) {
    return field(process, "io", "write_bytes:");
}

}  // namespace sitepower::bench
