// Who asks, and what the role allows. Made by the face that took the request (HTTP over the Unix socket by
// peer credentials, MQTT always as viewer).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sitepower {

// Each role may do what the roles before it may do.
enum class Role : std::uint8_t { viewer, engineer, admin };

constexpr std::string_view to_string(Role role) {
    switch (role) {
        case Role::viewer:
            return "viewer";
        case Role::engineer:
            return "engineer";
        case Role::admin:
            return "admin";
    }
    return "viewer";
}

struct Caller {
    Role role = Role::viewer;
    std::string who;   // "alice", "uid=1000"
    std::string from;  // "unix:uid=1000", "mqtt"
};

}  // namespace sitepower
