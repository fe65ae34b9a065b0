// Keys and certificates made by openssl when a test asks for them: an authority, a broker's certificate, a
// client's, and all of a stranger's authority.
#pragma once

#include <string>
#include <vector>

#include "tests/support/process.hpp"

namespace sitepower::support {

class Certificates {
  public:
    // server_names: of the broker's certificate, as openssl writes them.
    explicit Certificates(const std::string& server_names = "DNS:localhost,IP:127.0.0.1");

    std::string authority() const { return file("ca.crt"); }
    std::string server() const { return file("server.crt"); }
    std::string server_key() const { return file("server.key"); }
    std::string client() const { return file("client.crt"); }
    std::string client_key() const { return file("client.key"); }
    // Did not sign anything above.
    std::string other_authority() const { return file("other.crt"); }

  private:
    void make_authority(const std::string& name) const;
    void make_certificate(const std::string& name, const std::string& extension) const;
    void run(std::vector<std::string> arguments) const;

    std::string file(const std::string& name) const { return (directory_.path() / name).string(); }

    TemporaryDirectory directory_;
};

}  // namespace sitepower::support
