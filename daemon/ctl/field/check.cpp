// `profile check`: what the daemon would say of profiles, their samples included.
#include <fmt/format.h>

#include <filesystem>
#include <ostream>

#include "daemon/ctl/field/device.hpp"
#include "daemon/ctl/format.hpp"
#include "drivers/profile/load.hpp"

namespace sitepower::ctl {

namespace {

bool check_file(const std::string& file, bool json, std::ostream& out, std::ostream& err) {
    schema::Diagnostics diagnostics;
    const auto profile = load_profile(file, diagnostics);
    // A copy under another name is a profile all the same; a site that names it is refused (sitepowerctl
    // check).
    const auto name = std::filesystem::path(file).stem().string();
    const auto note =
        profile && profile->id != name
            ? fmt::format("a site will find it once it is called as its id: {}.toml", profile->id)
            : std::string();
    const auto points = profile ? place_points(*profile).size() : 0;
    const auto samples = profile ? profile->samples.size() : 0;
    if (json) {
        out << Json{{"file", file},     {"accepted", profile.has_value()},
                    {"points", points}, {"samples", samples},
                    {"note", note},     {"problems", describe(diagnostics)}}
                   .dump()
            << '\n';
    } else if (profile) {
        out << fmt::format("{}: fine, {}, {}{}\n", file, count_text(points, "point", "points"),
                           count_text(samples, "sample", "samples"),
                           samples == 0 ? "; `profile dump` makes one from a real device" : "");
        if (!note.empty()) out << note << '\n';
    } else {
        tell(diagnostics, err);
    }
    return profile.has_value();
}

}  // namespace

ExitCode check_profile_files(const FieldCommand& command, bool json, std::ostream& out, std::ostream& err) {
    bool fine = true;
    for (const auto& file : command.profiles_to_check) fine = check_file(file, json, out, err) && fine;
    return fine ? ExitCode::fine : ExitCode::failed;
}

}  // namespace sitepower::ctl
