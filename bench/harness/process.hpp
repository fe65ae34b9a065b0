// A program started by a measurement, and what the kernel knows about it. Ended by its id when its owner
// goes; when the harness itself is killed, the kernel ends it. Main thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/harness/waiting.hpp"

namespace sitepower::bench {

class Process {
  public:
    // command[0] is looked up in PATH; both outputs go to `log`. Throws Failure when the program cannot be
    // started.
    Process(std::vector<std::string> command, std::filesystem::path log);
    ~Process();  // stop()
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    pid_t id() const { return id_; }
    bool running();
    // SIGTERM, and SIGKILL when that does not end it in time.
    void stop(Seconds at_most = Seconds{10});
    // SIGKILL, and gone when this returns.
    void kill();
    // Throws Failure with the last lines of the log when the program has ended by itself.
    void expect_running();

  private:
    std::string name_;
    std::filesystem::path log_;
    pid_t id_ = -1;  // -1: ended and collected
};

struct Memory {
    std::uint64_t private_dirty_bytes = 0;
    std::uint64_t resident_bytes = 0;
};

// Of all threads, ended ones included.
double cpu_seconds(pid_t process);
Memory memory(pid_t process);
std::size_t threads(pid_t process);
// Caused on the disk, by the kernel's accounting (/proc/PID/io).
std::uint64_t written_bytes(pid_t process);

}  // namespace sitepower::bench
