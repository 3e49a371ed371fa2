#!/bin/sh
# Keeps the agent running. In a trial boot an agent that cannot stay up means that nobody will commit or report, so the
# device goes back to the confirmed slot by itself.
export PATH=/usr/sbin:/usr/bin HOME=/data/slipway NODE_COMPILE_CACHE=/data/slipway/compile-cache
mkdir -p /data/slipway

is_trial() {
  variable=/sys/firmware/efi/efivars/LoaderEntryDefault-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f
  confirmed=slot-a.efi
  [ -e $variable ] && confirmed=$(tail -c +5 $variable | tr -d '\000')
  [ "$confirmed" != "slot-$(cat /run/slipway/slot).efi" ]
}

failures=0
while :; do
  read -r started _ < /proc/uptime
  node /usr/lib/slipway/agent.mjs
  status=$?
  read -r ended _ < /proc/uptime
  if [ $((${ended%.*} - ${started%.*})) -ge 60 ]; then failures=0; fi
  failures=$((failures + 1))
  echo "slipway: agent ended with status $status"
  if [ $failures -ge 5 ] && is_trial; then
    echo "slipway: the agent of a trial boot does not stay up; restarting"
    sync
    reboot -f
  fi
  sleep $((failures < 10 ? failures : 10))
done
