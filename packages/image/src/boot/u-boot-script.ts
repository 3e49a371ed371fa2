import { crc32 } from 'node:zlib';
import {
  ARCHITECTURES,
  SLOT_DEFAULT,
  SLOT_TRY,
  TRY_ARMED,
  U_BOOT_ESP_BYTES,
  U_BOOT_ESP_COUNTER,
  U_BOOT_ESP_FILES,
  type Arch,
} from '@slipway/protocol';

/** Where the script keeps its variables: in two files on the ESP, or in U-Boot's own environment by `saveenv`. */
export type UBootEnvironmentPlace = 'esp' | 'own';

const VARIABLES = [SLOT_DEFAULT, SLOT_TRY, TRY_ARMED];
const SIZE = U_BOOT_ESP_BYTES.toString(16);
const PARTITION = '${devtype} ${devnum}:${distro_bootpart}';
/** Room that every board has, and that is free until the UKI comes. */
const BUFFER = '${kernel_addr_r}';
const SECOND_BUFFER = '${ramdisk_addr_r}';

const file = (copy: string): string => `${U_BOOT_ESP_FILES[0].slice(0, -1)}${copy}`;

/** Numbers of `setexpr` are hexadecimal without a prefix; `test` wants one. */
const LOAD_FROM_ESP = `
setenv slipway_copy
setenv slipway_newest 0
for i in 0 1; do
  if load ${PARTITION} ${BUFFER} ${file('${i}')} && env import -c ${BUFFER} ${SIZE} ${U_BOOT_ESP_COUNTER}; then
    if test 0x\${${U_BOOT_ESP_COUNTER}} -gt 0x\${slipway_newest}; then
      setenv slipway_newest \${${U_BOOT_ESP_COUNTER}}
      setenv slipway_copy \${i}
    fi
  fi
done
${VARIABLES.map((name) => `setenv ${name}`).join('\n')}
if test -n "\${slipway_copy}"; then
  load ${PARTITION} ${BUFFER} ${file('${slipway_copy}')}
  env import -c ${BUFFER} ${SIZE} ${[...VARIABLES, U_BOOT_ESP_COUNTER].join(' ')}
fi`;

const WRITE_COPY = (copy: string): string =>
  [
    `setexpr ${U_BOOT_ESP_COUNTER} \${${U_BOOT_ESP_COUNTER}} + 1`,
    `env export -c -s ${SIZE} ${BUFFER} ${[...VARIABLES, U_BOOT_ESP_COUNTER].join(' ')}`,
    `fatwrite ${PARTITION} ${BUFFER} ${file(copy)} ${SIZE}`,
    `load ${PARTITION} ${SECOND_BUFFER} ${file(copy)}`,
    `cmp.b ${BUFFER} ${SECOND_BUFFER} ${SIZE}`,
  ].join(' && ');

/** The older copy first: until it is whole and read back, the other still says that the trial is to come. */
const SAVE_TO_ESP = `
  setenv slipway_older 0
  test "\${slipway_copy}" = 0 && setenv slipway_older 1
  setenv slipway_saved
  if ${WRITE_COPY('${slipway_older}')}; then
    setenv slipway_saved 1
    ${WRITE_COPY('${slipway_copy}')}
  fi`;

/** Twice, so that a redundant environment has no copy left in which the trial is armed. */
const SAVE_OWN = `
  setenv slipway_saved
  if saveenv && saveenv; then
    setenv slipway_saved 1
  fi`;

/**
 * The script that chooses the slot. If a trial is armed it takes that back, saves, and goes on to the trial only if the
 * save succeeded; whatever then fails ends in a reset, and the reset in the default.
 */
export const uBootScriptText = (environment: UBootEnvironmentPlace): string => `# Slipway: starts a slot
setenv slipway_start 'load ${PARTITION} ${BUFFER} EFI/Linux/slot-\${slot}.efi && bootefi ${BUFFER} \${fdtcontroladdr}'
${environment === 'esp' ? LOAD_FROM_ESP : ''}

setenv slipway_default
if test "\${${SLOT_DEFAULT}}" = a || test "\${${SLOT_DEFAULT}}" = b; then
  setenv slipway_default \${${SLOT_DEFAULT}}
fi
setenv slipway_trial
if test -n "\${slipway_default}" && test "\${${TRY_ARMED}}" = 1; then
  if test "\${${SLOT_TRY}}" = a || test "\${${SLOT_TRY}}" = b; then
    setenv slipway_trial \${${SLOT_TRY}}
  fi
fi

if test -n "\${slipway_trial}"; then
  setenv ${TRY_ARMED} 0${environment === 'esp' ? SAVE_TO_ESP : SAVE_OWN}
  if test -n "\${slipway_saved}"; then
    echo "slipway: slot \${slipway_trial} on trial"
    setenv slot \${slipway_trial}
    run slipway_start
    echo "slipway: slot \${slipway_trial} could not be started"
    reset
  fi
  echo "slipway: the environment cannot be saved, so slot \${slipway_trial} is not tried"
fi

# Without a default the UKIs say which slot is good: an install removes the UKI of the slot it writes.
for slot in \${slipway_default} a b; do
  echo "slipway: slot \${slot}"
  run slipway_start
done
echo "slipway: no slot can be started"
sleep 10
reset
`;

/** A copy of the environment on the ESP of a new device, whose slot a is the default. */
export const uBootEnvironment = (): Buffer => {
  const bytes = Buffer.alloc(U_BOOT_ESP_BYTES);
  bytes.write(`${U_BOOT_ESP_COUNTER}=1\0${SLOT_DEFAULT}=a\0`, 4, 'latin1');
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  return bytes;
};

const HEADER_BYTES = 64;
const MAGIC = 0x27051956;
const OS_LINUX = 5;
const TYPE_SCRIPT = 6;

/**
 * `boot.scr`: the script in the frame that U-Boot wants.
 *
 * @param before commands of the board that come first, each with its line break
 */
export const uBootScript = (arch: Arch, environment: UBootEnvironmentPlace = 'esp', before = ''): Buffer =>
  scriptImage(arch, before + uBootScriptText(environment));

/** What `mkimage -T script` would write for a script, with the time 0. */
export const scriptImage = (arch: Arch, script: string): Buffer => {
  const text = Buffer.from(script);
  const data = Buffer.alloc(8 + text.length);
  data.writeUInt32BE(text.length, 0); // lengths of the parts, ended by a zero
  text.copy(data, 8);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(MAGIC, 0);
  header.writeUInt32BE(data.length, 12);
  header.writeUInt32BE(crc32(data), 24);
  header.set([OS_LINUX, ARCHITECTURES[arch].uBoot, TYPE_SCRIPT, 0], 28);
  header.write('slipway', 32, 'latin1');
  header.writeUInt32BE(crc32(header), 4);
  return Buffer.concat([header, data]);
};
