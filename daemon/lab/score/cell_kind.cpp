#include "daemon/lab/score/cell_kind.hpp"

#include <algorithm>
#include <array>

namespace sitepower::lab {
namespace {

bool is_numbered(std::string_view text, std::string_view prefix) {
    text.remove_prefix(std::min(prefix.size(), text.size()));
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

constexpr CellKind mit{"mit", "mit-lfp", 1.1, 0.885, 0.10};
constexpr CellKind xjtu{"xjtu", "xjtu-nmc", 2.0, 0.84, 0.10};
constexpr CellKind tju_3500{"tju", "tju", 3.5, 0.80, 0.09};
constexpr CellKind tju_2500{"tju", "tju", 2.5, 0.80, 0.09};
constexpr CellKind hust{"hust", "hust-lfp", 1.1, 0.82, 0};
constexpr CellKind calce{"calce", "", 1.1, 0.80, 0};
constexpr CellKind nasa{"nasa", "", 2.0, 0.70, 0};
constexpr CellKind other{"cells", "", 0, 0.80, 0};

}  // namespace

const CellKind& kind_of(std::string_view cell) {
    if (cell.starts_with("Dataset_")) return cell.find("NCM_NCA") != cell.npos ? tju_2500 : tju_3500;
    if (cell.starts_with("20") && cell.find("_battery-") != cell.npos) return mit;
    if (cell.find("_battery-") != cell.npos) return xjtu;
    if (cell.starts_with("CS2_")) return calce;
    if (cell.starts_with("B0") && is_numbered(cell, "B")) return nasa;
    const auto dash = cell.find('-');
    const bool pair = dash != cell.npos && is_numbered(cell.substr(0, dash), "") &&
                      is_numbered(cell, cell.substr(0, dash + 1));
    return pair ? hust : other;
}

}  // namespace sitepower::lab
