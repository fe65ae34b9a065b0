// The table of journal messages: one row per kind of line that the daemon says on its own account. The
// systemd catalogue (systemd/sitepower.catalog) and docs/journal.md are made from it and kept equal by a
// test.
#pragma once

#include <array>

#include "daemon/journal/journal.hpp"

namespace sitepower::journal {

inline constexpr Kind started{"started", "20976cf8aafe73911e016148a47b66b4", Priority::notice,
                              "sitepowerd has started",
                              "Nothing to do. VERSION, SITE and EPOCH say what is running."};
inline constexpr Kind stopping{"stopping", "6038e6442f7dce08c53a8006b21a164d", Priority::notice,
                               "sitepowerd is stopping",
                               "Nothing to do, when it was asked to. What waited has been committed; it is "
                               "delivered after the next start."};
inline constexpr Kind configuration_refused{"configuration_refused", "4381486385f644a30f0fbf4c5bb9b150",
                                            Priority::error, "The configuration was refused",
                                            "Run 'sitepowerd check'; each error names file, line and key. On "
                                            "a reload the previous configuration stays in force."};
inline constexpr Kind configuration_applied{
    "configuration_applied", "8b1a8329046717366d213e42fdfb4528", Priority::notice,
    "A changed configuration is in force",
    "Nothing to do. CHANGED lists the parts that were exchanged; the others were not interrupted."};
inline constexpr Kind configuration_unchanged{"configuration_unchanged", "7c885869315c6f5c4a5753759e24d295",
                                              Priority::info, "A reload found nothing changed",
                                              "Nothing to do."};
inline constexpr Kind device_offline{
    "device_offline", "f823e223e0fb202a213b190d7018b48a", Priority::warning, "A device stopped answering",
    "Check power, cable, address and unit of DEVICE; REASON holds the bus's last words."};
inline constexpr Kind device_online{"device_online", "d9b96d5013bb9b69c590b3dc99855894", Priority::notice,
                                    "A device answers", "Nothing to do."};
inline constexpr Kind sunspec_found{
    "sunspec_found", "5f0e0b7c1a7d4c0e9a3b6d2f8c415e97", Priority::notice,
    "A SunSpec device told what it holds",
    "Nothing to do, unless the message says that DEVICE does not conform: then only the models before the "
    "fault are read; ask its vendor for a firmware, or write a profile for it."};
inline constexpr Kind sunspec_trouble{
    "sunspec_trouble", "c2d3a9e45b684f1f8d70a1b6e3c9f205", Priority::error,
    "What a SunSpec device told cannot be kept",
    "Check that the store's directory can be written; until then DEVICE is not polled."};
inline constexpr Kind forecast_trouble{
    "forecast_trouble", "5d1f0b7c2e9a4c36a8e47d90b1c3f265", Priority::warning,
    "Something of the forecasts did not work",
    "The line says what; forecasts go on from what there is. See 'sitepowerctl models'."};
inline constexpr Kind metric_refused{
    "metric_refused", "e0b7a41d92f84c5aa6d3187c5be2490f", Priority::warning,
    "A published metric is of no use",
    "Correct who publishes METRIC; told once for each connection and metric, the others are counted."};
inline constexpr Kind price_trouble{
    "price_trouble", "3c8e1f5ab7d24960a9e05b7f4c26d813", Priority::warning, "A price series has no news",
    "Correct the source of SERIES; the line says what is wrong with it. Told once for each cause, and at "
    "most "
    "once a minute. Plans go on with what is known until 'price_stale' says that it is too old."};
inline constexpr Kind bid_refused{
    "bid_refused", "9b6d4c81e07f4d2fb35a60c2d19e784b", Priority::warning, "A published bid is no bid",
    "Correct who publishes it; the line says what is wrong. Told at most once a minute for each class."};
inline constexpr Kind alert_triggered{
    "alert_triggered", "6ac914fc557c777c2aabd930170c7f03", Priority::warning, "An alert was raised",
    "Of critical alerts with priority 2. See 'sitepowerctl alerts'; acknowledge it with 'sitepowerctl alert "
    "ack ID' when somebody is on it."};
inline constexpr Kind alert_acknowledged{"alert_acknowledged", "2d3f9b3f273b4c3c92ca2e63770bbf3b",
                                         Priority::notice, "Somebody is on an alert",
                                         "Nothing to do: the line names the person and the note."};
inline constexpr Kind alert_resolved{"alert_resolved", "727e4902e8838a7c5d7aa9e0580c8170", Priority::notice,
                                     "An alert was resolved", "Nothing to do."};
inline constexpr Kind broker_connected{"broker_connected", "7bb54e7983cea9a47ccd0b9765401c57",
                                       Priority::notice, "The broker is connected",
                                       "Nothing to do. With PROTOCOL=3.1.1 the broker cannot tell that its "
                                       "access list discards a message: check its access list once."};
inline constexpr Kind broker_lost{
    "broker_lost", "250b828554d7ca1c6e519a4ca1d6f8b2", Priority::warning, "The broker is not connected",
    "Readings are kept and delivered later. REASON says why; check address, credentials and certificates."};
inline constexpr Kind broker_refused_message{
    "broker_refused_message", "d703b8f1bd30d91933532d6ff5aec66f", Priority::error,
    "The broker refused a message",
    "Check that the broker's access list lets the box publish below its root. The message with that ID is "
    "kept and sent again after the next connect."};
inline constexpr Kind broker_session_taken_over{
    "broker_session_taken_over", "c44f891f305e0b8d75f518cfdc70e54e", Priority::critical,
    "Another client uses our MQTT client id",
    "Two boxes must not share a client id or a copied disk: give each its own site id or client_id."};
inline constexpr Kind store_set_aside{
    "store_set_aside", "d9ec06f251f9f2e28294de46a5d858a7", Priority::critical,
    "A damaged database was set aside",
    "Readings go on into a fresh database; what was undelivered was salvaged as far as it could be read. "
    "Check the disk; PATH holds the damaged file."};
inline constexpr Kind store_trouble{"store_trouble", "ec99d660aed7894d233d24eae979a760", Priority::critical,
                                    "The store cannot write",
                                    "Free space or check the disk that holds PATH. Readings wait in memory "
                                    "up to a limit and are still published live."};
inline constexpr Kind store_recovered{"store_recovered", "6308dafc0a2c43db23eea93934b4f72a", Priority::notice,
                                      "The store writes again", "Nothing to do."};
inline constexpr Kind rows_not_kept{
    "rows_not_kept", "b1f6e0c95a0d4f7e8a2c64d3790e5b18", Priority::error,
    "Rows were lost because the store could not write until the end",
    "Free space or check the disk that holds PATH before the next start. What had been published live has "
    "arrived; changes that people were told of are refused while the store cannot write."};
inline constexpr Kind readings_given_up{
    "readings_given_up", "0a394eb6d934b2f08af15048c8432c19", Priority::error,
    "Undelivered readings were given up",
    "The store reached its size limit, or filled its disk, while the broker was away: raise "
    "store.max_size_mib, give the disk more room, or bring the broker back. Where the line speaks of "
    "damage, check the disk."};
inline constexpr Kind readings_refused{"readings_refused", "0f7a40588d885da5f5fca03eef7ac2e2",
                                       Priority::error, "Readings were refused at a queue's limit",
                                       "The machine is overloaded or the disk hangs: check load and disk."};
inline constexpr Kind watchdog_withheld{
    "watchdog_withheld", "688a028fdb8e4d93f19ce5c8bad75f70", Priority::critical, "A part of sitepowerd hangs",
    "systemd will restart the service. PART names what did not report within its limit; please report it."};
inline constexpr Kind internal_trouble{"internal_trouble", "25e828250e1919d31d105cb983f68b02",
                                       Priority::error, "Something failed inside sitepowerd",
                                       "Please report it with the lines around this one."};

// All of them, for the catalogue and the reference page.
inline constexpr std::array kinds{&started,
                                  &stopping,
                                  &configuration_refused,
                                  &configuration_applied,
                                  &configuration_unchanged,
                                  &device_offline,
                                  &device_online,
                                  &sunspec_found,
                                  &sunspec_trouble,
                                  &forecast_trouble,
                                  &metric_refused,
                                  &price_trouble,
                                  &bid_refused,
                                  &alert_triggered,
                                  &alert_acknowledged,
                                  &alert_resolved,
                                  &broker_connected,
                                  &broker_lost,
                                  &broker_refused_message,
                                  &broker_session_taken_over,
                                  &store_set_aside,
                                  &store_trouble,
                                  &store_recovered,
                                  &rows_not_kept,
                                  &readings_given_up,
                                  &readings_refused,
                                  &watchdog_withheld,
                                  &internal_trouble};

}  // namespace sitepower::journal
