// Broker, store and alerts.
#include "daemon/config/addresses.hpp"
#include "daemon/config/tables.hpp"

namespace sitepower::config {

using schema::Diagnostics;
using schema::Format;
using schema::Range;
using schema::Table;

namespace {

bool is_topic_prefix(std::string_view text) {
    return text.find_first_of("+#") == std::string_view::npos && !text.starts_with('/') &&
           !text.ends_with('/') && !text.starts_with('$') && text.find("//") == std::string_view::npos;
}

bool is_credential_name(std::string_view text) {
    return text.find('/') == std::string_view::npos && text != "." && text != "..";
}

schema::Rule credential() {
    return {.valid = is_credential_name, .expected = "the name of a systemd credential"};
}

Table<TlsSettings> tls_table() {
    return Table<TlsSettings>("tls", "Encryption towards the broker.")
        .key("enabled", &TlsSettings::enabled, {}, "Speak TLS.")
        .key(
            "ca_file", &TlsSettings::ca_file, {.format = Format::path},
            "Certificates to trust; without it the system's. A check and a reload want the file to be there.")
        .key("certificate_file", &TlsSettings::certificate_file, {.format = Format::path},
             "Certificate of this client. Its key is the credential `key_credential`.")
        .key("verify_hostname", &TlsSettings::verify_hostname, {},
             "The broker's certificate must be for its host name.");
}

void check_broker(const BrokerEntry& broker, Diagnostics& diagnostics) {
    if (broker.enabled && broker.addresses.empty()) {
        diagnostics.add(broker.origins.of("addresses"),
                        "is missing: expected at least one \"host:port\", or enabled = false");
    }
    const auto& tls = broker.tls;
    if (!tls.enabled && (!tls.ca_file.empty() || !tls.certificate_file.empty())) {
        diagnostics.add(broker.origins.of("tls"), "names certificates, but tls.enabled is not true");
    }
    if (broker.reconnect_min > broker.reconnect_max) {
        diagnostics.add(broker.origins.of("reconnect_min_ms"), "must not be greater than reconnect_max_ms");
    }
}

}  // namespace

Table<BrokerEntry> broker_table() {
    return Table<BrokerEntry>("broker",
                              "The MQTT broker. Password and private key never stand in a file: they are "
                              "systemd credentials, "
                              "given in a drop-in of the unit such as `LoadCredential=broker-password:"
                              "/etc/sitepower/credentials/broker-password`. systemd reads them when it "
                              "starts the service: restart it after a change.")
        .origins(&BrokerEntry::origins)
        .key("enabled", &BrokerEntry::enabled, {},
             "Publish at all. While false nothing is kept for delivery: readings stay in the history only.")
        .key("addresses", &BrokerEntry::addresses,
             {.max_items = 16,
              .valid = is_host_and_port,
              .expected = "\"host:port\" (an IPv6 address in brackets)"},
             "Brokers as `host:port`, tried in turn.")
        .key("client_id", &BrokerEntry::client_id, {.format = Format::identifier},
             "Without it `sitepower-` and the site's id. No two clients of a broker may share one.")
        .key("user", &BrokerEntry::user, {}, "User name; without it no login.")
        .forbidden("password",
                   "passwords do not belong in this file: give it as the systemd credential "
                   "\"broker-password\", see LoadCredential= in systemd.exec(5)")
        .key("password_credential", &BrokerEntry::password_credential, credential(),
             "The systemd credential that holds the password.")
        .key("key_credential", &BrokerEntry::key_credential, credential(),
             "The systemd credential that holds the private key of `tls.certificate_file`.")
        .table("tls", &BrokerEntry::tls, tls_table(), {}, "Encryption.")
        .choice("version", &BrokerEntry::version,
                {{"automatic", MqttVersion::automatic}, {"5", MqttVersion::v5}, {"3.1.1", MqttVersion::v311}},
                "Version of MQTT; automatic tries 5 and goes back to 3.1.1 after a refusal.")
        .key("topic_prefix", &BrokerEntry::topic_prefix,
             {.valid = is_topic_prefix,
              .expected = "the beginning of a topic, without wildcards and outer slashes"},
             "Topics are this, the site's id and what is said.")
        .key("keepalive_s", &BrokerEntry::keepalive, {.range = Range{5, 3600}},
             "Keep-alive of the connection.")
        .key("reconnect_min_ms", &BrokerEntry::reconnect_min, {.range = Range{100, 60'000}},
             "First pause before connecting again; doubles, with jitter,")
        .key("reconnect_max_ms", &BrokerEntry::reconnect_max, {.range = Range{1000, 3'600'000}},
             "up to this pause.")
        .key("window", &BrokerEntry::window, {.range = Range{1, 65'535}},
             "Messages that may be sent and not yet acknowledged.")
        .key("queue", &BrokerEntry::queue, {.range = Range{100, 1'000'000}},
             "Live messages that may wait; beyond it they come later, as backlog.")
        .key("backlog_per_second", &BrokerEntry::backlog_per_second, {.range = Range{1, 1'000'000}},
             "How fast a backlog is sent, so that live messages stay first.")
        .check(check_broker);
}

Table<BrokerEntry> requests_table() {
    return Table<BrokerEntry>("requests", "Operations asked for over MQTT 5; only those that read.")
        .key("enabled", &BrokerEntry::requests_enabled, {}, "Answer them.")
        .key("per_minute", &BrokerEntry::requests_per_minute, {.range = Range{1, 10'000}},
             "Beyond it, requests are refused (RATE_LIMITED), one a second at most: the others get no "
             "answer.");
}

Table<StoreEntry> store_table() {
    return Table<StoreEntry>("store",
                             "The database on this box, which keeps everything until it is delivered.")
        .key("directory", &StoreEntry::directory, {.format = Format::path}, "Where it lies.")
        .key("commit_interval_ms", &StoreEntry::commit_interval, {.range = Range{100, 60'000}},
             "Readings are written this often: longer spares the flash, and a power cut loses at most so "
             "much.")
        .key("keep_frames_days", &StoreEntry::keep_frames, {.range = Range{1, 3650}},
             "Raw readings are kept so long. This and the ages below count while the clock is synchronised; "
             "without "
             "one only max_size_mib and keep_records limit what is kept.")
        .key("keep_minutes_days", &StoreEntry::keep_minutes, {.range = Range{1, 36'500}},
             "Minute values are kept so long.")
        .key("keep_quarters_days", &StoreEntry::keep_quarters, {.range = Range{1, 36'500}},
             "Quarter-hour values are kept so long.")
        .key("keep_records", &StoreEntry::keep_records, {.range = Range{1000, 10'000'000}},
             "So many resolved alerts, ended maintenance windows, audit rows, plans and jobs are kept, of "
             "each, and "
             "ten times as many prices, whatever the clock says; those from before keep_quarters_days go "
             "earlier, plans after keep_minutes_days.")
        .key("keep_series_days", &StoreEntry::keep_series, {.range = Range{60, 36'500}},
             "Steps of series, and forecasts with what came, are kept so long.")
        .key("max_size_mib", &StoreEntry::max_size_mib, {.range = Range{64, 1'048'576}},
             "The database's limit: raw readings go first, what is not yet delivered goes last.")
        .key("queue", &StoreEntry::queue, {.range = Range{1000, 10'000'000}},
             "Rows that may wait to be written.");
}

Table<AlertEntry> alert_table() {
    return Table<AlertEntry>("alert rule",
                             "NAME is a rule of the catalogue of alerts. What is left out stays as in the "
                             "catalogue.")
        .origins(&AlertEntry::origins)
        .key("enabled", &AlertEntry::enabled, {}, "Raise this alert at all.")
        .key("warning", &AlertEntry::warning, {}, "Threshold of a warning, in the unit of the rule.")
        .key("critical", &AlertEntry::critical, {}, "Threshold of a critical alert.")
        .key("hysteresis", &AlertEntry::hysteresis, {.range = Range{0, 1e6}},
             "How far the value must come back before the alert is cleared.")
        .key(
            "delay_s", &AlertEntry::delay, {.range = Range{0, 604'800}},
            "How long the condition must hold before the alert is raised, and be over before it is cleared.");
}

}  // namespace sitepower::config
