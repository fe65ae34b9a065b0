#include "daemon/http/local_socket.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace sitepower {
namespace {

constexpr int backlog = 64;

Error failed(const std::string& what, const std::string& path, int error) {
    return {ErrorCode::internal_error,
            fmt::format("cannot {} {}: {}", what, path, std::generic_category().message(error)),
            {}};
}

Result<sockaddr_un> make_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return Error{
            ErrorCode::validation_error,
            fmt::format("socket path '{}' must have 1 to {} bytes", path, sizeof address.sun_path - 1),
            {}};
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

int new_socket() {
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

// A stranger that is merely slow (EAGAIN: its backlog is full) counts as answering.
bool somebody_answers(const sockaddr_un& address) {
    const int fd = new_socket();
    if (fd < 0) return true;
    const int result = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int error = errno;
    close(fd);
    return result == 0 || (error != ECONNREFUSED && error != ENOENT);
}

// Makes room at `path`: nothing there, or the socket of a dead process. Never removes anything but a socket.
Status clear_path(const std::string& path, const sockaddr_un& address) {
    struct stat found {};
    if (lstat(path.c_str(), &found) != 0) {
        if (errno == ENOENT) return Done{};
        return failed("look at", path, errno);
    }
    if (!S_ISSOCK(found.st_mode)) {
        return Error{ErrorCode::conflict, fmt::format("{} exists and is not a socket", path), {}};
    }
    if (somebody_answers(address)) {
        return Error{ErrorCode::conflict, fmt::format("another sitepowerd answers at {}", path), {}};
    }
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return failed("remove the stale", path, errno);
    return Done{};
}

}  // namespace

Result<int> open_local_socket(const std::string& path) {
    const auto address = make_address(path);
    if (!address) return address.error();
    if (const auto cleared = clear_path(path, *address); !cleared) return cleared.error();
    const int fd = new_socket();
    if (fd < 0) return failed("make a socket for", path, errno);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 ||
        chmod(path.c_str(), 0666) != 0 || listen(fd, backlog) != 0) {
        const int error = errno;
        close(fd);
        return failed("listen on", path, error);
    }
    return fd;
}

}  // namespace sitepower
