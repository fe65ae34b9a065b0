// Roles by peer credentials. What needs other users than root is tried in child processes that give up their
// rights, and skipped, visibly, where the tests do not run as root.
#include "daemon/http/peer.hpp"

#include <gmock/gmock.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/unit/daemon/http/http_client.hpp"

namespace sitepower::peer_test {
namespace {

constexpr gid_t engineers = 64'001;
constexpr gid_t admins = 64'002;
constexpr uid_t nobody = 65'534;
const RoleGroups groups{.engineer = engineers, .admin = admins};

Peer peer(uid_t uid, std::vector<gid_t> of_groups) {
    return {.uid = uid, .pid = 1, .groups = std::move(of_groups)};
}

TEST(Role, FollowsFromUserAndGroups) {
    EXPECT_EQ(role_of(peer(0, {}), groups), Role::admin);
    EXPECT_EQ(role_of(peer(1000, {admins}), groups), Role::admin);
    EXPECT_EQ(role_of(peer(1000, {100, engineers}), groups), Role::engineer);
    EXPECT_EQ(role_of(peer(1000, {engineers, admins}), groups), Role::admin);
    EXPECT_EQ(role_of(peer(1000, {100}), groups), Role::viewer);
}

TEST(Role, IsNobodysWhenTheGroupsDoNotExist) {
    EXPECT_EQ(role_of(peer(1000, {0, engineers}), RoleGroups{}), Role::viewer);
    EXPECT_EQ(role_of(peer(0, {}), RoleGroups{}), Role::admin);
}

TEST(NameOf, IsTheNameInPasswdOrTheNumber) {
    EXPECT_EQ(name_of(0), "root");
    EXPECT_EQ(name_of(4'000'000'000U), "uid=4000000000");
}

TEST(PeerOf, KnowsThisProcess) {
    std::array<int, 2> ends{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    const auto self = peer_of(ends[0]);
    ASSERT_TRUE(self);
    EXPECT_EQ(self->uid, getuid());
    EXPECT_EQ(self->pid, getpid());
    EXPECT_THAT(self->groups, testing::Contains(getgid()));
    close(ends[0]);
    close(ends[1]);
    EXPECT_FALSE(peer_of(ends[0]));
}

// In a child process: gives up root for `uid` with `of_groups`, sends `request`, and ends when told to.
class OtherUser {
  public:
    OtherUser(const std::string& socket, std::vector<gid_t> of_groups, const std::string& request) {
        EXPECT_EQ(pipe(output_.data()), 0);
        pid_ = fork();
        if (pid_ == 0) {
            if (setgroups(of_groups.size(), of_groups.data()) != 0 || setgid(nobody) != 0 ||
                setuid(nobody) != 0) {
                _exit(1);
            }
            run(socket, request);
            _exit(0);
        }
        close(output_[1]);
    }
    ~OtherUser() {
        close(output_[0]);
        waitpid(pid_, nullptr, 0);
    }
    OtherUser(const OtherUser&) = delete;
    OtherUser& operator=(const OtherUser&) = delete;

    // The response as it comes; the child ends after it.
    int output() const { return output_[0]; }

  private:
    void run(const std::string& socket, const std::string& request) {
        Client client(socket);
        client.send(request);
        support::eventually(std::chrono::seconds{10}, [&] {
            client.receive();
            return client.complete() || client.closed();
        });
        static_cast<void>(!write(output_[1], client.text().data(), client.text().size()));
    }

    std::array<int, 2> output_{};
    pid_t pid_ = -1;
};

class PeerRole : public HttpTest {
  protected:
    void SetUp() override {
        if (getuid() != 0) GTEST_SKIP() << "only root can become another user";
        chmod(directory_.path().c_str(), 0755);
        start({.groups = groups, .limits = {}});
    }

    int status_for(std::vector<gid_t> of_groups, const std::string& request) {
        const OtherUser other(path_, std::move(of_groups), request);
        std::string text;
        EXPECT_TRUE(turn_until([&] {
            pollfd waiting{other.output(), POLLIN, 0};
            if (poll(&waiting, 1, 0) != 1) return false;
            std::array<char, 65'536> buffer{};
            const auto n = read(other.output(), buffer.data(), buffer.size());
            if (n > 0) text.append(buffer.data(), static_cast<std::size_t>(n));
            return n <= 0;
        }));
        return text.size() > 12 ? std::stoi(text.substr(9, 3)) : 0;
    }

    const std::string read_ = get("/api/v1/alerts");
    const std::string acknowledge_ = post("/api/v1/alerts/A-low/acknowledge", "{}");
    const std::string reload_ = post("/api/v1/config/reload", "{}");
};

TEST_F(PeerRole, OfOthersIsViewer) {
    EXPECT_EQ(status_for({}, read_), 200);
    EXPECT_EQ(status_for({}, acknowledge_), 403);
    EXPECT_EQ(status_for({}, reload_), 403);
}

TEST_F(PeerRole, OfGroupSitepowerIsEngineer) {
    EXPECT_EQ(status_for({engineers}, acknowledge_), 200);
    EXPECT_EQ(status_for({engineers}, reload_), 403);
}

TEST_F(PeerRole, OfGroupSitepowerAdminIsAdminAlsoAmongManyGroups) {
    std::vector<gid_t> many;
    for (gid_t gid = 70'000; gid < 70'200; ++gid) many.push_back(gid);
    many.push_back(admins);
    EXPECT_EQ(status_for(many, reload_), 200);
    EXPECT_EQ(context_.audited.back().who, name_of(nobody));
}

TEST_F(PeerRole, OfRootIsAdmin) {
    Client client(path_);
    exchange(client, reload_);
    EXPECT_EQ(client.status(), 200);
    EXPECT_EQ(context_.audited.back().who, "root");
    EXPECT_THAT(context_.audited.back().from, testing::StartsWith("unix:uid=0,pid="));
}

}  // namespace
}  // namespace sitepower::peer_test
