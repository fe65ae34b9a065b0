// A child process of a test: started with its output in a file, waited for with a deadline, ended by its id.
// Ends with its owner, so that a failing test leaves nothing behind.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sitepower::support {

class Process {
  public:
    // arguments[0] is the program. stdout and stderr go to `output`; `environment` adds to ours
    // ("NAME=value").
    Process(std::vector<std::string> arguments, std::filesystem::path output,
            std::vector<std::string> environment = {});
    ~Process();  // SIGKILL, if it still runs
    Process(Process&& other) noexcept;
    Process& operator=(Process&&) = delete;

    pid_t pid() const { return pid_; }
    bool running();
    void signal(int number) const;
    // Exit status, or 128 + signal; empty when it still runs after `at_most`.
    std::optional<int> wait(std::chrono::milliseconds at_most);
    // SIGTERM, then SIGKILL after `at_most`; the exit status as of wait().
    int stop(std::chrono::milliseconds at_most);
    void kill();

    std::string output() const;  // all it has written so far

  private:
    pid_t pid_ = -1;
    std::optional<int> status_;
    std::filesystem::path output_;
};

// Asks every few milliseconds until `condition` holds; false at the deadline. SITEPOWER_SLOW stretches
// deadlines (sanitizers, busy machines).
bool eventually(std::chrono::milliseconds at_most, const std::function<bool()>& condition);

// A fresh directory that is removed with its owner.
class TemporaryDirectory {
  public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

// A TCP port of the loopback that nobody listens on now.
std::uint16_t free_port();

void write_file(const std::filesystem::path& path, std::string_view text);
std::string read_file(const std::filesystem::path& path);

}  // namespace sitepower::support
