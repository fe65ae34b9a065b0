// The fade libraries of this box.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/battery/rul/trajectory/library.hpp"
#include "core/site/model.hpp"
#include "daemon/config/file_shelf.hpp"

namespace sitepower::config {

// The library that stands for a chemistry where a string names none; empty for lead-acid.
std::string_view default_fade_library(Chemistry chemistry);

class FadeShelf final : public FileShelf<FadeSource> {
  public:
    FadeShelf(std::vector<std::string> directories, schema::Diagnostics& diagnostics);
};

}  // namespace sitepower::config
