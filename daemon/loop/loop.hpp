// The daemon's main loop over sd-event: timers, file descriptors, signals, and post() from other threads.
// Owned by the app; everything but post() and quit() is called from the loop's own thread. Nothing that
// blocks runs here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/base/time.hpp"
#include "daemon/loop/mailbox.hpp"

struct sd_event;
struct sd_event_source;

namespace sitepower {

// A registration in the loop; ends with its owner. Move-only.
class LoopSource {
  public:
    LoopSource() noexcept;
    ~LoopSource();
    LoopSource(LoopSource&& other) noexcept;
    LoopSource& operator=(LoopSource&& other) noexcept;

    explicit operator bool() const { return source_ != nullptr; }

    // Whether its callback is called at all; what happens meanwhile is told afterwards.
    void enable(bool enabled);
    // Of after(): once more, after `delay`.
    void arm(Duration delay);

  private:
    friend class Loop;
    struct Handler;
    LoopSource(sd_event_source* source, std::unique_ptr<Handler> handler);

    sd_event_source* source_ = nullptr;
    std::unique_ptr<Handler> handler_;
};

class Loop {
  public:
    using Callback = std::function<void()>;

    // Throws std::system_error when the kernel refuses (start-up only).
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    [[nodiscard]] LoopSource on_readable(int fd, Callback callback);
    // Every `period`, first after one period; each deadline is the previous deadline plus the period.
    [[nodiscard]] LoopSource every(Duration period, Callback callback);
    // Once, after `delay`. The source may be replaced by the next one to re-arm.
    [[nodiscard]] LoopSource after(Duration delay, Callback callback);
    // The signal must be blocked in all threads: call block_signals() before the first thread starts.
    [[nodiscard]] LoopSource on_signal(int signal, Callback callback);
    // Before each wait, after the callbacks of a turn: for work that is collected and done once per turn.
    [[nodiscard]] LoopSource each_turn(Callback callback);

    // Any thread: run `callback` on the loop. False at the limit (65536 waiting): the caller keeps or drops
    // its work.
    [[nodiscard]] bool post(Callback callback);

    // Runs until quit(); returns the code given to it.
    int run();
    // Runs what is due and returns; waits at most `at_most` for the first. For tests.
    void run_once(Duration at_most);
    void quit(int code);
    // Runs what has been posted, also when run() has ended: for the last words of threads that have stopped.
    void run_posted();

    // Blocks SIGTERM, SIGINT, SIGHUP for this thread and those it starts; ignores SIGPIPE.
    static void block_signals();

  private:
    sd_event* event_ = nullptr;
    Mailbox<Callback> posted_{65536};
    std::vector<Callback> running_;
    LoopSource posted_source_;
};

}  // namespace sitepower
