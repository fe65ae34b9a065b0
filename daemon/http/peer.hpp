// Who is at the other end of a Unix socket, by what the kernel says, and which role that gives. Loop thread.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "daemon/operation/caller.hpp"

namespace sitepower {

struct Peer {
    uid_t uid = static_cast<uid_t>(-1);  // nobody, until the kernel has said who
    pid_t pid = 0;
    std::vector<gid_t> groups;  // primary and supplementary
};

// The groups that carry a role; empty: there is no such group on this machine.
struct RoleGroups {
    std::optional<gid_t> engineer;  // "sitepower"
    std::optional<gid_t> admin;     // "sitepower-admin"
};

// Looks the two groups up; may ask the network's directory, so at start only.
RoleGroups find_role_groups();

// SO_PEERCRED and SO_PEERGROUPS of a connected Unix socket.
Result<Peer> peer_of(int socket_fd);

// root and group sitepower-admin: admin; group sitepower: engineer; others: viewer.
Role role_of(const Peer& peer, const RoleGroups& groups);

// The name in /etc/passwd, else "uid=1000". Reads that one file and nothing else: a directory on the network
// may take long to answer, and the loop cannot wait.
std::string name_of(uid_t uid);

}  // namespace sitepower
