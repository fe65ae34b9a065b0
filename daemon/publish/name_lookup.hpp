// Looks a broker's name up without holding anybody up: libmosquitto's own look-up blocks, for up to half a
// minute when the name servers are gone. A thread of its own does it and ends with it; one that is abandoned
// ends when the system's resolver gives up. Owned by the publisher's worker.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sitepower {

class NameLookup {
  public:
    explicit NameLookup(const std::string& host);
    ~NameLookup();
    NameLookup(const NameLookup&) = delete;
    NameLookup& operator=(const NameLookup&) = delete;

    int fd() const;  // readable when the answer is there
    // Local addresses to bind to ("0.0.0.0", "::"), one for each family that the name has, best first. Empty
    // when the name is not known; nullopt while the answer is not there.
    std::optional<std::vector<std::string>> families() const;

  private:
    struct Answer;
    std::shared_ptr<Answer> answer_;  // shared with the thread, which may outlive this object
};

// "192.0.2.1", "2001:db8::1": nothing to look up.
bool is_numeric_address(const std::string& host);

}  // namespace sitepower
