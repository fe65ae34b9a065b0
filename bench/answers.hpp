// How long the daemon takes to answer over its socket, asked as often as one user may.
#pragma once

#include <string>
#include <string_view>

#include "bench/harness/rig.hpp"
#include "daemon/ctl/client.hpp"

namespace sitepower::bench {

struct Question {
    std::string_view operation;
    ctl::NamedValues parameters{};
};

struct AnswerTimes {
    double p50_ms = 0;
    double p99_ms = 0;
};

class Asker {
  public:
    // Both must outlive it.
    Asker(const Rig& rig, Process& daemon) : rig_(rig), daemon_(daemon) {}

    // Whether it is answered as wanted; throws Failure when the daemon has ended.
    bool is_answered(const Question& question);
    // Of the best of so many rounds of 200 questions. Throws Failure when one is refused.
    AnswerTimes times(const Question& question, int rounds);

  private:
    const Rig& rig_;
    Process& daemon_;
    std::string refusal_;
};

}  // namespace sitepower::bench
