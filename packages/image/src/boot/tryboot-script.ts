import { scriptImage } from './u-boot-script.ts';

const PARTITION = '${devtype} ${devnum}:${distro_bootpart}';
/** Behind everything else that a Raspberry Pi's U-Boot has a place for, so that a large UKI covers nothing. */
const BUFFER = '${ramdisk_addr_r}';

/** The word on the command line that the firmware hands over by which it says the partition it was in. */
export const slotWord = (slot: 'a' | 'b'): string => `slipway.slot=${slot}`;

/**
 * U-Boot's script on the ESP of a Raspberry Pi. The firmware has chosen a slot by starting U-Boot from the partition of
 * that slot; its `cmdline.txt` reaches the script as `/chosen/bootargs`. Nothing is armed or counted here: whatever goes
 * wrong in a trial ends in a reset, and the firmware has forgotten the trial by then.
 */
const SCRIPT = `# Slipway: starts the slot whose partition the firmware was in
fdt addr \${fdtcontroladdr}
setenv slipway_words
fdt get value slipway_words /chosen bootargs
setenv slipway_slot
for word in \${slipway_words}; do
  if test "\${word}" = ${slotWord('a')}; then setenv slipway_slot a; fi
  if test "\${word}" = ${slotWord('b')}; then setenv slipway_slot b; fi
done

# The other one too: an install removes the UKI of the slot it writes, so what is found is whole.
for slot in \${slipway_slot} a b; do
  echo "slipway: slot \${slot}"
  load ${PARTITION} ${BUFFER} EFI/Linux/slot-\${slot}.efi && bootefi ${BUFFER} \${fdtcontroladdr}
done
echo "slipway: no slot can be started"
sleep 10
reset
`;

export const trybootScript = (): Buffer => scriptImage('arm64', SCRIPT);
