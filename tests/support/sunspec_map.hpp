// A made-up SunSpec device: registers that are written model by model, and a reader over them that refuses
// what is not there, as a device does. For tests.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "drivers/sunspec/model.hpp"
#include "drivers/sunspec/walk.hpp"

namespace sitepower::support {

// The models that the project ships.
const sunspec::Models& shipped_models();

class SunspecMap {
  public:
    // Writes the marker; models follow behind it.
    explicit SunspecMap(int marker = 40000);

    // Appends a model of that length, all its registers zero; gives the address of its ID.
    int add(int id, int length);
    // Appends a common model with these texts.
    int add_common(const std::string& manufacturer, const std::string& model, const std::string& serial,
                   int length = 66);
    void end();  // ID 0xFFFF, length 0

    void set(int address, std::uint16_t word) { words_[address] = word; }
    void set_text(int address, const std::string& text, int registers);
    // Silent from now on, or from that address on.
    void fall_silent(int from = 0) { silent_from_ = from; }

    sunspec::Reply read(std::uint16_t address, std::uint16_t count) const;
    sunspec::Reader reader() const;
    // Registers in rows, for a fake slave or a sample.
    const std::map<int, std::uint16_t>& words() const { return words_; }
    std::size_t reads() const { return reads_; }

  private:
    std::map<int, std::uint16_t> words_;
    int next_ = 0;
    int silent_from_ = 0x10000;
    mutable std::size_t reads_ = 0;
};

}  // namespace sitepower::support
