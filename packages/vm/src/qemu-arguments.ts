import { ARCHITECTURES, type Arch } from '@slipway/protocol';
import type { VmBoot, VmOptions } from './vm.ts';

/** System management mode keeps the guest from writing variables past the firmware; only amd64 has such a thing in QEMU. */
const SECURE: Partial<Record<Arch, { readonly machine: string; readonly globals: readonly string[] }>> = {
  amd64: { machine: ',smm=on', globals: ['-global', 'driver=cfi.pflash01,property=secure,value=on'] },
};

/** QEMU takes commas in values when they are doubled. */
const value = (text: string) => text.replaceAll(',', ',,');

/** A virtual device for the bus of the machine; what only those on PCI have is left out elsewhere. */
const virtio = (arch: Arch, device: string, properties = '', pciProperties = ''): string => {
  const { bus = 'pci' } = ARCHITECTURES[arch].qemu;
  return `virtio-${device}-${bus}${properties}${bus === 'pci' ? pciProperties : ''}`;
};

/** What the machine starts: the firmware, which finds the rest, or a kernel. */
const bootArguments = ({ kernel, varsFile }: VmBoot, firmwareCode: string): string[] =>
  kernel === undefined
    ? [
        ['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${value(firmwareCode)}`],
        ['-drive', `if=pflash,unit=1,format=raw,file=${value(varsFile)}`],
        // A network boot nobody answers costs a minute; the firmware is told not to try.
        ['-fw_cfg', 'name=opt/org.tianocore/IPv4PXESupport,string=n'],
        ['-fw_cfg', 'name=opt/org.tianocore/IPv6PXESupport,string=n'],
      ].flat()
    : [
        ['-kernel', kernel.kernel, '-append', kernel.commandLine],
        kernel.initrd === undefined ? [] : ['-initrd', kernel.initrd],
      ].flat();

const diskArguments = ({
  arch,
  disk,
  diskFormat = 'raw',
  isDiskReadOnly,
  ignoreFlush,
  kernel,
}: VmOptions): string[] => {
  if (disk === undefined) return [];
  const drive = [
    `if=none,id=disk,format=${diskFormat}`,
    // Every write reaches the host's page cache before the guest sees it done, so it survives the end of QEMU.
    `cache=${ignoreFlush === true ? 'unsafe' : 'writeback'}`,
    ...(isDiskReadOnly === true ? ['readonly=on'] : []),
    `file=${value(disk)}`,
  ];
  // A kernel that QEMU gives is what is started first.
  const first = kernel === undefined ? ',bootindex=0' : '';
  return ['-drive', drive.join(','), '-device', virtio(arch, 'blk', `,drive=disk${first}`)];
};

const cdromArguments = ({ arch, cdrom }: VmOptions): string[] =>
  cdrom === undefined
    ? []
    : [
        ['-drive', `if=none,id=cdrom,media=cdrom,format=raw,readonly=on,file=${value(cdrom)}`],
        ['-device', virtio(arch, 'scsi'), '-device', 'scsi-cd,drive=cdrom,bootindex=0'],
      ].flat();

const displayArguments = ({ arch, gui }: VmOptions): string[] =>
  gui === true
    ? [
        ['-display', 'gtk', '-device', arch === 'amd64' ? 'virtio-vga' : virtio(arch, 'gpu')],
        ['-device', 'qemu-xhci', '-device', 'usb-tablet'],
        // A PC has a keyboard that kernels know without modules; one at USB would get its keys.
        arch === 'amd64' ? [] : ['-device', 'usb-kbd'],
      ].flat()
    : ['-display', 'none'];

/** Command line of QEMU for a machine whose first serial port is QEMU's standard output. */
export const qemuArguments = (
  options: VmOptions,
  firmwareCode: string | undefined,
  qmpSocket: string,
): string[] => {
  const { machine, cpu } = ARCHITECTURES[options.arch].qemu;
  const secure = options.secureBoot === undefined ? undefined : SECURE[options.arch];
  const forwards = options.forwards.map(
    ({ hostPort, guestPort, protocol = 'tcp' }) => `,hostfwd=${protocol}:127.0.0.1:${hostPort}-:${guestPort}`,
  );
  const relays = (options.relays ?? []).map(
    ({ guestAddress, guestPort, command }) =>
      `,guestfwd=tcp:${guestAddress}:${guestPort}-cmd:${value(command)}`,
  );
  return [
    ['-nodefaults', '-no-user-config'],
    displayArguments(options),
    [
      '-machine',
      `${machine}${secure?.machine ?? ''}`,
      ...(secure?.globals ?? []),
      '-cpu',
      cpu,
      '-accel',
      options.instructionTime === true ? 'tcg,thread=single' : 'tcg,thread=multi',
      ...(options.instructionTime === true ? ['-icount', 'shift=0,sleep=on'] : []),
    ],
    ['-smp', String(options.cpus ?? 1), '-m', `${options.memoryMb}M`],
    bootArguments(options, firmwareCode ?? ''),
    diskArguments(options),
    cdromArguments(options),
    [
      '-netdev',
      `user,id=net${options.isolated === true ? ',restrict=on' : ''}${[...forwards, ...relays].join('')}`,
    ],
    ['-device', virtio(options.arch, 'net', ',netdev=net', ',romfile=')],
    ['-device', virtio(options.arch, 'rng')],
    options.watchdog === true ? ['-device', 'i6300esb', '-action', 'watchdog=reset'] : [],
    options.rtcBase === undefined ? [] : ['-rtc', `base=${options.rtcBase}`],
    options.snapshot === true ? ['-snapshot'] : [],
    [
      '-chardev',
      // Shared with QEMU's own keys, a keyboard can end what does not end by itself.
      `stdio,id=console,signal=off${options.interactive === true ? ',mux=on' : ''}`,
      '-serial',
      'chardev:console',
    ],
    [
      '-chardev',
      `socket,id=qmp,server=on,wait=off,path=${value(qmpSocket)}`,
      '-mon',
      'chardev=qmp,mode=control',
    ],
  ].flat();
};
