#include "drivers/schema/diagnostic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace sitepower::schema {

std::string to_string(const Diagnostic& diagnostic) {
    std::string text = diagnostic.at.file;
    if (diagnostic.at.line > 0) text += fmt::format(":{}:{}", diagnostic.at.line, diagnostic.at.column);
    if (!diagnostic.at.key.empty()) text += (text.empty() ? "" : ": ") + diagnostic.at.key;
    return text + (text.empty() ? "" : ": ") + diagnostic.message;
}

void Diagnostics::add(Origin at, std::string message) {
    ++total_;
    if (kept_.size() < limit_) kept_.push_back({std::move(at), std::move(message)});
}

std::vector<Diagnostic> Diagnostics::sorted() const {
    auto result = kept_;
    const auto place = [](const Diagnostic& d) { return std::tie(d.at.file, d.at.line, d.at.column); };
    std::stable_sort(result.begin(), result.end(),
                     [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
    return result;
}

namespace {

const Origin* find(const std::vector<std::pair<std::string, Origin>>& keys, std::string_view name) {
    const auto found = std::find_if(keys.begin(), keys.end(), [&](const auto& k) { return k.first == name; });
    return found == keys.end() ? nullptr : &found->second;
}

}  // namespace

Origin Origins::of(std::string_view name) const {
    if (const auto* origin = find(keys_, name)) return *origin;
    Origin origin = table_;
    if (!origin.key.empty()) origin.key += '.';
    origin.key += name;
    return origin;
}

bool Origins::has(std::string_view name) const {
    return find(keys_, name) != nullptr;
}

}  // namespace sitepower::schema
