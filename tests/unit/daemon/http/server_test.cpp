#include "daemon/http/server.hpp"

#include <gmock/gmock.h>

#include <deque>

#include "tests/unit/daemon/http/http_client.hpp"

namespace sitepower::server_test {
namespace {

using testing::HasSubstr;

using HttpServerTest = HttpTest;

std::string code(const Client& client) {
    return client.json().at("error").at("code");
}

TEST_F(HttpServerTest, AnswersAnOperation) {
    start();
    Client client(path_);
    exchange(client, get("/api/v1/batteries?limit=1"));
    EXPECT_EQ(client.status(), 200);
    EXPECT_EQ(client.header("Content-Type"), "application/json");
    EXPECT_EQ(client.json()["data"]["items"].size(), 1U);
}

TEST_F(HttpServerTest, AnswersSeveralRequestsOnOneConnection) {
    start();
    Client client(path_);
    for (int i = 0; i < 3; ++i) {
        exchange(client, get("/health"));
        EXPECT_EQ(client.status(), 200);
        EXPECT_FALSE(client.closed());
    }
    EXPECT_EQ(server_->connections(), 1U);
}

TEST_F(HttpServerTest, AnswersLaterWhenTheWorkerIsDone) {
    start();
    Client waiting(path_);
    waiting.send(get("/api/v1/history?point=ups-1.load_kw"));
    EXPECT_TRUE(turn_until([&] { return context_.queries.size() == 1; }));
    Client other(path_);
    exchange(other, get("/health"));  // nobody waits for the worker but who asked it
    EXPECT_EQ(other.status(), 200);
    waiting.receive();
    EXPECT_EQ(waiting.text(), "");
    context_.run_queries();
    finish(waiting);
    EXPECT_EQ(waiting.status(), 200);
    EXPECT_EQ(waiting.json()["data"]["count"], 3);
}

TEST_F(HttpServerTest, SurvivesAClientThatDoesNotWaitForItsAnswer) {
    start();
    {
        Client impatient(path_);
        impatient.send(get("/api/v1/history?point=ups-1.load_kw"));
        EXPECT_TRUE(turn_until([&] { return context_.queries.size() == 1; }));
    }
    turn();
    context_.run_queries();
    EXPECT_TRUE(turn_until([&] { return server_->connections() == 0; }));
}

TEST_F(HttpServerTest, AnswersWhoStillWaitsWhenItStops) {
    start();
    Client waiting(path_);
    waiting.send(get("/api/v1/history?point=ups-1.load_kw"));
    EXPECT_TRUE(turn_until([&] { return context_.queries.size() == 1; }));
    server_.reset();
    waiting.receive();
    EXPECT_EQ(waiting.status(), 503);
    context_.run_queries();  // answers nobody, and touches nothing that is gone
}

TEST_F(HttpServerTest, TakesParametersFromPathQueryAndBody) {
    start();
    Client client(path_);
    exchange(client, post("/api/v1/alerts/A-low/acknowledge", R"({"note": "on my way"})"));
    EXPECT_EQ(client.status(), 200);
    EXPECT_EQ(client.json()["data"]["acknowledgment_note"], "on my way");
    exchange(client, get("/api/v1/points?device_id=ups-1&limit=1"));
    EXPECT_EQ(client.json()["data"]["total"], 3);
    exchange(client, post("/api/v1/maintenance?why=fans%20and%20filters", ""));
    EXPECT_EQ(client.json()["data"]["why"], "fans and filters");
}

TEST_F(HttpServerTest, RefusesWrongParametersOfAllKindsAtOnce) {
    start();
    Client client(path_);
    exchange(client, get("/api/v1/batteries?limit=x&skip=&status=ill&colour=red"));
    EXPECT_EQ(client.status(), 422);
    EXPECT_EQ(client.json()["error"]["details"].size(), 4U);
}

TEST_F(HttpServerTest, HintsAtTheNearestPath) {
    start();
    Client client(path_);
    exchange(client, get("/api/v1/batterys"));
    EXPECT_EQ(client.status(), 404);
    EXPECT_EQ(code(client), "NOT_FOUND");
    EXPECT_THAT(client.text(), HasSubstr("did you mean /api/v1/batteries?"));
}

TEST_F(HttpServerTest, NamesTheMethodsThatArePossible) {
    start();
    Client client(path_);
    exchange(client, "DELETE /api/v1/maintenance HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(client.status(), 405);
    EXPECT_EQ(client.header("Allow"), "GET, POST");
    EXPECT_EQ(code(client), "BAD_REQUEST");
}

TEST_F(HttpServerTest, RefusesBodiesThatAreNotJson) {
    start();
    Client client(path_);
    exchange(client, post("/api/v1/maintenance", "why=x", "application/x-www-form-urlencoded"));
    EXPECT_EQ(client.status(), 415);
    Client broken(path_);
    exchange(broken, post("/api/v1/maintenance", "{\"why\": "));
    EXPECT_EQ(broken.status(), 400);
    exchange(broken, post("/api/v1/maintenance", "[]", "APPLICATION/json; charset=utf-8"));
    EXPECT_EQ(broken.status(), 400);
}

TEST_F(HttpServerTest, RefusesAnAnnouncedBodyOverTheLimit) {
    start();
    Client client(path_);
    exchange(client,
             "POST /api/v1/maintenance HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
             "Content-Length: 1048577\r\n\r\n");
    EXPECT_EQ(client.status(), 413);
    EXPECT_EQ(code(client), "PAYLOAD_TOO_LARGE");
}

TEST_F(HttpServerTest, TakesABodyAtTheLimitAndRefusesALongerChunkedOne) {
    start();
    std::string body(1 << 20, ' ');
    body.replace(0, 12, R"({"why": "x"})");
    Client whole(path_);
    exchange(whole, post("/api/v1/maintenance", body));
    EXPECT_EQ(whole.status(), 200) << whole.text();
    Client chunked(path_);
    std::string request =
        "POST /api/v1/maintenance HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 17; ++i) request += "10000\r\n" + std::string(0x10000, ' ') + "\r\n";
    exchange(chunked, request + "0\r\n\r\n");
    EXPECT_EQ(chunked.status(), 413);
}

TEST_F(HttpServerTest, BoundsTheRequestLineAndTheHeaders) {
    start();
    Client line(path_);
    exchange(line, get("/api/v1/batteries?x=" + std::string(100'000, 'y')));
    EXPECT_TRUE(line.closed() || line.status() == 414 || line.status() == 431) << line.text();
    Client headers(path_);
    std::string request = "GET /health HTTP/1.1\r\nHost: x\r\n";
    for (int i = 0; i < 10'000; ++i) request += "X-" + std::to_string(i) + ": y\r\n";
    exchange(headers, request + "\r\n");
    EXPECT_TRUE(headers.closed() || headers.status() == 431 || headers.status() == 413) << headers.text();
}

TEST_F(HttpServerTest, ClosesWhoSendsNonsense) {
    start();
    Client client(path_);
    exchange(client, std::string("\x16\x03\x01\x02 hello\r\n\r\n\0\0\0", 17));
    EXPECT_TRUE(client.closed() || client.status() >= 400) << client.text();
}

TEST_F(HttpServerTest, LimitsTheRateOfOneUser) {
    HttpSettings settings;
    settings.limits.request_burst = 3;
    settings.limits.requests_per_second = 0.001;
    start(settings);
    Client client(path_);
    for (int i = 0; i < 3; ++i) {
        exchange(client, get("/health"));
        EXPECT_EQ(client.status(), 200);
    }
    exchange(client, get("/health"));
    EXPECT_EQ(client.status(), 429);
    EXPECT_EQ(code(client), "RATE_LIMITED");
}

TEST_F(HttpServerTest, ClosesConnectionsOverTheUsersLimit) {
    HttpSettings settings;
    settings.limits.connections_per_user = 2;
    start(settings);
    std::deque<Client> clients;
    for (int i = 0; i < 3; ++i) clients.emplace_back(path_);
    EXPECT_TRUE(turn_until([&] {
        clients[2].receive();
        return clients[2].closed();
    }));
    exchange(clients[1], get("/health"));
    EXPECT_EQ(clients[1].status(), 200);
    EXPECT_TRUE(turn_until([&] { return server_->connections() == 2; }));
}

TEST_F(HttpServerTest, LetsFurtherConnectionsWaitAtTheLimit) {
    HttpSettings settings;
    settings.limits.connections = 2;
    start(settings);
    std::deque<Client> clients;
    for (int i = 0; i < 3; ++i) {
        clients.emplace_back(path_);
        clients.back().send(get("/health"));
    }
    finish(clients[0]);
    finish(clients[1]);
    clients[2].receive();
    EXPECT_EQ(clients[2].text(), "");
    clients.pop_front();
    finish(clients[1]);
    EXPECT_EQ(clients[1].status(), 200);
}

TEST_F(HttpServerTest, ClosesClientsThatAreTooSlow) {
    HttpSettings settings;
    settings.limits.patience = Duration{50};
    start(settings);
    Client slow(path_);
    std::size_t sent = 0;
    const auto request = get("/health" + std::string(1000, '?'));
    EXPECT_TRUE(turn_until([&] {
        if (sent < request.size()) sent += slow.send(std::string_view(request).substr(sent, 1));
        slow.receive();
        return slow.closed();
    }));
    EXPECT_EQ(slow.text(), "");
    EXPECT_LT(sent, request.size());
    EXPECT_TRUE(turn_until([&] { return server_->connections() == 0; }));
}

TEST_F(HttpServerTest, IsPatientWhileItOwesTheAnswer) {
    HttpSettings settings;
    settings.limits.patience = Duration{500};
    start(settings);
    Client client(path_);
    client.send(get("/api/v1/history?point=ups-1.load_kw"));
    EXPECT_TRUE(turn_until([&] { return context_.queries.size() == 1; }));
    pollfd idle{server_->fd(), POLLIN, 0};
    EXPECT_EQ(poll(&idle, 1, 1000), 0);  // nobody is given up meanwhile
    context_.run_queries();
    EXPECT_EQ(poll(&idle, 1, 1000), 1);  // the answer is to be sent now
    finish(client);
    EXPECT_EQ(client.status(), 200);
}

TEST_F(HttpServerTest, CarriesLargeReplies) {
    start();
    auto& alerts = context_.fake_site.alerts;
    for (int i = 0; i < 1000; ++i) {
        auto alert = alerts[0];
        alert.id = "A-" + std::to_string(i);
        alert.message = std::string(1000, 'm');
        alerts.push_back(alert);
    }
    Client client(path_);
    exchange(client, get("/api/v1/alerts?limit=1000"));
    EXPECT_EQ(client.status(), 200);
    EXPECT_EQ(client.json()["data"]["items"].size(), 1000U);
}

TEST_F(HttpServerTest, AnswersHeadWithoutABody) {
    start();
    Client client(path_);
    client.send("HEAD /health/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(turn_until([&] {
        client.receive();
        return client.closed();
    }));
    EXPECT_EQ(client.status(), 200);
    EXPECT_TRUE(client.text().ends_with("\r\n\r\n"));
}

}  // namespace
}  // namespace sitepower::server_test
