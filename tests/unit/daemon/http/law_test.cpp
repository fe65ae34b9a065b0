// Anything that a client may send, whole, in pieces or broken off: the answer is an envelope or a closed
// connection, and the next client is served.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/daemon/http/http_client.hpp"

namespace sitepower::law_test {
namespace {

class HttpLaw : public HttpTest {
  protected:
    void SetUp() override {
        context_.queries_run_at_once = true;
        HttpSettings settings;
        settings.limits.requests_per_second = 1e9;
        settings.limits.request_burst = 1e9;
        start(settings);
    }
    std::string any_request() {
        static const std::vector<std::string> targets{"/health",
                                                      "/api/v1/batteries?limit=2",
                                                      "/api/v1/alerts/A-low",
                                                      "/api/v1/nothing",
                                                      "/api/v1/history?point=ups-1%2Fload_kw",
                                                      "/%00",
                                                      "/api/v1/batteries?=&&=x&limit",
                                                      "/api/v1/alerts/%ff%fe",
                                                      "//",
                                                      "/api/v1/alerts/A-low/acknowledge"};
        static const std::vector<std::string> bodies{
            "", "{}", "{\"note\": \"x\"}", "[", "{\"note\": \"\xff\"}", "null", "{\"limit\": 1e999}"};
        const auto& target = targets[random_() % targets.size()];
        return random_() % 2 ? get(target) : post(target, bodies[random_() % bodies.size()]);
    }
    std::string spoilt(std::string request) {
        for (auto edits = random_() % 3; edits > 0; --edits) {
            const auto at = random_() % request.size();
            switch (random_() % 4) {
                case 0:
                    request[at] = static_cast<char>(random_());
                    break;
                case 1:
                    request.erase(at, 1 + random_() % 8);
                    break;
                case 2:
                    request.insert(at, 1 + random_() % 4, "\r\n :/%\0{"[random_() % 8]);
                    break;
                default:
                    request.resize(at + 1);
                    break;  // broken off
            }
            if (request.empty()) request = "x";
        }
        return request;
    }
    void expect_served() {
        Client client(path_);
        exchange(client, get("/health"));
        ASSERT_EQ(client.status(), 200) << client.text();
    }
    static void expect_envelope(const Client& client) {
        const auto head_end = client.text().find("\r\n\r\n");
        if (client.text().empty()) return;  // closed without a word
        ASSERT_NE(head_end, std::string::npos) << client.text();
        // What never became a request is answered by the library itself, in its own words.
        if (client.header("Content-Type") != "application/json") {
            EXPECT_GE(client.status(), 400) << client.text();
            return;
        }
        const auto body = Json::parse(client.text().substr(head_end + 4), nullptr, false);
        ASSERT_TRUE(body.is_object()) << client.text();
        EXPECT_NE(body.contains("data"), body.contains("error"));
        EXPECT_TRUE(body.contains("meta"));
        EXPECT_EQ(client.status() == 200, body.contains("data"));
    }

    std::mt19937 random_{1};
};

TEST_F(HttpLaw, AnyRequestIsAnsweredOrItsConnectionIsClosed) {
    for (int run = 0; run < 400; ++run) {
        const auto request = spoilt(any_request());
        {
            Client client(path_);
            client.send(request);
            for (int turns = 0; turns < 3; ++turns) {
                turn();
                client.receive();
            }
            if (client.complete()) expect_envelope(client);
        }
        if (run % 20 == 0) expect_served();
        if (HasFatalFailure()) return;
    }
    expect_served();
}

TEST_F(HttpLaw, ARequestInPiecesIsTheSameRequest) {
    for (int run = 0; run < 40; ++run) {
        const auto request = any_request();
        if (request.find("acknowledge") != std::string::npos) continue;  // done once, it is a conflict
        Client whole(path_);
        exchange(whole, request);
        Client pieces(path_);
        for (std::size_t at = 0; at < request.size();) {
            const auto size = 1 + random_() % 20;
            pieces.send(std::string_view(request).substr(at, size));
            at += size;
            if (random_() % 4 == 0) turn();
        }
        finish(pieces);
        EXPECT_EQ(pieces.status(), whole.status()) << request;
        expect_envelope(pieces);
    }
}

TEST_F(HttpLaw, ClientsThatLeaveAtAnyMomentLeaveNothingBehind) {
    for (int run = 0; run < 200; ++run) {
        const auto request = any_request();
        Client client(path_);
        client.send(std::string_view(request).substr(0, random_() % request.size()));
        if (random_() % 2) turn();
    }
    EXPECT_TRUE(turn_until([&] { return server_->connections() == 0; })) << server_->connections();
    expect_served();
}

}  // namespace
}  // namespace sitepower::law_test
