#include "daemon/store/state_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

namespace sitepower {

namespace {

// " (pid N)" by the kernel's list of locks, whose lines are "1: FLOCK  ADVISORY  WRITE 812 08:02:5243 0 EOF";
// empty when it does not show the lock, as for a process of another container.
std::string holder_of(int directory) {
    struct stat status {};
    if (fstat(directory, &status) != 0) return {};
    const auto file =
        fmt::format("{:02x}:{:02x}:{}", major(status.st_dev), minor(status.st_dev), status.st_ino);
    std::ifstream locks("/proc/locks");
    for (std::string line; std::getline(locks, line);) {
        std::istringstream words(line);
        std::string number;
        std::string kind;
        std::string advice;
        std::string access;
        std::string pid;
        std::string of;
        words >> number >> kind >> advice >> access >> pid >> of;
        if (kind == "FLOCK" && of == file) return fmt::format(" (pid {})", pid);
    }
    return {};
}

}  // namespace

Result<StateLock> StateLock::take(const std::string& directory) {
    const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return Error{ErrorCode::service_unavailable,
                     fmt::format("state directory {} cannot be opened: {}", directory,
                                 std::generic_category().message(errno)),
                     ""};
    }
    StateLock lock(fd);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno != EWOULDBLOCK) {
        return Error{ErrorCode::service_unavailable,
                     fmt::format("state directory {} cannot be locked: {}", directory,
                                 std::generic_category().message(errno)),
                     ""};
    }
    return Error{
        ErrorCode::conflict,
        fmt::format("another sitepowerd uses {}{}: stop it, or give this one another store.directory",
                    directory, holder_of(fd)),
        ""};
}

StateLock::~StateLock() {
    if (directory_ >= 0) close(directory_);
}

StateLock::StateLock(StateLock&& other) noexcept : directory_(std::exchange(other.directory_, -1)) {}

StateLock& StateLock::operator=(StateLock&& other) noexcept {
    std::swap(directory_, other.directory_);
    return *this;
}

}  // namespace sitepower
