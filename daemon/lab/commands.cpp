#include <vector>

#include "daemon/lab/command.hpp"

namespace sitepower::lab {

std::span<const LabCommand> commands() {
    static const std::vector<LabCommand> table{};
    return table;
}

}  // namespace sitepower::lab
