#!/bin/bash
# The installed unit under a real systemd: start, status line, questions, reload (good and refused), clean stop, and
# a refused configuration that is not tried again. Run inside a throw-away system by "./dev test --systemd"; the
# programs and files are found in /box/f.
set -u
failed=0
expect() { # WHAT EXPECTED ACTUAL
    if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "FAILED: $1: expected '$2', got '$3'"; failed=1; fi
}

F=/box/f
install -D -t /usr/bin "$F/sitepowerd" "$F/sitepowerctl" "$F/sitepower-release"
install -D -m 644 -t /etc/sitepower "$F/sitepower.toml"
mkdir -p /usr/share/sitepower && cp -r "$F/devices" "$F/batteries" "$F/sunspec" /usr/share/sitepower/
install -D -m 644 -t /lib/systemd/system "$F/sitepowerd.service"
install -D -m 644 "$F/sitepower.sysusers" /usr/lib/sysusers.d/sitepower.conf
install -D -m 644 "$F/sitepower.tmpfiles" /usr/lib/tmpfiles.d/sitepower.conf
install -D -m 644 -t /usr/lib/systemd/catalog "$F/sitepower.catalog"
journalctl --update-catalog
systemd-sysusers sitepower.conf
systemd-tmpfiles --create sitepower.conf
systemctl daemon-reload

sitepowerd check >/dev/null
expect "the shipped configuration is fine" 0 $?
systemctl start sitepowerd
expect "start" 0 $?
expect "the status line is for people" "0/0 devices, broker NOT connected, outbox 0, 0 alerts" \
    "$(systemctl show sitepowerd -p StatusText --value)"
sitepowerctl status >/dev/null
expect "a site without its broker is degraded" 4 $?
expect "the catalogue explains" 1 "$(journalctl -u sitepowerd -x --no-pager | grep -c 'Subject: sitepowerd has started')"

# As members of the two groups, and of none.
as() { setpriv --reuid 4711 --regid "$1" --clear-groups sitepowerctl "${@:2}" >/dev/null 2>&1; echo $?; }
code_of() { setpriv --reuid 4711 --regid "$1" --clear-groups sitepowerctl --json "${@:2}" 2>&1 | grep -o '"code": *"[A-Z_]*"' | grep -o '[A-Z_]*"$'; }
expect "a stranger may look" 4 "$(as nogroup status)"
expect "and not acknowledge" 'FORBIDDEN"' "$(code_of nogroup alert ack none)"
expect "a member of sitepower may" 'NOT_FOUND"' "$(code_of sitepower alert ack none)"
expect "and not reload" 1 "$(as sitepower reload)"
expect "a member of sitepower-admin may" 0 "$(as sitepower-admin reload)"

systemctl reload sitepowerd
expect "reload" 0 $?
echo 'nonsense = 1' >/etc/sitepower/conf.d/broken.toml
systemctl reload sitepowerd 2>/dev/null
expect "a refused reload fails" 1 $?
expect "and changes nothing" active "$(systemctl is-active sitepowerd)"

started=$(date +%s%N)
systemctl stop sitepowerd
expect "stop" 0 $?
expect "within 5 s" 1 $((($(date +%s%N) - started) / 1000000 < 5000))

systemctl start sitepowerd 2>/dev/null
expect "a refused configuration does not start" 1 $?
expect "its exit status" 78 "$(systemctl show sitepowerd -p ExecMainStatus --value)"
expect "it is not tried again" 0 "$(systemctl show sitepowerd -p NRestarts --value)"

# The last word of kills.sh is its verdict; how often it kills comes with the box.
"$F/kills.sh" "${SITEPOWER_KILLS:-5}" || failed=1
exit $failed
