#!/bin/sh
# Makes the data partition anew if the ESP asks for it, before anything has mounted it: wipe-data ESP DATA. The request
# goes last, so that a cut in between starts over.
export PATH=/usr/sbin:/usr/bin
esp=$1
data=$2
[ -e "$esp/slipway/wipe" ] || [ -e "$esp/slipway/reset" ] || exit 0
echo "slipway: factory reset: the data partition is made anew"
dd if=/dev/zero of="$data" bs=1048576 count=16 conv=notrunc,fsync 2> /dev/null
blkdiscard "$data" 2> /dev/null
mkfs.ext4 -q -F -L data -m 0 "$data" || {
  echo "slipway: factory reset: the data partition could not be made anew"
  exit 1
}
sync
mount -o remount,rw "$esp" && rm -f "$esp/slipway/wipe" "$esp/slipway/reset"
sync
mount -o remount,ro "$esp"
