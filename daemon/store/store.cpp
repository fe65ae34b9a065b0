#include "daemon/store/store.hpp"

#include "daemon/store/opening.hpp"
#include "daemon/store/state_lock.hpp"
#include "daemon/store/writer.hpp"

namespace sitepower {

namespace {

// What the packing relies on: a frame of its layout's size in readings, a text in all else.
bool well_formed(const Row& row) {
    const auto* message_row = row.message();
    if (message_row == nullptr) return true;
    if (!message_row->message) return false;
    const auto* frame = std::get_if<FramePtr>(&message_row->message->body);
    if ((frame != nullptr) != (message_row->message->kind == MessageKind::readings)) return false;
    if (frame == nullptr) return true;
    if (!*frame || !(*frame)->layout) return false;
    const auto points = (*frame)->layout->points.size();
    return (*frame)->values.size() == points && (*frame)->quality.size() == points;
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(StoreSettings settings, StoreObserver& observer) {
    if (auto ready = prepare_directory(settings.directory); !ready) return ready.error();
    auto lock = StateLock::take(settings.directory);
    if (!lock) return lock.error();
    auto opened = open_database(settings, std::chrono::floor<Duration>(std::chrono::system_clock::now()));
    if (!opened) return opened.error();
    auto writer =
        std::make_unique<Writer>(std::move(*lock), std::move(settings), observer, std::move(*opened));
    return std::unique_ptr<Store>(new Store(std::move(writer)));
}

Store::Store(std::unique_ptr<Writer> writer) : writer_(std::move(writer)) {}

Store::~Store() = default;

const OpenReport& Store::report() const {
    return writer_->report();
}

std::string Store::path() const {
    return writer_->path();
}

void Store::start() {
    writer_->start();
}

Unkept Store::stop() {
    return writer_->stop();
}

bool Store::append(Row row) {
    return well_formed(row) && writer_->queue().append(std::move(row));
}

void Store::found_damaged(std::uint64_t replacements) {
    writer_->found_damaged(replacements);
}

std::uint64_t Store::replacements() const {
    return writer_->replacements();
}

void Store::delivered(std::span<const MessageKey> keys) {
    writer_->queue().delivered(keys);
}

void Store::commit_soon() {
    writer_->queue().ask();
}

StoreCounters Store::counters() const {
    return writer_->counters();
}

Duration Store::since_progress() const {
    return writer_->since_progress();
}

Duration Store::progress_limit() const {
    return writer_->progress_limit();
}

}  // namespace sitepower
