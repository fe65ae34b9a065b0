#include "drivers/sunspec/walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace sitepower::sunspec {
namespace {

// The order of the SunSpec Alliance's reference client.
constexpr std::array<std::uint16_t, 3> marker_places{40000, 0, 50000};
constexpr std::uint16_t marker_high = 0x5375;  // "Su"
constexpr std::uint16_t marker_low = 0x6E53;   // "nS"
constexpr int end_id = 0xFFFF;
constexpr int common_id = 1;
// Places and registers of the texts of the common model.
constexpr int manufacturer_at = 2;
constexpr int model_at = 18;
constexpr int version_at = 42;
constexpr int serial_at = 50;

// Texts are padded with zeros or blanks, and some devices leave rubbish behind the first zero.
std::string text_of(std::span<const std::uint16_t> words) {
    std::string text;
    for (const auto word : words) {
        for (const int byte : {word >> 8, word & 0xFF}) {
            if (byte == 0) return text.substr(0, text.find_last_not_of(' ') + 1);
            text += byte >= 0x20 && byte < 0x7F ? static_cast<char>(byte) : '?';
        }
    }
    return text.substr(0, text.find_last_not_of(' ') + 1);
}

Reply read_at(const Reader& read, int address, int count) {
    return read(static_cast<std::uint16_t>(address), static_cast<std::uint16_t>(count));
}

class Walker {
  public:
    Walker(const Reader& read, const Models& models) : read_(read), models_(models) {}

    Discovery run() {
        if (!find_marker()) return std::move(discovery_);
        discovery_.outcome = Discovery::Outcome::found;
        int address = chain().marker + 2;
        for (int steps = 0; steps < most_models; ++steps) {
            const auto next = step(address);
            if (!next) return std::move(discovery_);
            address = *next;
        }
        chain().problem = fmt::format("has more than {} models", most_models);
        return std::move(discovery_);
    }

  private:
    Chain& chain() { return discovery_.chain; }

    bool find_marker() {
        discovery_.outcome = Discovery::Outcome::failed;
        for (const auto place : marker_places) {
            const auto reply = read_(place, 2);
            if (reply.kind == Reply::Kind::failed) {
                if (discovery_.detail.empty()) discovery_.detail = reply.detail;
                continue;
            }
            if (reply.kind == Reply::Kind::words && reply.words[0] == marker_high &&
                reply.words[1] == marker_low) {
                chain().marker = place;
                return true;
            }
            discovery_.outcome = Discovery::Outcome::nothing;
        }
        if (discovery_.outcome == Discovery::Outcome::nothing) {
            discovery_.detail = "no \"SunS\" at 40000, 0 or 50000";
        }
        return false;
    }

    void fail(const Reply& reply) {
        discovery_.outcome = Discovery::Outcome::failed;
        discovery_.detail = reply.detail;
    }

    std::nullopt_t stop(std::string problem) {
        chain().problem = std::move(problem);
        return std::nullopt;
    }

    // Takes the model at `address` and gives the address of the next one; nullopt: the walk is over.
    std::optional<int> step(int address) {
        if (address > 0xFFFE) return stop("the chain runs beyond register 65535 without an end");
        const auto header = read_at(read_, address, 2);
        if (header.kind == Reply::Kind::failed) {
            fail(header);
            return std::nullopt;
        }
        if (header.kind == Reply::Kind::refused) {
            // Some inverters have no end marker.
            if (chain().devices.empty()) return stop("nothing can be read behind the marker");
            return std::nullopt;
        }
        const int id = header.words[0];
        const int length = header.words[1];
        if (id == end_id) return std::nullopt;
        if (const auto problem = problem_of(id, length, address); !problem.empty()) return stop(problem);
        if (id == common_id && !add_device(address, length)) return std::nullopt;
        if (chain().devices.empty()) chain().devices.emplace_back();
        ChainModel model{.id = id, .address = address, .length = length};
        if (!read_counts(model)) return std::nullopt;
        chain().devices.back().models.push_back(std::move(model));
        return address + 2 + length;
    }

    std::string problem_of(int id, int length, int address) {
        if (id == 0) return fmt::format("model 0 at {} cannot be", address);
        if (length == 0) return fmt::format("model {} at {} has length 0", id, address);
        if (address + 2 + length > 0x10000) {
            return fmt::format("model {} at {} has length {} and runs beyond register 65535", id, address,
                               length);
        }
        if (id == common_id && length != 65 && length != 66) {
            return fmt::format("model 1 at {} has length {}, and only 65 and 66 are legal{}", address, length,
                               who_it_is(address, length));
        }
        return {};
    }

    // What can be said of a device whose common model is broken.
    std::string who_it_is(int address, int length) {
        for (const int count : {16, 8, 4}) {
            if (count > length) continue;
            const auto reply = read_at(read_, address + manufacturer_at, count);
            if (reply.kind != Reply::Kind::words) continue;
            return fmt::format("; the device calls itself \"{}\"", text_of(reply.words));
        }
        return {};
    }

    bool add_device(int address, int length) {
        const auto reply = read_at(read_, address, length + 2);
        if (reply.kind != Reply::Kind::words) {
            if (reply.kind == Reply::Kind::failed) {
                fail(reply);
            } else {
                chain().problem = fmt::format("model 1 at {} cannot be read", address);
            }
            return false;
        }
        const auto text = [&](std::size_t at, std::size_t registers) {
            return text_of(std::span(reply.words).subspan(at, registers));
        };
        chain().devices.push_back({.manufacturer = text(manufacturer_at, 16),
                                   .model = text(model_at, 16),
                                   .version = text(version_at, 8),
                                   .serial = text(serial_at, 16),
                                   .models = {}});
        return true;
    }

    void wanted_counts(const std::vector<ModelGroup>& groups, std::vector<std::string>& names) const {
        for (const auto& group : groups) {
            if (!group.count.empty() && std::ranges::find(names, group.count) == names.end()) {
                names.push_back(group.count);
            }
            wanted_counts(group.groups, names);
        }
    }

    bool read_counts(ChainModel& model) {
        const auto* definition = models_.find(model.id);
        if (definition == nullptr || model.length < definition->fixed_length()) return true;
        std::vector<std::string> names;
        wanted_counts(definition->groups, names);
        for (const auto& name : names) {
            const auto reply = read_at(read_, model.address + definition->offset_of(name), 1);
            if (reply.kind == Reply::Kind::failed) {
                fail(reply);
                return false;
            }
            // Refused or not implemented: the groups are left out.
            const bool known = reply.kind == Reply::Kind::words && reply.words[0] != 0xFFFF;
            model.counts.emplace_back(name, known ? reply.words[0] : 0);
        }
        return true;
    }

    const Reader& read_;
    const Models& models_;
    Discovery discovery_;
};

}  // namespace

Discovery discover(const Reader& read, const Models& models) {
    return Walker(read, models).run();
}

namespace {

// A device that was still starting may have refused the rest of its chain, which then looked whole.
Recheck behind(const Reader& read, const Chain& chain) {
    if (!chain.problem.empty() || chain.devices.empty() || chain.devices.back().models.empty()) {
        return Recheck::same;
    }
    const auto& last = chain.devices.back().models.back();
    const int address = last.address + 2 + last.length;
    if (address > 0xFFFE) return Recheck::same;
    const auto reply = read_at(read, address, 2);
    if (reply.kind == Reply::Kind::failed) return Recheck::failed;
    const bool goes_on = reply.kind == Reply::Kind::words && reply.words[0] != end_id &&
                         reply.words[0] != 0 && reply.words[1] != 0;
    return goes_on ? Recheck::changed : Recheck::same;
}

}  // namespace

Recheck recheck(const Reader& read, const Chain& chain) {
    const auto compare = [&](int address, std::initializer_list<int> expected) {
        const auto reply = read_at(read, address, static_cast<int>(expected.size()));
        if (reply.kind == Reply::Kind::failed) return Recheck::failed;
        if (reply.kind == Reply::Kind::refused) return Recheck::changed;
        return std::ranges::equal(reply.words, expected) ? Recheck::same : Recheck::changed;
    };
    if (const auto found = compare(chain.marker, {marker_high, marker_low}); found != Recheck::same)
        return found;
    for (const auto& device : chain.devices) {
        for (const auto& model : device.models) {
            const auto found = compare(model.address, {model.id, model.length});
            if (found != Recheck::same) return found;
            if (model.id != common_id) continue;
            const auto reply = read_at(read, model.address + serial_at, 16);
            if (reply.kind == Reply::Kind::failed) return Recheck::failed;
            if (reply.kind == Reply::Kind::refused || text_of(reply.words) != device.serial) {
                return Recheck::changed;
            }
        }
    }
    return behind(read, chain);
}

}  // namespace sitepower::sunspec
