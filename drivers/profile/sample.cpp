#include "drivers/profile/sample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "drivers/profile/snapshot.hpp"

namespace sitepower {
namespace {

RegisterImage image_of(const Profile& profile, const ProfileSample& sample) {
    RegisterImage image;
    for (const SampleBlock& block : sample.blocks) {
        int unit = block.unit.value_or(own_unit);
        if (!block.mailbox.empty()) {
            const auto mailbox = std::ranges::find(profile.mailboxes, block.mailbox, &ProfileMailbox::name);
            unit = mailbox_unit(static_cast<std::size_t>(mailbox - profile.mailboxes.begin()));
        }
        for (std::size_t i = 0; i < block.registers.size(); ++i) {
            image.set(unit, block.table, block.address + static_cast<int>(i),
                      static_cast<std::uint16_t>(block.registers[i]));
        }
    }
    return image;
}

// Exact for integers of any size that a double holds; generous enough for the rounding of an f32.
bool same(double a, double b) {
    return std::abs(a - b) <= 1e-6 * std::max(1.0, std::abs(b));
}

// One sample against the points of the profile.
class SampleRun {
  public:
    SampleRun(const Profile& profile, const ProfileSample& sample, schema::Diagnostics& diagnostics)
        : sample_(sample), values_(snapshot(profile, image_of(profile, sample))), diagnostics_(diagnostics) {
        for (const SnapshotValue& value : values_) by_name_.emplace(value.point.name, &value);
    }

    void run() {
        for (const auto& [name, expected] : sample_.expect) {
            const auto* found = read("expect", name);
            if (found == nullptr) continue;
            if (found->quality != Quality::good) {
                fail("expect",
                     fmt::format("{}: expected {}, is {}", name, expected, to_string(found->quality)));
            } else if (!same(found->value, expected)) {
                fail("expect", fmt::format("{}: expected {}, is {}", name, expected, found->value));
            }
        }
        for (const auto& [name, expected] : sample_.expect_text) {
            const auto* found = read("expect_text", name);
            if (found == nullptr || (found->quality == Quality::good && found->text == expected)) continue;
            fail("expect_text",
                 fmt::format("{}: expected \"{}\", is {}", name, expected,
                             found->quality == Quality::good ? '"' + found->text + '"'
                                                             : std::string(to_string(found->quality))));
        }
        for (const auto& [name, quality] : sample_.expect_quality) {
            const auto* found = read("expect_quality", name);
            if (found == nullptr || to_string(found->quality) == quality) continue;
            fail("expect_quality", fmt::format("{}: expected {}, is {} ({})", name, quality,
                                               to_string(found->quality), found->value));
        }
    }

  private:
    void fail(std::string_view key, std::string message) {
        diagnostics_.add(sample_.origins.of(key), std::move(message));
    }

    const SnapshotValue* read(std::string_view key, const std::string& name) {
        const auto found = by_name_.find(name);
        if (found == by_name_.end()) {
            fail(key, fmt::format("{}: the profile has no such point", name));
            return nullptr;
        }
        if (found->second->quality == Quality::comm_error) {
            fail(key, fmt::format("{}: the sample does not hold its registers", name));
            return nullptr;
        }
        return found->second;
    }

    const ProfileSample& sample_;
    std::vector<SnapshotValue> values_;
    std::unordered_map<std::string, const SnapshotValue*> by_name_;
    schema::Diagnostics& diagnostics_;
};

}  // namespace

void run_samples(const Profile& profile, schema::Diagnostics& diagnostics) {
    for (const ProfileSample& sample : profile.samples) SampleRun(profile, sample, diagnostics).run();
}

}  // namespace sitepower
