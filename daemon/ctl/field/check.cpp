// `profile check`: what the daemon would say of a profile, its samples included.
#include <fmt/format.h>

#include <ostream>

#include "daemon/ctl/field/device.hpp"
#include "drivers/profile/load.hpp"

namespace sitepower::ctl {

ExitCode check_profile_file(const FieldCommand& command, bool json, std::ostream& out, std::ostream& err) {
    schema::Diagnostics diagnostics;
    const auto profile = load_profile(command.profile, diagnostics);
    const auto points = profile ? place_points(*profile).size() : 0;
    const auto samples = profile ? profile->samples.size() : 0;
    if (json) {
        out << Json{{"file", command.profile},
                    {"accepted", profile.has_value()},
                    {"points", points},
                    {"samples", samples},
                    {"problems", describe(diagnostics)}}
                   .dump()
            << '\n';
    } else if (profile) {
        out << fmt::format("{}: fine, {} points, {} samples{}\n", command.profile, points, samples,
                           samples == 0 ? "; `profile dump` makes one from a real device" : "");
    } else {
        tell(diagnostics, err);
    }
    return profile ? ExitCode::fine : ExitCode::failed;
}

}  // namespace sitepower::ctl
