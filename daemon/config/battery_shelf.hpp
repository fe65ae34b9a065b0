// The kinds of batteries of this box.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/battery/model/cell_model.hpp"
#include "daemon/config/file_shelf.hpp"

namespace sitepower::config {

// The file that stands for a chemistry where a string names none.
std::string_view default_battery_file(Chemistry chemistry);

class BatteryShelf final : public FileShelf<CellModel> {
  public:
    BatteryShelf(std::vector<std::string> directories, schema::Diagnostics& diagnostics);
};

}  // namespace sitepower::config
