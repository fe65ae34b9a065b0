// The publisher's thread: waits on the socket and on the queues from the loop thread, dials, and runs one
// session per connection. Owned by Publisher; what other threads may call is marked.
#pragma once

#include <poll.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "daemon/loop/mailbox.hpp"
#include "daemon/publish/dialer.hpp"
#include "daemon/publish/publisher.hpp"
#include "daemon/publish/publisher_tally.hpp"
#include "daemon/publish/reconnect_plan.hpp"
#include "daemon/publish/retained_messages.hpp"
#include "daemon/publish/session.hpp"
#include "daemon/publish/status_messages.hpp"

namespace sitepower {

class Publisher::Worker {
  public:
    Worker(PublisherSettings settings, std::string site, std::uint64_t epoch_bits,
           PublisherObserver& observer, std::uint64_t status_seq);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // Loop thread.
    void start();
    void stop(Duration at_most);
    std::uint64_t status_seq() const { return status_.seq(); }  // after stop()
    bool publish(std::shared_ptr<const Message> message);
    bool backlog(std::vector<std::shared_ptr<const Message>> batch);
    void reply(const MqttRequest& request, std::string payload);

    // Any thread.
    ConnectionState connection() const;
    PublisherCounters counters() const { return tally_.read(); }
    Duration since_progress() const;

  private:
    using LiveMessage = std::shared_ptr<const Message>;
    struct BacklogCommand {
        std::vector<LiveMessage> messages;
    };
    struct ReplyCommand {
        MqttRequest request;
        std::string payload;
    };
    // A retained message travels here, so that it is not lost when live ones fill their queue.
    using Command = std::variant<LiveMessage, BacklogCommand, ReplyCommand>;

    void run();
    bool is_finished(Steady now);
    void wait(Steady now);
    void take_commands(Steady now);
    void obey(LiveMessage& message, Steady now);
    void obey(BacklogCommand& command, Steady now);
    void obey(ReplyCommand& command, Steady now);
    void take_live();
    void drive(Now now);
    void dial(Now now);
    void begin_session(MqttConnection& connection, Now now);
    void run_session(MqttConnection& connection, Now now);
    void connection_ended(const ConnectionEnd& end, Steady now);
    void tell(const ConnectionState& state);
    Steady next_due(Steady now);
    std::string address() const;

    const PublisherSettings settings_;
    const std::string site_;
    const std::string root_;
    PublisherObserver& observer_;
    PublisherTally tally_;

    Mailbox<LiveMessage> live_mailbox_;
    Mailbox<Command> commands_mailbox_;
    std::atomic<bool> connected_{false};
    std::atomic<bool> first_attempt_{false};  // under way: live messages wait for its outcome
    std::atomic<bool> left_behind_{false};
    std::atomic<Steady::rep> stop_by_{0};  // of the steady clock; 0: not asked to stop
    std::atomic<Steady::rep> progress_{0};
    mutable std::mutex state_mutex_;
    ConnectionState state_;  // guarded by state_mutex_

    // The publisher's thread only.
    StatusMessages status_;
    RetainedMessages retained_;
    std::optional<ReconnectPlan> plan_;
    Dialer dialer_;
    std::optional<Session> session_;
    Steady started_{};
    bool finishing_ = false;
    std::vector<LiveMessage> live_;
    std::vector<Command> commands_;
    std::vector<Acknowledgement> acknowledgements_;
    std::vector<ReceivedMessage> messages_;
    pollfd socket_poll_{};
    bool commands_wait_ = true;  // in their mailboxes, as far as is known
    bool live_waits_ = true;
    Steady gather_until_{};  // acknowledgements that come before are read together

    std::thread thread_;
};

}  // namespace sitepower
