#include "daemon/http/peer.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace sitepower {
namespace {

constexpr std::size_t most_groups = 65'536;  // NGROUPS_MAX of the kernel

std::optional<gid_t> find_group(const char* name) {
    std::array<char, 16'384> buffer{};
    group entry{};
    group* found = nullptr;
    if (getgrnam_r(name, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
        return std::nullopt;
    }
    return entry.gr_gid;
}

Error failed(const char* option, int error) {
    return {ErrorCode::internal_error,
            fmt::format("cannot tell who is calling: {}: {}", option, std::generic_category().message(error)),
            {}};
}

Result<std::vector<gid_t>> supplementary_groups(int socket_fd) {
    std::vector<gid_t> groups(64);
    while (true) {
        auto length = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
        if (getsockopt(socket_fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length) == 0) {
            groups.resize(length / sizeof(gid_t));
            return groups;
        }
        // The kernel says how much room it needs.
        const auto needed = length / sizeof(gid_t);
        if (errno != ERANGE || needed <= groups.size() || needed > most_groups) {
            return failed("SO_PEERGROUPS", errno);
        }
        groups.resize(needed);
    }
}

}  // namespace

RoleGroups find_role_groups() {
    return {.engineer = find_group("sitepower"), .admin = find_group("sitepower-admin")};
}

Result<Peer> peer_of(int socket_fd) {
    ucred credentials{};
    socklen_t length = sizeof credentials;
    if (getsockopt(socket_fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) {
        return failed("SO_PEERCRED", errno);
    }
    auto groups = supplementary_groups(socket_fd);
    if (!groups) return groups.error();
    groups->push_back(credentials.gid);
    return Peer{credentials.uid, credentials.pid, std::move(*groups)};
}

Role role_of(const Peer& peer, const RoleGroups& groups) {
    const auto in = [&](const std::optional<gid_t>& group) {
        return group && std::ranges::find(peer.groups, *group) != peer.groups.end();
    };
    if (peer.uid == 0 || in(groups.admin)) return Role::admin;
    return in(groups.engineer) ? Role::engineer : Role::viewer;
}

std::string name_of(uid_t uid) {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/etc/passwd", "re"), std::fclose);
    std::array<char, 4096> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    while (file && fgetpwent_r(file.get(), &entry, buffer.data(), buffer.size(), &found) == 0) {
        if (entry.pw_uid == uid) return entry.pw_name;
    }
    return fmt::format("uid={}", uid);
}

}  // namespace sitepower
