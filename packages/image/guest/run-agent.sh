#!/bin/sh
# Keeps the agent running. In a trial boot an agent that cannot stay up means that nobody will commit or report, so the
# device goes back to the confirmed slot by itself. A confirmed slot never gives up: it is the best that there is.
export PATH=/usr/sbin:/usr/bin HOME=/data/slipway NODE_COMPILE_CACHE=/data/slipway/compile-cache
most_failures=5
stable_seconds=60
# Services come first: what the agent starts with, they would wait for. One that does not start must not keep the agent away.
waits=50
for bundle in /containers/services/*; do
  [ -d "$bundle" ] || continue
  until [ -e "/run/slipway/started/services-${bundle##*/}" ] || [ $waits -eq 0 ]; do
    sleep 0.1
    waits=$((waits - 1))
  done
done

mkdir -p /data/slipway
/usr/lib/slipway/trial-stage agent

starts=0
failures=0
while :; do
  starts=$((starts + 1))
  # The agent feeds the watchdog while all is well; until it has started, somebody must. In a trial not for ever. Opened for
  # both ways, which does not wait for hold-watchdog: that one feeds by itself when it opens the device.
  if [ -p /dev/watchdog ] && { [ $starts -le $most_failures ] || ! /usr/lib/slipway/is-trial; }; then
    echo . 1<> /dev/watchdog
  fi
  read -r started _ < /proc/uptime
  /usr/lib/slipway/agent
  status=$?
  read -r ended _ < /proc/uptime
  if [ $((${ended%.*} - ${started%.*})) -ge $stable_seconds ]; then failures=0; fi
  failures=$((failures + 1))
  echo "slipway: agent ended with status $status"
  if [ $failures -ge $most_failures ] && /usr/lib/slipway/is-trial; then
    echo "slipway: the agent of a trial boot does not stay up; restarting"
    echo "fail the agent does not stay up, it ended with status $status" >> /data/slipway/trial/stage
    sync
    reboot -f
  fi
  sleep $((failures < 10 ? failures : 10))
done
