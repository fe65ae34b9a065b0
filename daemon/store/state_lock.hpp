// One daemon per state directory: the lock that a Store holds on its directory from before the database is
// opened. It is on the directory itself, so that a full or read-only disk can be locked too; the kernel
// releases it when the process dies, and children do not inherit it.
#pragma once

#include <string>

#include "core/base/result.hpp"

namespace sitepower {

class StateLock {
  public:
    // Error `conflict` when another process holds it, with its id where the kernel tells it;
    // `service_unavailable` when the directory cannot be opened.
    static Result<StateLock> take(const std::string& directory);

    ~StateLock();
    StateLock(StateLock&& other) noexcept;
    StateLock& operator=(StateLock&& other) noexcept;

  private:
    explicit StateLock(int directory) : directory_(directory) {}
    int directory_;  // -1: moved from
};

}  // namespace sitepower
