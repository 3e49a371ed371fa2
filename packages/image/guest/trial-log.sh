#!/bin/sh
# Keeps what the kernel and the services of a trial say on the data partition until the slot is confirmed, so that the
# agent of the old slot can report why the trial ended: bounded, renewed every few seconds, whole at any time.
export PATH=/usr/sbin:/usr/bin
log=/data/slipway/trial/log
log_bytes=262144
kernel_bytes=65536
service_bytes=32768

collect() {
  echo "--- kernel ---"
  dmesg | tail -c $kernel_bytes
  for service in /run/slipway/log/*.log; do
    [ -e "$service" ] || continue
    name=${service##*/}
    echo "--- ${name%.log} ---"
    tail -c $service_bytes "$service"
  done
}

while /usr/lib/slipway/is-trial; do
  mkdir -p "${log%/*}"
  collect | tail -c $log_bytes > "$log.new"
  # Flash wears: nothing is written where nothing was said.
  if cmp -s "$log.new" "$log"; then
    rm "$log.new"
  else
    sync "$log.new" 2> /dev/null || sync
    mv "$log.new" "$log"
    sync "${log%/*}" 2> /dev/null || sync
  fi
  sleep 3
done
