// Files of config/batteries: one kind of battery each, as data. The keys, with range and help, once; from
// them come loading, checking and docs/batteries.md. Start-up, reload, and sitepower-lab.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/battery/model/cell_model.hpp"
#include "drivers/schema/diagnostic.hpp"
#include "drivers/schema/table.hpp"

namespace sitepower::config {

// A file as it stands there: the parameters, and what people want to know of them.
struct BatteryFile : BatteryParameters {
    int schema = 0;
    std::string about;
    std::string reference;
    struct Resistance : ResistanceTable {
        schema::Origins origins;
    };
    std::vector<Resistance> resistance;
    schema::Origins origins;
};

const schema::Table<BatteryFile>& battery_file_table();

// nullptr after an error, which is in `diagnostics` with file, line and key. `file` is the name in messages.
std::shared_ptr<const CellModel> parse_battery_file(std::string_view text, std::string_view file,
                                                    schema::Diagnostics& diagnostics);

}  // namespace sitepower::config
