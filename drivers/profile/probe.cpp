#include "drivers/profile/probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "drivers/modbus/decode.hpp"
#include "drivers/modbus/text.hpp"
#include "drivers/profile/resolve.hpp"

namespace sitepower {
namespace {

std::vector<std::uint64_t> numbers_of(std::string_view version) {
    std::vector<std::uint64_t> numbers;
    bool in_number = false;
    for (const char c : version) {
        const bool is_digit = c >= '0' && c <= '9';
        if (is_digit && !in_number) numbers.push_back(0);
        if (is_digit)
            numbers.back() = numbers.back() % 1'000'000'000'000U * 10 + static_cast<std::uint64_t>(c - '0');
        in_number = is_digit;
    }
    return numbers;
}

std::string wanted_words(const ProfileProbe& probe) {
    if (!probe.equals.empty()) return fmt::format("one of {}", fmt::join(probe.equals, ", "));
    if (!probe.starts_with.empty()) {
        return fmt::format("a text that starts with \"{}\"", fmt::join(probe.starts_with, "\" or \""));
    }
    if (!probe.between.empty()) return fmt::format("{} to {}", probe.between.front(), probe.between.back());
    std::string words = "a version";
    if (!probe.at_least.empty()) words += " of at least " + probe.at_least;
    if (!probe.below.empty()) words += " below " + probe.below;
    return words;
}

bool is_version_between(const ProfileProbe& probe, std::string_view version) {
    if (numbers_of(version).empty()) return false;
    return (probe.at_least.empty() || compare_versions(version, probe.at_least) >= 0) &&
           (probe.below.empty() || compare_versions(version, probe.below) < 0);
}

bool judge_number(const ProfileProbe& probe, std::int64_t number) {
    if (!probe.equals.empty()) return std::ranges::find(probe.equals, number) != probe.equals.end();
    if (!probe.between.empty()) return number >= probe.between.front() && number <= probe.between.back();
    return is_version_between(probe, std::to_string(number));
}

bool judge_text(const ProfileProbe& probe, const std::string& text) {
    if (probe.starts_with.empty()) return is_version_between(probe, text);
    return std::ranges::any_of(probe.starts_with,
                               [&](const std::string& start) { return text.starts_with(start); });
}

ProbeResult judge(const Resolver& resolver, const ProfileProbe& probe, const RegisterImage& image) {
    ProbeResult result{.wanted = wanted_words(probe)};
    const auto registers = resolver.probe(probe);
    const auto words = image.get(probe.object ? identity_unit(*probe.object) : own_unit, registers);
    if (!words) {
        result.found = "refused by the device";
    } else if (probe.object || probe.type == PointType::string) {
        const auto reading = modbus::decode_text(*words, probe.chars, registers.byte_order, ' ');
        result.found = '"' + reading.text + '"';
        result.matches = reading.quality == Quality::good && judge_text(probe, reading.text);
    } else {
        const auto value = modbus::PointDecoder(registers, registers.address).decode(*words).value;
        const auto number = static_cast<std::int64_t>(value);
        result.found = std::to_string(number);
        result.matches = judge_number(probe, number);
    }
    return result;
}

}  // namespace

std::vector<modbus::RegisterPoint> probe_registers(const Profile& profile) {
    const Resolver resolver(profile);
    std::vector<modbus::RegisterPoint> registers;
    for (const ProfileProbe& probe : profile.probe) registers.push_back(resolver.probe(probe));
    return registers;
}

std::vector<ProbeResult> check_probe(const Profile& profile, const RegisterImage& image) {
    const Resolver resolver(profile);
    std::vector<ProbeResult> results;
    for (const ProfileProbe& probe : profile.probe) results.push_back(judge(resolver, probe, image));
    return results;
}

bool is_match(const std::vector<ProbeResult>& results) {
    return !results.empty() && std::ranges::all_of(results, &ProbeResult::matches);
}

int compare_versions(std::string_view a, std::string_view b) {
    auto left = numbers_of(a);
    auto right = numbers_of(b);
    const auto size = std::max(left.size(), right.size());
    left.resize(size);
    right.resize(size);
    if (left == right) return 0;
    return left < right ? -1 : 1;
}

}  // namespace sitepower
