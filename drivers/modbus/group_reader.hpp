// Reads one poll group of one unit: asks its requests in turn, decodes the answers into a frame, and learns
// which parts of the map the device refuses. Owned by a bus's worker; the requests and decode tables are made
// beforehand, so that a poll allocates nothing but its frame.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/base/frame.hpp"
#include "drivers/modbus/decode.hpp"
#include "drivers/modbus/far_factors.hpp"
#include "drivers/modbus/link.hpp"
#include "drivers/modbus/planner.hpp"
#include "drivers/modbus/steady_time.hpp"

namespace sitepower::modbus {

// What a request is for. In the order in which a poll asks them.
enum class ReadPurpose : std::uint8_t { factors_before, values, factors_after };

// One request with all that is needed to ask it and to understand its answer.
struct ReadPlan {
    ReadBlock block{};
    ReadPurpose purpose = ReadPurpose::values;
    Question question{};
    std::uint16_t longest = 0;             // how many words may be read from its address at most
    std::vector<PointDecoder> decoders{};  // of block.points
    bool refused_once = false;             // at a time when that could not be believed
    SteadyTime retry_at{};                 // refused by the device: not asked again before
    SteadySpan retry_after{};              // zero: not refused
    // Its answer makes the device show something else at the same place: asked as it stands or not at all.
    bool moves_on = false;

    bool is_refused() const { return retry_after != SteadySpan::zero(); }
};

// How a reader gets at the line. Implemented by the bus's worker, and by tests.
class Asker {
  public:
    virtual ~Asker() = default;

    struct Reply {
        Answer answer{};
        std::span<const std::uint16_t> words{};  // valid until the next ask
        SteadyTime postponed_to{};               // when the answer is `postponed`
        // Something else came too: an answer given before may have been another question's. Never over TCP.
        bool more_came = false;
    };
    // May change plan.longest, when the device does not let the read be longer, and plan.refused_once.
    virtual Reply ask(ReadPlan& plan) = 0;
    // Writes once, over a connection on which something was read before; then the unit is left alone for
    // `settle`. Most only read.
    virtual Reply write(const WriteRequest& /*request*/, Duration /*settle*/) {
        return {.answer = {.kind = AnswerKind::refused, .detail = "here nothing is written"}};
    }
    // Sets the frame's time and whether the clock is right.
    virtual void stamp(Frame& frame) = 0;
};

// What came of trying to read a group.
struct Attempt {
    std::shared_ptr<Frame> frame{};  // null when nothing was read
    bool asked = false;              // something was asked at all
    bool alive = false;              // the unit itself answered something
    // The first request that failed, refusals that were halved aside.
    std::optional<Question> failed_question{};
    Answer failure{};
    // Why there is nothing to know, where no request alone says it; also beside a frame that says the same
    // of each point. Such a failure is not worth another try.
    std::string problem{};
    // What the unit holds may not be what the points were made from; then there is no frame.
    bool map_changed = false;
    // It is not over: its next request may not be asked before then. Read again, it goes on there.
    std::optional<SteadyTime> postponed_to{};
};

// What reads a poll group, when it is due. One of a bus's entries; belongs to its worker.
class PollReader {
  public:
    PollReader() = default;
    virtual ~PollReader() = default;
    PollReader(const PollReader&) = delete;
    PollReader& operator=(const PollReader&) = delete;

    virtual const Layout& layout() const = 0;  // its period is that of the poll
    virtual Attempt read(Asker& asker, SteadyTime now) = 0;
    // Another device may be at the other end: what was read of a poll that waits is no part of the next.
    virtual void forget() = 0;
    // A poll waits to be gone on with.
    virtual bool under_way() const = 0;
};

class GroupReader final : public PollReader {
  public:
    // Throws std::invalid_argument when a point does not fit the unit's limits.
    GroupReader(const UnitPlan& unit, const PollGroup& group);

    const Layout& layout() const override { return *layout_; }

    // A factor that stands too far from its value for one request, or that the device gives only without what
    // lies between them, is read before and after it; where it has changed meanwhile, the point is
    // comm_error.
    //
    // Ends early at a second request without an answer (at the first, when nothing was answered before).
    // Points that failed while others were read are comm_error, refused ones not_implemented.
    //
    // A block that the device refuses (exceptions 0x02 and 0x03) is halved until what remains is read or is
    // a single span; that one is left out and tried again after 10 min, doubling to a day. Once the poll is
    // over the rest is planned anew around what was refused, in as few requests as can be. When all of the
    // group is refused the device is probably not ready: nothing is remembered, and the whole group is tried
    // again after 10 s, doubling to 10 min.
    //
    // The unit's headers of the group's points are read in the answer that brings the points nearest to them,
    // after all others. When one differs or is refused nothing of the poll is used; when one could not be
    // read, nothing behind it is.
    //
    // When a request has to wait (quarantine.hpp), the attempt says until when, and the next call goes on
    // with it: begun anew, the requests before it would put it in doubt again, for ever. A call that comes
    // much later than it might begins anew.
    Attempt read(Asker& asker, SteadyTime now) override;
    void forget() override { waiting_.reset(); }
    bool under_way() const override { return waiting_.has_value(); }

    std::size_t requests() const { return plans_.size(); }

  private:
    enum class Next : std::uint8_t { go_on, same_place, stop };

    void add_header(const MapHeader& header);
    bool holds_header(const ReadBlock& block) const;
    // False: one differs.
    bool check_headers(Attempt& attempt) const;
    void drop_behind(const MapHeader& header, Frame& frame) const;
    ReadPlan plan_for(ReadBlock block, ReadPurpose purpose = ReadPurpose::values) const;
    void plan_whole();
    void take_factors_apart();
    void make_plans();
    void sort_plans();
    void plan_around_refusals();
    Attempt begin(SteadyTime now);
    Next handle(std::size_t index, Asker& asker, SteadyTime now, Attempt& attempt);
    Next handle_failure(std::size_t index, Asker& asker, const Asker::Reply& reply, SteadyTime now,
                        Attempt& attempt);
    // Whether the device gives the one point of the block and its factor, which it refuses together.
    bool stands_apart(const ReadBlock& block, Asker& asker) const;
    bool halve(std::size_t index);
    void take(const ReadPlan& plan, std::span<const std::uint16_t> words, Asker& asker, Attempt& attempt);
    void take_values(const ReadPlan& plan, std::span<const std::uint16_t> words, Frame& frame) const;
    void drop_uncertain(Frame& frame) const;
    void mark_refused(Frame& frame) const;
    void remember_refusal(ReadPlan& plan, const Answer& answer, SteadyTime now);
    void rest(SteadyTime now);

    std::shared_ptr<const Layout> layout_;
    PollGroup group_;
    FarFactors far_factors_;
    std::set<std::uint32_t> apart_;      // points that are refused together with their factor
    std::vector<RegisterPoint> points_;  // without their far factors; then the headers
    std::vector<MapHeader> headers_;
    UnitLimits limits_;
    std::uint8_t unit_;
    std::vector<ReadBlock> whole_;  // the plan as if nothing were refused
    std::vector<ReadPlan> plans_;
    SteadyTime rest_until_{};  // all was refused: nothing is asked before
    SteadySpan rest_{};
    Question refused_question_;
    Answer refusal_;
    struct Waiting {
        Attempt attempt;
        std::size_t next = 0;  // in plans_
        SteadyTime until{};
    };
    std::optional<Waiting> waiting_;
    // Of the attempt under way:
    std::size_t next_ = 0;
    int halvings_left_ = 0;
    int silent_ = 0;
    int answered_ = 0;
    bool refusals_changed_ = false;
    bool factors_changed_ = false;
};

}  // namespace sitepower::modbus
