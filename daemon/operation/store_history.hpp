// The questions of operations, answered by the store: History over a Reader. Owned by the app, used on the
// worker thread only.
#pragma once

#include <string>

#include "daemon/operation/context.hpp"
#include "daemon/store/reader.hpp"

namespace sitepower {

class StoreHistory final : public History {
  public:
    // `reader` must outlive it.
    explicit StoreHistory(Reader& reader) : reader_(&reader) {}

    Result<ValueAnswer> values(const ValueQuestion& question) override;
    Result<std::vector<PastEstimate>> estimates(const std::string& battery, Time from, Time to,
                                                std::size_t limit) override;
    Result<std::vector<Alert>> alerts(const AlertQuestion& question) override;
    Result<std::optional<Alert>> alert(const std::string& id) override;
    Result<std::optional<Time>> begins() override;

  private:
    Reader* reader_;
};

// Opens the store for one question. Where it cannot be read just now, each answer is the Error that says why.
Completion ask_store(const std::string& path, Query& query);

}  // namespace sitepower
