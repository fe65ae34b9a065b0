#include "drivers/profile/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "drivers/profile/check.hpp"
#include "drivers/profile/sample.hpp"
#include "drivers/schema/document.hpp"

namespace sitepower {
namespace {

constexpr std::string_view poll_once = "once";
constexpr Duration once_period = std::chrono::hours{24};

bool is_polled_once(const Profile& profile) {
    const auto once = [](const auto& one) { return one.poll == poll_once; };
    return std::ranges::any_of(profile.points, once) || std::ranges::any_of(profile.derived, once) ||
           std::ranges::any_of(profile.groups, [&](const ProfileGroup& group) {
               return std::ranges::any_of(group.points, once) || std::ranges::any_of(group.derived, once);
           });
}

// Makes the poll group "once" where it is used. What a device holds for good is read when the bus begins and
// when the device comes back; the rest is for one that was exchanged without anybody noticing.
void add_poll_once(Profile& profile) {
    const auto known = std::ranges::find(profile.poll, poll_once, &std::pair<std::string, Duration>::first);
    if (known != profile.poll.end() || !is_polled_once(profile)) return;
    if (profile.defaults.poll.empty() && profile.poll.size() == 1) {
        profile.defaults.poll = profile.poll.front().first;
    }
    profile.poll.emplace_back(poll_once, once_period);
}

std::optional<Profile> read_profile(const schema::Node& document, std::size_t errors_before,
                                    schema::Diagnostics& diagnostics) {
    Profile profile = profile_table().read(document, diagnostics);
    if (!profile.timing.origins.has("late_window_ms")) {
        profile.timing.late_window = 2 * profile.timing.response_timeout;
    }
    add_poll_once(profile);
    if (diagnostics.total() == errors_before) check_profile(profile, diagnostics);
    if (diagnostics.total() == errors_before) run_samples(profile, diagnostics);
    if (diagnostics.total() != errors_before) return std::nullopt;
    return profile;
}

}  // namespace

void check_profile_name(const Profile& profile, std::string_view name, schema::Diagnostics& diagnostics) {
    if (profile.id == name) return;
    diagnostics.add(
        profile.origins.of("id"),
        fmt::format("is \"{}\", but the file is called {}.toml: call it {}.toml, or change the id",
                    profile.id, name, profile.id));
}

std::optional<Profile> parse_profile(std::string_view text, std::string_view file,
                                     schema::Diagnostics& diagnostics) {
    const auto before = diagnostics.total();
    const auto document = schema::parse_document(text, file, diagnostics);
    if (!document) return std::nullopt;
    return read_profile(*document, before, diagnostics);
}

std::optional<Profile> load_profile(const std::string& path, schema::Diagnostics& diagnostics) {
    const auto before = diagnostics.total();
    const auto document = schema::read_document(path, diagnostics);
    if (!document) return std::nullopt;
    return read_profile(*document, before, diagnostics);
}

}  // namespace sitepower
