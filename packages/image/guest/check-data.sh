#!/bin/sh
# check-data DEVICE LOG: checks the data partition before it is mounted and repairs it, says on its output what was wrong.
# A cut can tear the superblock, so that its two sectors disagree. e2fsck -p leaves that to a person, and here is none:
# with -y it takes one of the copies, and plays the journal that the copy knows nothing of.
export PATH=/usr/sbin:/usr/bin

e2fsck -p "$1" > "$2" 2>&1
[ $? -ge 4 ] || exit 0
for round in 1 2; do
  e2fsck -f -y "$1" >> "$2" 2>&1
  status=$?
  [ $status -ge 4 ] || break
done
found=$(grep -m 1 -i -E 'superblock|inconsistency|corrupt|error|invalid' "$2")
[ $status -ge 4 ] || { echo "the data partition was repaired: $found"; exit 0; }
echo "the data partition has faults that stay: $found"
exit 1
