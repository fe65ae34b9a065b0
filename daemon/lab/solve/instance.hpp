// Instance files of sitepower-lab solve: "dispatch-instance-1" (one battery schedule) and arrays of
// "vcg-instance-1" (power auctions), JSON with reference results. Everything is refused with its place that
// is not exactly what the format says. Main thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.hpp"
#include "core/dispatch/auction/auction.hpp"
#include "core/dispatch/problem.hpp"

namespace sitepower::lab {

// Of what is infeasible as stated.
struct RelaxationReference {
    double reserve_kwh_h = 0, import_excess_kwh = 0, terminal_kwh = 0, cost = 0;
};

struct DispatchInstance {
    std::string name;
    dispatch::Problem problem;
    std::optional<double> reference_cost;  // of the physical optimum
    std::optional<RelaxationReference> relaxation;
};

struct AuctionInstance {
    std::string name;
    dispatch::Auction auction;
    std::optional<double> reference_welfare_per_h;
    std::vector<double> reference_payments_per_h;  // may be empty: ties have several
    std::vector<double> welfare_without_per_h;     // of each bidder; may be empty
};

using Instance = std::variant<DispatchInstance, AuctionInstance>;

// The instances of a file's text; the error says where in it.
Result<std::vector<Instance>> read_instances(std::string_view text);

}  // namespace sitepower::lab
