// The registers and bits of one simulated unit. Owned by the simulation; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "drivers/modbus/register_map.hpp"

namespace sitepower::sim {

class RegisterBank {
  public:
    // Makes registers exist, with content 0; what exists already keeps its content.
    void define(modbus::Table table, std::uint16_t first, int count);
    // Makes the gaps of at most `registers` between existing ones exist too: devices that may be read across
    // small holes answer 0 there.
    void fill_holes(int registers);

    // The register must exist.
    void set(modbus::Table table, std::uint16_t address, std::uint16_t word);

    // Makes existing registers writable for clients, or no longer.
    void allow_writes(modbus::Table table, std::uint16_t first, int count, bool allowed = true);
    bool is_writable(modbus::Table table, std::uint16_t first, int count) const;

    // The contents of `count` registers, or nothing when one of them does not exist.
    std::optional<std::span<const std::uint16_t>> read(modbus::Table table, std::uint16_t first,
                                                       int count) const;

    // Texts by which the unit says what it is, by object (function 43).
    void set_identity(int object, std::string text) { identity_[object] = std::move(text); }
    const std::map<int, std::string>& identity() const { return identity_; }

  private:
    struct Words {
        std::vector<std::uint16_t> content;
        std::vector<bool> exists;
        std::vector<bool> writable;  // may be shorter
    };
    Words& words(modbus::Table table) { return tables_[static_cast<std::size_t>(table)]; }
    const Words& words(modbus::Table table) const { return tables_[static_cast<std::size_t>(table)]; }

    Words tables_[4];
    std::map<int, std::string> identity_;
};

}  // namespace sitepower::sim
