#!/bin/bash
# SIGKILL in control mode, again and again: each time the simulated inverter must be back under its own control within
# 10 s, by the release program that the service manager runs (the inverter's own dead man is left out on purpose).
# Usage: kills.sh TIMES, after unit.sh in the same box; the programs and files are found in /box/f.
set -u
times=${1:-5}
F=/box/f
install -D -t /usr/bin "$F/sitepower-sim"
mkdir -p /run/sim
sitepower-sim --dir /run/sim --port-base 15020 --profiles /usr/share/sitepower/devices >/run/sim.log 2>&1 &
simulation=$!
trap 'kill "$simulation"' EXIT

# Energy is dear now: the plan is to discharge with all that the battery may.
{
    echo time,price
    for hour in $(seq -1 40); do
        echo "$(date -u -d "$(date -u +%Y-%m-%dT%H:00:00Z) $hour hour" +%Y-%m-%dT%H:00:00Z),$([ "$hour" -lt 4 ] && echo 900 || echo 20)"
    done
} >/etc/sitepower/prices.csv
rm -f /etc/sitepower/conf.d/*
cat >/etc/sitepower/sitepower.toml <<'EOF'
[site]
id = "BOX"

[broker]
enabled = false

[[bus]]
id = "ups"
host = "127.0.0.1"
port = 15020

[[bus]]
id = "pack"
host = "127.0.0.1"
port = 15022

[[device]]
id = "UPS-01"
profile = "sim-ups"
bus = "ups"

[[device]]
id = "INV-01"
profile = "sim-inverter"
bus = "pack"
unit = 2
commands = ["remote.take", "remote.release", "power.set"]

[[price]]
id = "energy_price"
currency = "EUR"
source = "file"
path = "/etc/sitepower/prices.csv"

[dispatch]
import_price = "energy_price"
load = ["UPS-01/output.load_kw"]
import_limit_kw = 200

[[dispatch.battery]]
id = "LIB-01"
charge = "INV-01/charge_pct"
capacity_kwh = 47
charge_max_kw = 8
discharge_max_kw = 8

[dispatch.battery.control]
device = "INV-01"
prepare = [{ command = "remote.take" }]
setpoint = "power.set"
without_dead_man = "INV-01"
release = "remote.release"
power = "INV-01/power_kw"
ramp_kw_per_s = 8
write_interval_s = 1
EOF

inverter() { sitepower-sim --dir /run/sim tell status 2>&1 | grep '^ *inverter'; }
# within SECONDS TEXT: the milliseconds until the inverter says TEXT; empty: it does not in time.
within() {
    local began now
    began=$(date +%s%N)
    while now=$(date +%s%N) && [ $(((now - began) / 1000000)) -le $(($1 * 1000)) ]; do
        case $(inverter) in *"$2"*) echo $((($(date +%s%N) - began) / 1000000)); return ;; esac
        sleep 0.02
    done
}

systemctl reset-failed sitepowerd
systemctl start sitepowerd || { journalctl -u sitepowerd --no-pager | tail -20; exit 1; }
worst=0
for time in $(seq "$times"); do
    if [ -z "$(within 60 'follows setpoints, -')" ]; then
        echo "FAILED: kill $time: the inverter does not follow: $(inverter)"
        journalctl -u sitepowerd --no-pager | tail -20
        exit 1
    fi
    systemctl kill --kill-who=main --signal=KILL sitepowerd
    taken=$(within 10 'by itself')
    if [ -z "$taken" ]; then
        echo "FAILED: kill $time: not by itself within 10 s: $(inverter)"
        journalctl -u sitepowerd --no-pager | tail -20
        exit 1
    fi
    [ "$taken" -gt "$worst" ] && worst=$taken
done
systemctl stop sitepowerd
echo "ok: $times times SIGKILL in control mode: the inverter is by itself after at most $worst ms"
