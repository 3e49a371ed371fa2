#!/bin/sh
# Runs the container of a bundle in the foreground: run-container SECTION/NAME
# Once its program runs, crun writes /run/slipway/started/SECTION-NAME.
export PATH=/usr/sbin:/usr/bin
bundle=/containers/$1
name=${1%%/*}-${1#*/}

# What an earlier start has left.
[ ! -e "/run/crun/$name" ] || crun delete --force "$name" 2> /dev/null

# Left by a container that asks for directories and mounts of the root before it starts.
if [ -e "$bundle/mkdir" ]; then
  while read -r directory; do mkdir -p "$directory"; done < "$bundle/mkdir"
fi
if [ -e "$bundle/mounts" ]; then
  while read -r type source target options; do
    mkdir -p "$target"
    grep -q " $target " /proc/mounts || mount -t "$type" -o "$options" "$source" "$target" || exit 125
  done < "$bundle/mounts"
fi

# A writable root lives in memory, over the verified one.
if [ -d "$bundle/tmp" ]; then
  umount "$bundle/rootfs" 2> /dev/null
  umount "$bundle/tmp" 2> /dev/null
  mount -t tmpfs -o mode=0755 tmpfs "$bundle/tmp" && mkdir "$bundle/tmp/upper" "$bundle/tmp/work" &&
    mount -t overlay -o "lowerdir=$bundle/lower,upperdir=$bundle/tmp/upper,workdir=$bundle/tmp/work" overlay \
      "$bundle/rootfs" || exit 125
fi
exec crun --cgroup-manager=cgroupfs run --pid-file "/run/slipway/started/$name" --bundle "$bundle" "$name"
