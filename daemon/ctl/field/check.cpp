// `profile check`: what the daemon would say of profiles, their samples included.
#include <fmt/format.h>

#include <ostream>

#include "daemon/ctl/field/device.hpp"
#include "drivers/profile/load.hpp"

namespace sitepower::ctl {

namespace {

bool check_file(const std::string& file, bool json, std::ostream& out, std::ostream& err) {
    schema::Diagnostics diagnostics;
    const auto profile = load_profile(file, diagnostics);
    const auto points = profile ? place_points(*profile).size() : 0;
    const auto samples = profile ? profile->samples.size() : 0;
    if (json) {
        out << Json{{"file", file},
                    {"accepted", profile.has_value()},
                    {"points", points},
                    {"samples", samples},
                    {"problems", describe(diagnostics)}}
                   .dump()
            << '\n';
    } else if (profile) {
        out << fmt::format("{}: fine, {} points, {} samples{}\n", file, points, samples,
                           samples == 0 ? "; `profile dump` makes one from a real device" : "");
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
