#!/bin/busybox sh
# First program of the kernel. Finds the slot whose bytes match the root hash on the kernel command line, mounts it
# through dm-verity and hands over. Whatever goes wrong ends in a restart, so that a trial falls back to the old slot.
export PATH=/bin

say() { echo "slipway: $*" > /dev/console; }
fail() {
  say "cannot boot: $*; restarting"
  reboot -f
  # The kernel panics when its first program ends, and then restarts too.
  exit 1
}

mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs -o mode=0755,nosuid,nodev run /run
mkdir -p /run/slipway

root_hash=
data_blocks=
read -r command_line < /proc/cmdline
for word in $command_line; do
  case $word in
    slipway.roothash=*) root_hash=${word#*=} ;;
    slipway.blocks=*) data_blocks=${word#*=} ;;
  esac
done
[ -n "$root_hash" ] && [ -n "$data_blocks" ] || fail "the command line has no slipway.roothash or slipway.blocks"

load_modules() { # file with their names
  while read -r module; do
    insmod "/modules/$module.ko" || say "module $module could not be loaded"
  done < "$1"
}

# Prints the device of a partition.
partition() {
  for uevent in /sys/class/block/*/uevent; do
    device=
    while IFS='=' read -r key value; do
      case $key=$value in
        DEVNAME=*) device=$value ;;
        PARTNAME=$1) echo "$device" ;;
      esac
    done < "$uevent"
  done
}

# Faster hashing where the processor can; not an error where it cannot.
load_modules /modules/hash 2> /dev/null > /dev/null
load_modules /modules/first
# Other kinds of disks, whose drivers take their time, only if the first kind is not there.
[ -n "$(partition root-a)$(partition root-b)" ] || load_modules /modules/disks

# The boot loader says which file it started. It is a hint: what verifies decides.
hint=
if mount -t efivarfs efivars /sys/firmware/efi/efivars 2> /dev/null; then
  entry=/sys/firmware/efi/efivars/LoaderEntrySelected-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f
  [ -e $entry ] && hint=$(tail -c +5 $entry | tr -d '\000')
fi
case $hint in
  slot-b*) slots='b a' ;;
  *) slots='a b' ;;
esac

# Disks may appear a moment after their driver.
tries=0
while [ -z "$(partition root-a)$(partition root-b)" ]; do
  tries=$((tries + 1))
  [ $tries -le 200 ] || fail "no partition root-a or root-b appeared within 10 s"
  usleep 50000
done

# The tree starts right after the data, with the block whose digest is the root hash.
slot=
for candidate in $slots; do
  device=$(partition "root-$candidate")
  [ -n "$device" ] || continue
  top=$(dd if="/dev/$device" bs=4096 skip="$data_blocks" count=1 2> /dev/null | sha256sum)
  if [ "${top%% *}" = "$root_hash" ]; then
    slot=$candidate
    break
  fi
  say "slot $candidate does not hold root hash $root_hash"
done
[ -n "$slot" ] || fail "no slot holds root hash $root_hash"

# From here on a block that does not match ends in a panic, and so in a restart.
dmsetup create --noudevsync --verifyudev --readonly slipway-root --table \
  "0 $((data_blocks * 8)) verity 1 /dev/$device /dev/$device 4096 4096 $data_blocks $data_blocks sha256 $root_hash - 1 panic_on_corruption" ||
  fail "dm-verity refused slot $slot"
mount -t erofs -o ro /dev/mapper/slipway-root /root || fail "slot $slot verified but could not be mounted"
echo "$slot" > /run/slipway/slot

umount /sys/firmware/efi/efivars 2> /dev/null
for mount in dev proc sys run; do
  mount --move /$mount /root/$mount || fail "/$mount could not be moved"
done
exec switch_root /root /sbin/init
