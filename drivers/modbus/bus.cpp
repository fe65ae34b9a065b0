#include "drivers/modbus/bus.hpp"

#include "drivers/modbus/worker.hpp"

namespace sitepower::modbus {

Bus::Bus(BusSettings settings, std::vector<UnitPlan> units, BusSink& sink)
    : Bus(std::move(settings), std::move(units), sink, make_link) {}

Bus::Bus(BusSettings settings, std::vector<UnitPlan> units, BusSink& sink, const LinkMaker& maker)
    : worker_(std::make_unique<Worker>(std::move(settings), std::move(units), sink, maker)) {}

Bus::~Bus() {
    stop();
}

void Bus::start() {
    worker_->start();
}

void Bus::stop() {
    worker_->stop();
}

bool Bus::order(WriteOrder order) {
    return worker_->order(std::move(order));
}

const BusSettings& Bus::settings() const {
    return worker_->settings();
}

BusCounters Bus::counters() const {
    return worker_->counters();
}

UnitCounters Bus::counters(DeviceIndex device) const {
    return worker_->counters(device);
}

Duration Bus::since_progress() const {
    return worker_->since_progress();
}

Duration Bus::progress_limit() const {
    return worker_->progress_limit();
}

}  // namespace sitepower::modbus
