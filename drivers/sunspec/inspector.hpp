// A SunSpec unit's inspector: re-reads marker, headers and serial numbers of the chain that is known, and
// walks anew when they differ or nothing is known yet.
#pragma once

#include <memory>
#include <optional>

#include "drivers/modbus/inspector.hpp"
#include "drivers/modbus/link.hpp"
#include "drivers/sunspec/chain.hpp"
#include "drivers/sunspec/model.hpp"
#include "drivers/sunspec/walk.hpp"

namespace sitepower::sunspec {

// Reads holding registers of a unit by `read`.
Reader reader_over(const modbus::Inspector::Read& read, int unit);

class ChainInspector final : public modbus::Inspector {
  public:
    ChainInspector(int unit, std::optional<Chain> known, std::shared_ptr<const Models> models)
        : unit_(unit), known_(std::move(known)), models_(std::move(models)) {}

    // `description` is the new chain as TOML.
    modbus::Inspection inspect(const Read& read) const override;

  private:
    int unit_;
    std::optional<Chain> known_;
    std::shared_ptr<const Models> models_;
};

}  // namespace sitepower::sunspec
