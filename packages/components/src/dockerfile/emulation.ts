import { ARCHITECTURES, messageOf, SlipwayError, type Arch } from '@slipway/protocol';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../run-tool.ts';
import { BUILD_ARCH } from './platforms.ts';

const BINFMT = '/proc/sys/fs/binfmt_misc';
/** Where qemu-user-binfmt says what programs of each architecture look like. */
const HANDLERS = '/usr/lib/binfmt.d';

const unavailable = (arch: Arch, why: string, cause?: unknown): SlipwayError =>
  new SlipwayError('EMULATION_UNAVAILABLE', `programs for ${arch} cannot run here, which RUN needs: ${why}`, {
    cause,
    details: { arch },
  });

/** `\x7f\x45` as the kernel shows it: 7f45. */
const hexOf = (magic: string): string =>
  [...magic.matchAll(/\\x([0-9a-f]{2})|(.)/gi)]
    .map(([, hex, char]) => hex ?? (char ?? '').charCodeAt(0).toString(16).padStart(2, '0'))
    .join('');

/** A line such as `:qemu-aarch64:M:offset:magic:mask:interpreter:flags`. */
export const parseHandler = (line: string): { readonly name: string; readonly magic: string } | undefined => {
  const [, name, , , magic] = line.trim().split(':');
  return name === undefined || magic === undefined ? undefined : { name, magic: hexOf(magic) };
};

/** Whether the kernel starts programs of this kind, also within a root that lacks the emulator (flag F). */
export const isHandled = (entry: string, magic: string): boolean =>
  /^enabled$/m.test(entry) && /^flags: \w*F/m.test(entry) && entry.includes(`magic ${magic}\n`);

const entries = async (): Promise<string[]> => {
  const names = (await readdir(BINFMT)).filter((name) => name !== 'register' && name !== 'status');
  return Promise.all(names.map((name) => readFile(join(BINFMT, name), 'utf8').catch(() => '')));
};

/** What `mount` says, without the words of the command and its advice. */
const reasonOf = (error: unknown): string =>
  /^mount: \S+: (.+)$/m.exec(messageOf(error))?.[1]?.replace(/\.$/, '') ?? messageOf(error).trim();

const mountBinfmt = async (arch: Arch): Promise<void> => {
  if ((await readdir(BINFMT).catch((): string[] => [])).includes('register')) return;
  await runTool('mount', ['-t', 'binfmt_misc', 'binfmt_misc', BINFMT], { package: 'mount' }).catch(
    async (cause: unknown) => {
      // Another process may have been faster.
      if ((await readdir(BINFMT).catch((): string[] => [])).includes('register')) return;
      throw unavailable(
        arch,
        `binfmt_misc cannot be mounted at ${BINFMT} (${reasonOf(cause)}); mount it on the machine itself and register QEMU there, or build on a machine of that architecture`,
        cause,
      );
    },
  );
};

/**
 * Has the kernel run programs of another architecture by qemu-user. Handlers that are there are left as they are.
 *
 * @throws {SlipwayError} EMULATION_UNAVAILABLE
 */
export const ensureEmulation = async (arch: Arch): Promise<void> => {
  if (arch === BUILD_ARCH) return;
  // As the program that emulates a whole machine.
  const name = ARCHITECTURES[arch].qemu.program.replace('qemu-system-', 'qemu-');
  const file = join(HANDLERS, `${name}.conf`);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw unavailable(arch, `${file} is missing; install qemu-user-binfmt`, cause);
  });
  const line = text.split('\n').find((one) => one.startsWith(':')) ?? '';
  const handler = parseHandler(line);
  if (handler === undefined)
    throw unavailable(arch, `${file} holds no handler; install qemu-user-binfmt again`);
  await mountBinfmt(arch);
  const isThere = async (): Promise<boolean> =>
    (await entries()).some((entry) => isHandled(entry, handler.magic));
  if (await isThere()) return;
  // Under a name of its own, beside one that works differently: the newest wins.
  const own = line.trim().replace(`:${handler.name}:`, `:slipway-${handler.name}:`);
  await writeFile(join(BINFMT, 'register'), own).catch(async (cause: unknown) => {
    if (await isThere()) return;
    throw unavailable(
      arch,
      `the handler of ${file} cannot be registered (${messageOf(cause)}); register it on the machine itself (systemctl restart systemd-binfmt), or build on a machine of that architecture`,
      cause,
    );
  });
};
