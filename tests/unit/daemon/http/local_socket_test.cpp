#include "daemon/http/local_socket.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/process.hpp"

namespace sitepower::local_socket_test {
namespace {

using testing::HasSubstr;

class LocalSocket : public testing::Test {
  protected:
    support::TemporaryDirectory directory_;
    std::string path_ = (directory_.path() / "a.sock").string();
};

TEST_F(LocalSocket, MayBeConnectedToByEverybody) {
    const auto fd = open_local_socket(path_);
    ASSERT_TRUE(fd);
    struct stat found {};
    ASSERT_EQ(stat(path_.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777U, 0666U);
    close(*fd);
}

TEST_F(LocalSocket, ReplacesWhatADeadProcessLeft) {
    const auto dead = open_local_socket(path_);
    ASSERT_TRUE(dead);
    close(*dead);
    const auto fd = open_local_socket(path_);
    ASSERT_TRUE(fd) << fd.error().message;
    close(*fd);
}

TEST_F(LocalSocket, LeavesALivingDaemonAlone) {
    const auto living = open_local_socket(path_);
    ASSERT_TRUE(living);
    const auto second = open_local_socket(path_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
    EXPECT_THAT(second.error().message, HasSubstr(path_));
    EXPECT_EQ(access(path_.c_str(), F_OK), 0);
    close(*living);
}

TEST_F(LocalSocket, NeverRemovesAFile) {
    std::ofstream(path_) << "precious";
    EXPECT_FALSE(open_local_socket(path_));
    EXPECT_EQ(access(path_.c_str(), F_OK), 0);
}

TEST_F(LocalSocket, NamesPathAndCause) {
    const auto missing = open_local_socket((directory_.path() / "no" / "a.sock").string());
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().message, HasSubstr("No such file or directory"));
    EXPECT_FALSE(open_local_socket(""));
    EXPECT_FALSE(open_local_socket("/" + std::string(200, 'x')));
}

}  // namespace
}  // namespace sitepower::local_socket_test
