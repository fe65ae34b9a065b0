#include "daemon/publish/publisher.hpp"

#include <utility>

#include "daemon/publish/worker.hpp"

namespace sitepower {
namespace {

// Above what libmosquitto's own look-up of a name may block when the name servers go away right after ours.
constexpr Duration longest_turn{45'000};

}  // namespace

Publisher::Publisher(PublisherSettings settings, std::string site, std::uint64_t epoch_bits,
                     PublisherObserver& observer, std::uint64_t status_seq)
    : worker_(
          std::make_unique<Worker>(std::move(settings), std::move(site), epoch_bits, observer, status_seq)) {}

Publisher::~Publisher() = default;

void Publisher::start() {
    worker_->start();
}

void Publisher::stop(Duration at_most) {
    worker_->stop(at_most);
}

std::uint64_t Publisher::status_seq() const {
    return worker_->status_seq();
}

bool Publisher::publish(std::shared_ptr<const Message> message) {
    return worker_->publish(std::move(message));
}

bool Publisher::backlog(std::vector<std::shared_ptr<const Message>> batch) {
    return worker_->backlog(std::move(batch));
}

void Publisher::reply(const MqttRequest& request, std::string payload) {
    worker_->reply(request, std::move(payload));
}

ConnectionState Publisher::connection() const {
    return worker_->connection();
}

PublisherCounters Publisher::counters() const {
    return worker_->counters();
}

Duration Publisher::since_progress() const {
    return worker_->since_progress();
}

Duration Publisher::progress_limit() const {
    return longest_turn;
}

}  // namespace sitepower
