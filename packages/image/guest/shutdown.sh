#!/bin/sh
# Runs before init ends every process of an orderly restart.
export PATH=/usr/sbin:/usr/bin
for bundle in /containers/onshutdown/*; do
  [ -d "$bundle" ] || continue
  name=${bundle##*/}
  /usr/lib/slipway/run-container "onshutdown/$name" > "/run/slipway/log/${name#*-}.log" 2>&1 < /dev/null ||
    echo "slipway: onshutdown ${name#*-} failed: $(tail -n 1 "/run/slipway/log/${name#*-}.log")" > /dev/console
done
sync
umount /data || mount -o remount,ro /data
# The firmware of a Raspberry Pi is told of a trial with the restart itself, by a word that init has no way to say.
if [ -e /run/slipway/tryboot ] && [ -x /usr/lib/slipway/restart ]; then
  exec /usr/lib/slipway/restart '0 tryboot'
fi
