// Where numbers that were decided on are carried out, whatever the actuator is: through the command desk, or
// over MQTT with an acknowledgement in time. Owned by the app; loop thread.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "daemon/control/actuator.hpp"
#include "daemon/control/command_desk.hpp"
#include "daemon/operation/json.hpp"

namespace sitepower {

// What somebody answers to a command over MQTT: {"command_id": TEXT, "accepted": BOOLEAN, "reason": TEXT},
// the last one optional. An Error says what is wrong with it.
struct CommandAnswer {
    std::string command_id;
    bool accepted = false;
    std::string reason;
};
Result<CommandAnswer> parse_answer(const std::string& payload);

class ActuatorDesk {
  public:
    // Commands over MQTT that wait for their answer.
    static constexpr std::size_t capacity = 256;

    // Empty reason: it was carried out, or accepted by who is to do so.
    using Done = std::function<void(const std::string& why_not)>;

    struct Outlets {
        std::function<bool()> connected;  // to the broker
        std::function<void(const std::string& topic, const Json& body)> tell_event;
    };

    // `desk` must outlive it.
    ActuatorDesk(CommandDesk& desk, Outlets outlets) : desk_(desk), outlets_(std::move(outlets)) {}

    // `id` is that of the decision; `body` is what a command over MQTT holds beside it. `done` is called
    // once, later or at once; never for advice.
    void order(const Actuator& actuator, const std::string& id, double value, Json body, Time now, Done done);

    // Something has arrived at `topic`, below the root. False: it is of no actuator.
    bool answered(std::string_view topic, const std::string& payload);
    // Due every second: who does not answer in time has refused.
    void tick(Time now);

  private:
    struct Waiting {
        std::string topic;
        Time until;
        Done done;
    };
    void order_by_topic(const TopicActuator& actuator, const std::string& id, Json body, Time now, Done done);

    CommandDesk& desk_;
    Outlets outlets_;
    std::map<std::string, Waiting> waiting_;  // by the id of the command
};

}  // namespace sitepower
