#include "server/deploy/install_scripts.h"

#include <fmt/format.h>

namespace responses_proxy {

namespace {

// The loader of the bundle starts the program, with the bundle's libraries and no others.
constexpr const char* kWrapper = R"(#!/bin/sh
files=/opt/rp-server/files
exec "$files"/ld-* --library-path "$files" "$files/rp-server" "$@"
)";

constexpr const char* kUnit = R"([Unit]
Description=Responses proxy
Wants=network-online.target
After=network-online.target

[Service]
EnvironmentFile=/opt/rp-server/environment
WorkingDirectory=/var/lib/rp-server
ExecStart=/opt/rp-server/rp-server
Restart=always
TimeoutStopSec=90
LimitNOFILE=1048576

[Install]
WantedBy=multi-user.target
)";

std::string shell_quoted(const std::string& value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\' || c == '$' || c == '`') text += '\\';
    text += c;
  }
  return text + "\"";
}

}  // namespace

std::string prepare_script() {
  return R"(set -e
umask 077
mkdir -p /opt/rp-server /var/lib/rp-server
test -e /etc/ssl/certs/ca-certificates.crt || {
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq ca-certificates
} >&2)";
}

std::string unpack_script(const std::string& sha256) {
  return fmt::format(R"(set -e
umask 077
cd /opt/rp-server
echo "{}  {}" | sha256sum --check --quiet
rm -rf files
mkdir files
tar --extract --gzip --file={} --directory=files
cat >rp-server <<'end'
{}end
chmod 700 rp-server
./rp-server --version)",
                     sha256, kBundleThere, kBundleThere, kWrapper);
}

std::string start_script() {
  return fmt::format(R"(set -e
cat >/etc/systemd/system/rp-server.service <<'end'
{}end
systemctl daemon-reload
systemctl enable --quiet rp-server
systemctl restart rp-server)",
                     kUnit);
}

std::string stop_script() {
  return "systemctl stop rp-server";
}

std::string ready_script() {
  return fmt::format(R"(for try in $(seq 60); do
  answer=$(/opt/rp-server/rp-server health --ready --url http://127.0.0.1:{} 2>&1) && exit 0
  sleep 1
done
echo "$answer"
journalctl --unit rp-server --lines 20 --no-pager --output cat
exit 1)",
                     kDeployedPort);
}

std::string environment_file(const DeploySettings& settings) {
  std::string file;
  for (const ServerVariable& variable : settings.environment) {
    file += fmt::format("{}={}\n", variable.name, shell_quoted(variable.value));
  }
  return file;
}

}  // namespace responses_proxy
