// Asks an operation of a FakeContext and gives the answer back as JSON.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/operation/dispatcher.hpp"
#include "daemon/operation/table.hpp"
#include "tests/support/fake_context.hpp"

namespace sitepower {

// NOLINTNEXTLINE(bugprone-exception-escape): so says the linter of every type that holds a Json.
struct Asked {
    int status = 0;
    Json body;
};

using Texts = std::vector<std::pair<std::string, std::string>>;

inline const Caller admin{Role::admin, "root", "unix:uid=0"};
inline const Caller engineer{Role::engineer, "alice", "unix:uid=1000"};
inline const Caller viewer{Role::viewer, "bob", "unix:uid=1001"};

class Asking {
  public:
    Asked ask(std::string_view name, Texts texts = {}, const Caller& caller = admin) {
        Asked asked;
        RawParameters raw;
        raw.texts = std::move(texts);
        const auto* operation = find_operation(name);
        EXPECT_NE(operation, nullptr) << name;
        dispatcher.execute(*operation, raw, caller, [&](const Answer& answer) {
            asked.status = answer.http_status;
            asked.body = Json::parse(answer.body);
        });
        context.run_queries();
        EXPECT_NE(asked.status, 0) << name << " was not answered";
        return asked;
    }

    support::FakeContext context;
    Dispatcher dispatcher{context, 0xab};
};

}  // namespace sitepower
