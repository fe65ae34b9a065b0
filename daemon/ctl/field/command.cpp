#include "daemon/ctl/field/command.hpp"

namespace sitepower::ctl {

ExitCode carry_out_field(const FieldCommand& command, bool json, Time now, std::ostream& out,
                         std::ostream& err) {
    switch (command.what) {
        case FieldCommand::What::profile_check:
            return check_profile_files(command, json, out, err);
        case FieldCommand::What::profile_probe:
            return probe_device(command, json, out, err);
        case FieldCommand::What::profile_dump:
            return dump_device(command, json, now, out, err);
        case FieldCommand::What::scan:
            return scan_endpoint(command, json, out, err);
    }
    return ExitCode::usage;
}

}  // namespace sitepower::ctl
