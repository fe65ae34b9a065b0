#include "tests/support/certificates.hpp"

#include <stdexcept>

namespace sitepower::support {

Certificates::Certificates(const std::string& server_names) {
    make_authority("ca");
    make_authority("other");
    make_certificate("server", "subjectAltName=" + server_names);
    make_certificate("client", "extendedKeyUsage=clientAuth");
}

void Certificates::run(std::vector<std::string> arguments) const {
    Process process(std::move(arguments), file("log"));
    if (process.wait(std::chrono::seconds(60)) != 0) throw std::runtime_error("openssl: " + process.output());
}

void Certificates::make_authority(const std::string& name) const {
    run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=sitepower test " + name, "-keyout", file(name + ".key"), "-out",
         file(name + ".crt")});
}

void Certificates::make_certificate(const std::string& name, const std::string& extension) const {
    run({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
         "/CN=" + name, "-keyout", file(name + ".key"), "-out", file(name + ".csr")});
    write_file(file(name + ".ext"), extension + "\n");
    run({"openssl", "x509", "-req", "-days", "2", "-in", file(name + ".csr"), "-CA", authority(), "-CAkey",
         file("ca.key"), "-CAcreateserial", "-extfile", file(name + ".ext"), "-out", file(name + ".crt")});
}

}  // namespace sitepower::support
