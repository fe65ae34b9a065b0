// The identifiers of one kind of thing: unique, and found again by those who refer to them. Lives only while
// a configuration is loaded.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "drivers/schema/diagnostic.hpp"

namespace sitepower::config {

// An empty id stands for one that was refused before: it takes a position, and nobody is told again.
class Ids {
  public:
    // what: the kind of thing, for messages: "bus".
    Ids(std::string what, schema::Diagnostics& diagnostics)
        : what_(std::move(what)), diagnostics_(diagnostics) {}

    // Positions count up from 0. An id that is taken is an error that names the other place, and keeps the
    // position of the first.
    void add(const std::string& id, schema::Origin at);

    std::optional<std::size_t> find(const std::string& id) const;
    // Like find; an unknown id is an error at `at`, with a suggestion.
    std::optional<std::size_t> resolve(const std::string& id, schema::Origin at) const;

  private:
    std::string what_;
    schema::Diagnostics& diagnostics_;
    std::unordered_map<std::string, std::size_t> positions_;
    std::vector<schema::Origin> origins_;
};

}  // namespace sitepower::config
