#include "daemon/ctl/offline_check.hpp"

#include <ostream>

#include "daemon/config/check.hpp"
#include "daemon/operation/reply.hpp"

namespace sitepower::ctl {
namespace {

Json describe(const schema::Diagnostics& diagnostics) {
    Json problems = Json::array();
    for (const auto& diagnostic : diagnostics.sorted()) {
        problems.push_back({{"file", diagnostic.at.file},
                            {"line", diagnostic.at.line},
                            {"column", diagnostic.at.column},
                            {"key", diagnostic.at.key},
                            {"problem", diagnostic.message}});
    }
    return {{"accepted", diagnostics.empty()},
            {"applied", false},
            {"changes", Json::array()},
            {"problems", std::move(problems)}};
}

}  // namespace

ExitCode check_offline(const CheckCommand& check, bool json, Time now, std::ostream& out) {
    auto paths = config::config_paths(check.configuration, check.profiles);
    paths.checked_at = now;
    if (!json) return config::run_check(paths, out) == 0 ? ExitCode::fine : ExitCode::failed;
    schema::Diagnostics diagnostics;
    static_cast<void>(config::load_config(paths, diagnostics));
    out << envelope(describe(diagnostics), {now, "offline", 0}) << '\n';
    return diagnostics.empty() ? ExitCode::fine : ExitCode::failed;
}

}  // namespace sitepower::ctl
