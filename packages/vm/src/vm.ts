import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ARCHITECTURES, messageOf, SlipwayError, type Arch } from '@slipway/protocol';
import { ConsoleText, type ConsoleWait } from './console.ts';
import { endWithUs, isOnPath } from './end-with-us.ts';
import { prepareFirmware, requireFirmware } from './firmware.ts';
import { qemuArguments } from './qemu-arguments.ts';
import { outputPipe } from './output-pipe.ts';
import { qmpCommand } from './qmp.ts';

export type { ConsoleWait } from './console.ts';

/** A port of 127.0.0.1 that leads to a port of the guest. */
export type Forward = {
  readonly hostPort: number;
  readonly guestPort: number;
  /** default tcp */
  readonly protocol?: 'tcp' | 'udp';
};

/** An address that the guest reaches; for each of its connections a program runs, with the connection as its input and output. */
export type Relay = { readonly guestAddress: string; readonly guestPort: number; readonly command: string };

export type SecureBoot = { readonly keysDir: string } | 'setup-mode';

/** What QEMU starts by itself, without firmware. */
export type KernelFiles = {
  readonly kernel: string;
  readonly initrd?: string | undefined;
  readonly commandLine: string;
};

/** How a machine starts. */
export type VmBoot =
  | {
      /** EFI variables of this machine; made from the firmware's template if it does not exist; or an NBD URI */
      readonly varsFile: string;
      readonly kernel?: undefined;
    }
  | { readonly kernel: KernelFiles; readonly varsFile?: undefined };

export type DiskFormat = 'raw' | 'qcow2' | 'vmdk' | 'vpc';

export type VmOptions = VmBoot & {
  readonly arch: Arch;
  /** disk image, written to; or an NBD URI */
  readonly disk?: string | undefined;
  /** of the disk; default raw */
  readonly diskFormat?: DiskFormat | undefined;
  readonly isDiskReadOnly?: boolean | undefined;
  /** image of a disc in a drive, which is started first */
  readonly cdrom?: string | undefined;
  readonly memoryMb: number;
  /** everything printed on the serial port is appended here, as it came */
  readonly consoleLog: string;
  readonly forwards: readonly Forward[];
  readonly relays?: readonly Relay[];
  /** the guest reaches what its relays lead to, and nothing else */
  readonly isolated?: boolean;
  readonly cpus?: number;
  /**
   * The guest's time is counted in instructions, a nanosecond each: what takes time takes the same on every machine,
   * however busy that is. One processor.
   */
  readonly instructionTime?: boolean;
  /** where the guest's clock starts, such as `1970-01-01T00:00:00`; absent: now */
  readonly rtcBase?: string;
  /** discard what the guest writes */
  readonly snapshot?: boolean;
  /**
   * Flushes of the guest end in the host's page cache. What the guest wrote outlives QEMU all the same, though not a
   * crash of the host; waiting for the host's disk is left out.
   */
  readonly ignoreFlush?: boolean;
  /** an i6300esb watchdog that resets the machine (amd64) */
  readonly watchdog?: boolean;
  /**
   * Firmware with Secure Boot. A directory with `PK.pem`, `KEK.pem` and `db.pem`: new variables enrol them, and nothing
   * unsigned starts; `setup-mode`: whatever starts first may enrol keys.
   */
  readonly secureBoot?: SecureBoot;
  /** the keyboard of this process is that of the console; Ctrl-A X ends the machine */
  readonly interactive?: boolean | undefined;
  /** a screen in a window, with keyboard and pointer */
  readonly gui?: boolean | undefined;
};

export type VmExit = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** what QEMU complained of */
  readonly said: string;
};

export type Vm = {
  readonly arch: Arch;
  readonly pid: number;
  /** last megabyte of the console, without escape sequences */
  readonly console: () => string;
  /** characters printed so far; pass it as `from` to wait for what comes next */
  readonly consolePosition: () => number;
  /** @throws {SlipwayError} VM_FAILED on timeout or end of QEMU, quoting the console */
  readonly waitForConsole: (pattern: RegExp, wait: ConsoleWait) => Promise<RegExpExecArray>;
  /** as if the plug were pulled */
  readonly kill: () => Promise<VmExit>;
  /** as if the reset button were pressed */
  readonly reset: () => Promise<void>;
  /** QEMU ends when the guest resets the next time, so that its disk can be changed before it goes on in another */
  readonly stopAtReset: () => Promise<void>;
  /** ends QEMU in order; the guest is not asked */
  readonly shutdown: () => Promise<VmExit>;
  readonly exited: Promise<VmExit>;
};

/** It starts QEMU so that QEMU ends with this process. */
const STARTER = { program: 'setpriv', package: 'util-linux' } as const;

const requirePrograms = async (arch: Arch): Promise<void> => {
  for (const { program, package: name } of [STARTER, ARCHITECTURES[arch].qemu])
    if (!(await isOnPath(program)))
      throw new SlipwayError(
        'TOOL_MISSING',
        `expected the program ${program}, which is not installed; install the Debian package ${name}`,
        { details: { tool: program, package: name } },
      );
};

/** @throws {SlipwayError} TOOL_MISSING where this QEMU has no windows */
const requireWindows = async (arch: Arch): Promise<void> => {
  const { stdout } = await promisify(execFile)(ARCHITECTURES[arch].qemu.program, ['-display', 'help']);
  if (stdout.split('\n').includes('gtk')) return;
  const name = 'qemu-system-gui';
  throw new SlipwayError(
    'TOOL_MISSING',
    `expected a QEMU that opens windows; install the Debian package ${name}`,
    { details: { tool: 'gtk', package: name } },
  );
};

/**
 * Whether devices of an architecture can be started here.
 *
 * @throws {SlipwayError} TOOL_MISSING naming the package to install
 */
export const requireQemu = async (arch: Arch): Promise<void> => {
  await requirePrograms(arch);
  await requireFirmware(arch);
};

const started = async (child: ChildProcess, arch: Arch): Promise<number> => {
  try {
    await once(child, 'spawn');
  } catch (cause) {
    throw new SlipwayError(
      'VM_FAILED',
      `${ARCHITECTURES[arch].qemu.program} could not be started: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
  return child.pid ?? 0;
};

/**
 * Starts a virtual device, without KVM. It runs until it is ended by `kill` or `shutdown`, QEMU fails, or this process
 * ends, however that does.
 *
 * @throws {SlipwayError} TOOL_MISSING naming the package to install, VM_FAILED
 */
export const startVm = async (options: VmOptions): Promise<Vm> => {
  const { program } = ARCHITECTURES[options.arch].qemu;
  await requirePrograms(options.arch);
  if (options.gui === true) await requireWindows(options.arch);
  const firmware =
    options.kernel === undefined
      ? await prepareFirmware(options.arch, options.varsFile, options.secureBoot)
      : undefined;
  // Whoever shows the console finds it there, however soon QEMU ends.
  const log = createWriteStream(options.consoleLog, { flags: 'a' });
  await once(log, 'open');
  // The path of a Unix socket is short; the caller's directory may not be.
  const socketDir = mkdtempSync(join(tmpdir(), 'slipway-vm-'));
  const qmpSocket = join(socketDir, 'qmp');
  const pipe = outputPipe();
  const call = endWithUs({ program, args: qemuArguments(options, firmware, qmpSocket) });
  const child = spawn(call.program, call.args, {
    stdio: [options.interactive === true ? 'inherit' : 'ignore', pipe.writeEnd, 'pipe'],
  });
  pipe.started();
  const text = new ConsoleText();
  let complaints = '';
  pipe.readable.on('data', (chunk: Buffer) => {
    log.write(chunk);
    text.append(chunk.toString('latin1'));
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-4096);
  });
  const printed = once(pipe.readable, 'close');
  const exited = new Promise<VmExit>((resolve) => {
    child.on('close', (code, signal) => {
      void printed.then(() => {
        const said = complaints.trim();
        text.end(`QEMU ended with ${code ?? signal ?? 'no status'}${said === '' ? '' : ` (${said})`}`);
        log.end();
        rmSync(socketDir, { recursive: true, force: true });
        resolve({ code, signal, said });
      });
    });
  });
  const pid = await started(child, options.arch);
  return {
    arch: options.arch,
    pid,
    console: () => text.text(),
    consolePosition: () => text.position(),
    waitForConsole: async (pattern, wait) => await text.waitFor(pattern, wait),
    kill: async () => {
      child.kill('SIGKILL');
      return await exited;
    },
    reset: async () => {
      await qmpCommand(qmpSocket, 'system_reset');
    },
    stopAtReset: async () => {
      await qmpCommand(qmpSocket, 'set-action', { reboot: 'shutdown' });
    },
    shutdown: async () => {
      child.kill('SIGTERM');
      return await exited;
    },
    exited,
  };
};
