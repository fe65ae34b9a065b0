// Reads the words of a mailbox: writes which index it wants, waits until the device's registers say that the
// window holds it, and reads the window; one index after the other, one frame for each. Each call asks one
// thing and then lets the line go, so that nobody else on it waits for the device to get ready. Owned by a
// bus's worker; its thread.
//
// A value is taken only from a window that says, in the same answer or before and after it, that it is of the
// index that was asked for. Otherwise all points of the index are comm_error, and the attempt says why.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/modbus/decode.hpp"
#include "drivers/modbus/group_reader.hpp"

namespace sitepower::modbus {

class MailboxReader final : public PollReader {
  public:
    // groups: those of one mailbox, one for each index; at least one.
    MailboxReader(const UnitPlan& unit, std::span<const PollGroup> groups);

    const Layout& layout() const override { return *turns_.front().group.layout; }

    // Before each request the registers that show the index are read: to a device that does not answer
    // nothing is written, and one that shows the index already is given its whole time, since nobody can see
    // when it has got so far. The request for an index is sent once, and its words are waited for whether it
    // was acknowledged or nobody knows. Only where the wait was interrupted by others (they had the
    // connection made anew, or the line to themselves) an acknowledged request is sent once more. An index
    // that failed is left out for 10 s, doubling to 10 min; where the device may still be at work on it, the
    // next one is not asked for before it has had the time for one more answer. A unit that falls silent ends
    // the poll.
    Attempt read(Asker& asker, SteadyTime now) override;
    void forget() override;
    bool under_way() const override { return step_ != Step::probe || turn_ != 0; }

  private:
    enum class Step : std::uint8_t { probe, request, look, window, look_again };

    // One index.
    struct Turn {
        PollGroup group;
        std::vector<PointDecoder> decoders;  // of the words of the index
        SteadySpan rest{};
        SteadyTime rest_until{};
        std::string problem{};  // why it rests
    };

    const Mailbox& mailbox() const { return *turns_[turn_].group.mailbox; }
    bool is_asked_for() const { return step_ != Step::probe && step_ != Step::request; }
    void plan_reads();
    // Whether the index rests; it is then told so.
    bool leave_out(Asker& asker, SteadyTime now, Attempt& attempt);
    void probe(Asker& asker, SteadyTime now, Attempt& attempt);
    void request(Asker& asker, SteadyTime now, Attempt& attempt);
    void look(Asker& asker, SteadyTime now, Attempt& attempt);
    void read_window(Asker& asker, SteadyTime now, Attempt& attempt);
    void look_again(Asker& asker, SteadyTime now, Attempt& attempt);
    void resume(Asker& asker, SteadyTime now, Attempt& attempt);
    // Nothing to take when the plan could not be read; then the attempt is as it shall be.
    Asker::Reply ask(ReadPlan& plan, Asker& asker, SteadyTime now, Attempt& attempt);
    // The first sign that is not as it shall be; nullptr: all are.
    const Mailbox::Sign* missing_sign(std::span<const std::uint16_t> words, bool index_only) const;
    std::uint16_t shown(const Mailbox::Sign& sign, std::span<const std::uint16_t> words) const;
    void take(std::span<const std::uint16_t> words, Asker& asker, SteadyTime now, Attempt& attempt);
    void go_on(SteadyTime now, Attempt& attempt);
    enum class Device : std::uint8_t { refused, may_be_at_work };
    void fail_turn(Asker& asker, SteadyTime now, Attempt& attempt, Device device, const std::string& why);
    void fail_poll(Asker& asker, SteadyTime now, Attempt& attempt, const std::string& why);
    void make_unknown(Asker& asker, Attempt& attempt) const;

    UnitLimits limits_;
    std::uint8_t unit_;
    std::vector<Turn> turns_;
    ReadPlan look_;
    ReadPlan window_;
    bool in_one_ = false;  // the look holds the window too
    std::vector<std::uint16_t> words_;
    // Of the poll under way:
    Step step_ = Step::probe;
    std::size_t turn_ = 0;
    bool alive_ = false;
    std::string_view interruption_{};  // what was asked for can no longer be waited for
    bool asked_again_ = false;
    bool shown_before_ = false;  // before it was asked for
    std::string doubt_;          // why the request's acknowledgement is missing
    bool looked_ = false;
    SteadyTime ready_by_{};
    SteadyTime due_{};
    SteadyTime quiet_until_{};  // the device may still be at work on what was asked for last
};

}  // namespace sitepower::modbus
