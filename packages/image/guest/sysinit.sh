#!/bin/sh
# Brings the device from a mounted root to where its services can start. Runs once, before everything else in
# /etc/inittab. A step that fails is said on the console and the device goes on: a running device can be repaired.
export PATH=/usr/sbin:/usr/bin
. /etc/slipway/release.env

say() { echo "slipway: $*" > /dev/console; }

read -r slot < /run/slipway/slot
read -r boot_id < /proc/sys/kernel/random/boot_id
root_hash=$(sed -n 's/.*slipway\.roothash=\([0-9a-f]*\).*/\1/p' /proc/cmdline)
say "boot id=$boot_id slot=$slot version=$VERSION roothash=$root_hash"

while read -r module; do
  insmod "$module" || say "module $module could not be loaded"
done < /usr/lib/slipway/modules

mkdir -p /dev/pts /dev/shm
mount -t devpts -o nosuid,noexec,ptmxmode=0666,mode=0620 devpts /dev/pts
mount -t tmpfs -o nosuid,nodev,mode=1777 shm /dev/shm
mount -t tmpfs -o nosuid,nodev,mode=1777 tmp /tmp
mount -t tmpfs -o nosuid,nodev,mode=0755 var /var
mkdir -p /var/lib /var/log /var/cache /var/tmp /run/lock /run/resolvconf
ln -s /run /var/run
: > /run/resolvconf/resolv.conf
mount -t efivarfs -o nosuid,nodev,noexec efivarfs /sys/firmware/efi/efivars || say "no EFI variables"
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 /sys/fs/cgroup || say "no control groups"
for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
  echo "+$controller" > /sys/fs/cgroup/cgroup.subtree_control 2> /dev/null
done

mkdir -p /dev/disk/by-partlabel
for uevent in /sys/class/block/*/uevent; do
  name=
  device=
  while IFS='=' read -r key value; do
    case $key in
      PARTNAME) name=$value ;;
      DEVNAME) device=$value ;;
    esac
  done < "$uevent"
  [ -z "$name" ] || ln -sf "../../$device" "/dev/disk/by-partlabel/$name"
done

data=/dev/disk/by-partlabel/data
# 1 and 2: repaired. A check that fails still leaves a file system that may mount.
e2fsck -p $data > /run/slipway/fsck.log 2>&1
[ $? -lt 4 ] || say "the data partition has faults: $(tail -n 1 /run/slipway/fsck.log)"
mount -t ext4 -o noatime,nosuid,nodev $data /data || say "the data partition could not be mounted"

[ "$(date +%s)" -ge "$TIME_FLOOR" ] || {
  date -u -s "@$TIME_FLOOR" > /dev/null
  say "the clock was behind the release; set to $(date -u +%Y-%m-%dT%H:%M:%SZ)"
}
hostname "$HOST_NAME"
ip link set lo up

mkdir -p /run/slipway/services /run/slipway/log /run/slipway/exit
for bundle in /containers/onboot/*; do
  [ -d "$bundle" ] || continue
  name=${bundle##*/}
  log=/run/slipway/log/${name#*-}.log
  /usr/lib/slipway/run-container "onboot/$name" > "$log" 2>&1 < /dev/null
  status=$?
  if [ $status -eq 0 ]; then
    say "onboot ${name#*-} done"
  else
    say "onboot ${name#*-} ended with status $status: $(tail -n 3 "$log" | tr '\n' ' ')"
  fi
done
read -r uptime _ < /proc/uptime
say "ready after ${uptime}s"
