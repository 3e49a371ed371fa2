import { GRUB_ESP_FILES, SLOT_DEFAULT, SLOT_TRY } from '@slipway/protocol';

const [MAIN, SPARE] = GRUB_ESP_FILES;
const TRIED = 'slot_tried';
const isSlot = (name: string): string => `[ "$${name}" = a -o "$${name}" = b ]`;

/** Where Debian's `grubx64.efi` and `grubaa64.efi` look for it, on the partition they were started from. */
export const GRUB_CONFIG_PATH = 'EFI/debian/grub.cfg';

/**
 * GRUB's configuration. If a trial is armed it is moved to `slot_tried`, saved and read back, and only then started; a UKI
 * that cannot be started ends in a reset, and the reset in the default.
 *
 * The environment block lies on the same partition: `root` is the one GRUB was started from.
 */
export const grubConfig = (): string => `# Slipway: starts a slot
set timeout=0
set ${SLOT_DEFAULT}=
set ${SLOT_TRY}=
set ${TRIED}=

function start {
  echo "slipway: slot $1"
  chainloader /EFI/Linux/slot-$1.efi
  if [ $? = 0 ]; then boot; fi
}

if [ -f /${MAIN} ]; then load_env --file /${MAIN} ${SLOT_DEFAULT} ${SLOT_TRY}; fi
if ${isSlot(SLOT_DEFAULT)}; then
  if ${isSlot(SLOT_TRY)}; then
    set trial=$${SLOT_TRY}
    set ${TRIED}=$${SLOT_TRY}
    set ${SLOT_TRY}=
    set saved=
    if save_env --file /${MAIN} ${SLOT_TRY} ${TRIED}; then
      set ${SLOT_TRY}=unread
      load_env --file /${MAIN} ${SLOT_TRY}
      if [ "$${SLOT_TRY}" = "" ]; then set saved=1; fi
    fi
    if [ "$saved" = 1 ]; then
      echo "slipway: slot $trial on trial"
      start $trial
      echo "slipway: slot $trial could not be started"
      reboot
    fi
    echo "slipway: the environment cannot be saved, so slot $trial is not tried"
  fi
else
  # Damaged. The second block names the default alone.
  set ${SLOT_DEFAULT}=
  if [ -f /${SPARE} ]; then load_env --file /${SPARE} ${SLOT_DEFAULT}; fi
fi

if ${isSlot(SLOT_DEFAULT)}; then start $${SLOT_DEFAULT}; fi
# Without a default the UKIs say which slot is good: an install removes the UKI of the slot it writes.
start a
start b
echo "slipway: no slot can be started"
sleep 10
reboot
`;
