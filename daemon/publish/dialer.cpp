#include "daemon/publish/dialer.hpp"

#include <algorithm>
#include <utility>

namespace sitepower {
namespace {

// Local addresses to bind to, one for each family that the name has, best first: libmosquitto looks the name
// up once more and takes the family of the address it binds to.
std::vector<std::string> local_addresses(const NameAnswer& answer) {
    std::vector<std::string> locals;
    for (const auto& address : answer.addresses) {
        const std::string local = address.family() == AF_INET6 ? "::" : "0.0.0.0";
        if (std::ranges::find(locals, local) == locals.end()) locals.push_back(local);
    }
    return locals;
}

}  // namespace

void Dialer::begin(const Attempt& attempt, Will will, Steady now) {
    attempt_ = attempt;
    will_ = std::move(will);
    deadline_ = now + settings_.connect_timeout;
    const auto& [host, port] = settings_.brokers[attempt.broker];
    if (numeric_address(host, port)) {
        local_addresses_ = {""};
        connect(now);
    } else {
        lookup_ = std::make_unique<NameLookup>(host, port);
    }
}

void Dialer::connect(Steady now) {
    const ConnectionTarget target{.address = settings_.brokers[attempt_.broker],
                                  .protocol_5 = attempt_.protocol_5,
                                  .client_id = client_id_,
                                  .local_address = std::exchange(local_addresses_.back(), {})};
    local_addresses_.pop_back();
    deadline_ = now + settings_.connect_timeout;
    connection_ = std::make_unique<MqttConnection>(settings_, target, will_);
}

std::optional<ConnectionEnd> Dialer::turn(Steady now) {
    if (lookup_) {
        const auto answer = lookup_->answer();
        if (!answer && now < deadline_) return std::nullopt;
        lookup_.reset();
        if (!answer)
            return ConnectionEnd{.kind = EndKind::failed, .reason = "the name servers do not answer"};
        if (answer->addresses.empty()) {
            return ConnectionEnd{.kind = EndKind::failed,
                                 .reason = "the name of the broker is not known: " + answer->reason};
        }
        const auto locals = local_addresses(*answer);
        local_addresses_.assign(locals.rbegin(), locals.rend());
        connect(now);
    }
    if (!connection_) return std::nullopt;
    if (!connection_->accepted() && now >= deadline_)
        connection_->give_up(EndKind::failed, "no answer within the time to connect");
    while (connection_->end()) {
        ConnectionEnd end = *connection_->end();
        connection_.reset();
        // Refused at the TCP level or silent: the broker may listen on the other family of addresses.
        if (end.kind != EndKind::failed || local_addresses_.empty()) return end;
        connect(now);
    }
    return std::nullopt;
}

void Dialer::drop() {
    lookup_.reset();
    connection_.reset();
}

}  // namespace sitepower
