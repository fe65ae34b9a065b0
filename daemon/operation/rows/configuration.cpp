// The configuration files: would they do, and take them into force.
#include "daemon/operation/rows/rows.hpp"

namespace sitepower {
namespace {

Json describe(const std::vector<ConfigurationProblem>& problems) {
    Json list = Json::array();
    for (const auto& problem : problems) {
        list.push_back({{"file", problem.file},
                        {"line", problem.line},
                        {"column", problem.column},
                        {"key", problem.key},
                        {"problem", problem.message}});
    }
    return list;
}

Json describe(const ConfigurationVerdict& verdict) {
    return {{"accepted", verdict.accepted},
            {"applied", verdict.applied},
            {"changes", verdict.changes},
            {"problems", describe(verdict.problems)}};
}

void check(Request, Context& context, Reply reply) {
    context.check_configuration(
        [reply = std::move(reply)](ConfigurationVerdict verdict) mutable { reply(describe(verdict)); });
}

// A refused reload is a failure, so that `systemctl reload` fails with it; nothing has changed then.
void reload(Request, Context& context, Reply reply) {
    context.reload([reply = std::move(reply)](ConfigurationVerdict verdict) mutable {
        if (verdict.accepted) {
            reply(describe(verdict));
        } else {
            reply(Failure{ErrorCode::validation_error,
                          "the configuration is refused, and the old one stays in force",
                          describe(verdict.problems)});
        }
    });
}

std::vector<Field> verdict_fields() {
    return {{"accepted", "boolean", "", "no problem was found"},
            {"applied", "boolean", "", "it is in force now"},
            {"changes[]", "text", "", "what differs from the configuration in force before"},
            {"problems[].file", "text", "", "configuration or profile file"},
            {"problems[].line", "integer", "", "from 1; 0 for the file as a whole"},
            {"problems[].column", "integer", "", "from 1"},
            {"problems[].key", "text", "", "the key"},
            {"problems[].problem", "text", "", "what is wrong, and what may stand there"}};
}

}  // namespace

std::vector<Operation> configuration_rows() {
    return {{.name = "config.check",
             .path = "/api/v1/config/check",
             .role = Role::admin,
             .summary = "Read the configuration files and say whether a reload would accept them",
             .result = verdict_fields(),
             .handler = check},
            {.name = "config.reload",
             .method = Method::post,
             .path = "/api/v1/config/reload",
             .role = Role::admin,
             .summary = "Take the configuration files into force, whole or not at all, and say which",
             .result = verdict_fields(),
             .handler = reload}};
}

}  // namespace sitepower
