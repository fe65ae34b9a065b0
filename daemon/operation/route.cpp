#include "daemon/operation/route.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "daemon/operation/table.hpp"

namespace sitepower {
namespace {

constexpr std::size_t longest_compared = 128;  // edit_distance is quadratic

// Takes the text up to the next '/' off the front of `path`.
std::string_view take_segment(std::string_view& path) {
    const auto slash = path.find('/');
    const auto segment = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    return segment;
}

bool is_placeholder(std::string_view segment) {
    return segment.starts_with('{');
}

std::string_view placeholder_name(std::string_view segment) {
    return segment.substr(1, segment.size() - 2);
}

// Fills `parameters` from `path` when it has the shape of `pattern`.
bool matches(std::string_view pattern, std::string_view path,
             std::vector<std::pair<std::string, std::string>>& parameters) {
    parameters.clear();
    while (!pattern.empty() && !path.empty()) {
        const auto expected = take_segment(pattern);
        const auto segment = take_segment(path);
        if (is_placeholder(expected)) {
            if (segment.empty()) return false;
            parameters.emplace_back(placeholder_name(expected), segment);
        } else if (expected != segment) {
            return false;
        }
    }
    return pattern.empty() && path.empty();
}

bool is_unreserved(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

void append_encoded(std::string_view text, std::string& out) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : text) {
        if (is_unreserved(c)) {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
}

std::string nearest_path(std::string_view path) {
    const Operation* nearest = nullptr;
    std::size_t least = 0;
    for (const auto& operation : operations()) {
        const auto distance = edit_distance(path, operation.path);
        if (nearest == nullptr || distance < least) {
            nearest = &operation;
            least = distance;
        }
    }
    return std::string(nearest->path);
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    a = a.substr(0, longest_compared);
    b = b.substr(0, longest_compared);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const auto substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitution});
        }
    }
    return row.back();
}

Route find_route(std::string_view method, std::string_view path) {
    if (method == "HEAD") method = "GET";
    std::string allow;
    std::vector<std::pair<std::string, std::string>> parameters;
    for (const auto& operation : operations()) {
        if (!matches(operation.path, path, parameters)) continue;
        if (method == to_string(operation.method)) return Match{&operation, std::move(parameters)};
        if (!allow.empty()) allow += ", ";
        allow += to_string(operation.method);
    }
    if (!allow.empty()) return WrongMethod{std::move(allow)};
    return UnknownPath{nearest_path(path)};
}

std::string request_target(const Operation& operation,
                           const std::vector<std::pair<std::string, std::string>>& parameters) {
    std::string target;
    std::string_view pattern = operation.path;
    std::vector<std::string_view> in_path;
    pattern.remove_prefix(1);
    while (!pattern.empty()) {
        const auto segment = take_segment(pattern);
        target += '/';
        if (!is_placeholder(segment)) {
            target += segment;
            continue;
        }
        const auto name = placeholder_name(segment);
        const auto given = std::ranges::find_if(parameters, [&](const auto& p) { return p.first == name; });
        assert(given != parameters.end());
        if (given != parameters.end()) append_encoded(given->second, target);
        in_path.push_back(name);
    }
    char separator = '?';
    for (const auto& [name, value] : parameters) {
        if (std::ranges::find(in_path, name) != in_path.end()) continue;
        target += std::exchange(separator, '&');
        append_encoded(name, target);
        target += '=';
        append_encoded(value, target);
    }
    return target;
}

}  // namespace sitepower
