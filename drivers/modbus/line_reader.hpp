// A link used by hand, without a bus: for commands that read a device once. Asks with the same care as a bus
// (quarantine on RTU, reconnect on TCP). One thread; blocks.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "drivers/modbus/bus.hpp"
#include "drivers/modbus/careful_asker.hpp"
#include "drivers/modbus/link.hpp"

namespace sitepower::modbus {

class LineReader {
  public:
    // timing.retries: how often a question without an answer is asked again.
    LineReader(BusSettings settings, UnitTiming timing);
    ~LineReader();
    LineReader(const LineReader&) = delete;
    LineReader& operator=(const LineReader&) = delete;

    // The error names endpoint and cause. Called by read() as needed.
    Status open();

    // Fills `words`, of which there must be question.count.
    Answer read(const Question& question, std::span<std::uint16_t> words);

    const BusSettings& settings() const { return settings_; }
    std::uint64_t requests() const { return requests_; }
    // How long one question may take; from now on.
    void set_response_timeout(Duration timeout) { timing_.response_timeout = timeout; }
    void set_retries(int retries) { timing_.retries = retries; }

  private:
    Asker::Reply ask(ReadPlan& plan);
    Answer exchange(const Question& question);

    BusSettings settings_;
    UnitTiming timing_;
    StopSignal stop_;
    std::unique_ptr<Link> link_;
    CarefulAsker careful_;
    std::vector<std::uint16_t> words_;
    SteadyTime last_exchange_{};
    std::uint64_t requests_ = 0;
};

}  // namespace sitepower::modbus
