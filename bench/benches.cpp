#include "bench/benches.hpp"

#include <array>

namespace sitepower::bench {

std::span<const Bench> benches() {
    static constexpr std::array<Bench, 14> all{{
        {"polling", "round trips per second against bare libmodbus, devices that answer after 2 and 20 ms",
         measure_polling},
        {"cpu", "processor time against the bare chain, 8 devices of 100 registers every millisecond",
         measure_cpu},
        {"latency", "from the device's answer to the subscriber against the bare chain", measure_latency},
        {"fleet", "216 jars behind 6 gateways every second, TLS on: processor, memory, threads, disk",
         measure_fleet},
        {"flatout", "register values per second when nothing waits, and the memory that takes",
         measure_flatout},
        {"outage", "a broker that is gone for a minute: polls, losses, order, drain", measure_outage},
        {"kills", "SIGKILL at twenty random moments, with and without a broker: what is missing",
         measure_kills},
        {"deadunit", "one dead unit behind a gateway with 36 others", measure_dead_unit},
        {"faults",
         "a million reads of misbehaving devices per kind of link: wrong values, recovery, neighbours",
         measure_faults},
        {"sqlite", "storing frames against plain SQLite: rate, processor, bytes", measure_sqlite},
        {"mqtt", "publishing frames against plain libmosquitto: rate, processor", measure_mqtt},
        {"dispatch",
         "battery schedules and power auctions: times beside COIN-OR CLP, 10 000 random problems, lies",
         measure_dispatch},
        {"plans", "an allocation, the plan carried out, and the full cycle, over the socket while polling",
         measure_plans},
        {"forecast", "series: fit, sample, forecast, a night of 200, and an answer while polling",
         measure_forecast},
    }};
    return all;
}

}  // namespace sitepower::bench
