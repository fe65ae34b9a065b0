#include "drivers/profile/load.hpp"

#include "drivers/profile/check.hpp"
#include "drivers/profile/sample.hpp"
#include "drivers/schema/document.hpp"

namespace sitepower {
namespace {

std::optional<Profile> read_profile(const schema::Node& document, std::size_t errors_before,
                                    schema::Diagnostics& diagnostics) {
    Profile profile = profile_table().read(document, diagnostics);
    if (!profile.timing.origins.has("late_window_ms")) {
        profile.timing.late_window = 2 * profile.timing.response_timeout;
    }
    if (diagnostics.total() == errors_before) check_profile(profile, diagnostics);
    if (diagnostics.total() == errors_before) run_samples(profile, diagnostics);
    if (diagnostics.total() != errors_before) return std::nullopt;
    return profile;
}

}  // namespace

std::optional<Profile> parse_profile(std::string_view text, std::string_view file,
                                     schema::Diagnostics& diagnostics) {
    const auto before = diagnostics.total();
    const auto document = schema::parse_document(text, file, diagnostics);
    if (!document) return std::nullopt;
    return read_profile(*document, before, diagnostics);
}

std::optional<Profile> load_profile(const std::string& path, schema::Diagnostics& diagnostics) {
    const auto before = diagnostics.total();
    const auto document = schema::read_document(path, diagnostics);
    if (!document) return std::nullopt;
    return read_profile(*document, before, diagnostics);
}

}  // namespace sitepower
