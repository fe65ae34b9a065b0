#include "bench/answers.hpp"

#include <algorithm>
#include <vector>

#include "bench/harness/failure.hpp"
#include "bench/harness/statistics.hpp"
#include "bench/harness/waiting.hpp"
#include "daemon/operation/table.hpp"

namespace sitepower::bench {
namespace {

// One user may ask 50 times a second.
constexpr Seconds between_questions{0.025};
constexpr int questions_a_round = 200;

}  // namespace

bool Asker::is_answered(const Question& question) {
    daemon_.expect_running();
    const auto said = ctl::ask(rig_.socket().string(), *find_operation(question.operation),
                               question.parameters, Duration{5000});
    refusal_ = said ? said->text : said.error().message;
    return said && said->http_status == 200;
}

AnswerTimes Asker::times(const Question& question, int rounds) {
    std::vector<double> p50;
    std::vector<double> p99;
    for (int round = 0; round < rounds; ++round) {
        std::vector<double> times_ms;
        for (int i = 0; i < questions_a_round; ++i) {
            const auto begin = SteadyClock::now();
            if (!is_answered(question))
                throw Failure(std::string(question.operation) + " was refused: " + refusal_);
            const Seconds taken = SteadyClock::now() - begin;
            times_ms.push_back(1e3 * taken.count());
            wait_for(between_questions - taken);
        }
        p50.push_back(percentile(times_ms, 0.5));
        p99.push_back(percentile(times_ms, 0.99));
    }
    return {.p50_ms = std::ranges::min(p50), .p99_ms = std::ranges::min(p99)};
}

}  // namespace sitepower::bench
