import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '@slipway/protocol';

const must = (command: readonly string[], cwd: string): void => {
  const [program = '', ...args] = command;
  const { status, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status === 0) return;
  throw new SlipwayError(
    'TOOL_FAILED',
    `${command.join(' ')}: ${error === undefined ? stderr.slice(-2000) : error.message}`,
  );
};

/**
 * A directory with Debian packages and all they need, and nothing else: what runs in it shares no page with this
 * machine, so that its memory is its own.
 *
 * @returns its path
 */
export const makeRoot = async (
  slipway: string,
  dir: string,
  name: string,
  packages: readonly string[],
): Promise<string> => {
  const work = join(dir, name);
  const root = join(work, 'root');
  await rm(work, { recursive: true, force: true });
  await mkdir(root, { recursive: true });
  const lines = [
    `packages:`,
    `  ${name}:`,
    `    install: [${packages.join(', ')}]`,
    `init: ['deb:${name}']`,
    '',
  ];
  await writeFile(join(work, `${name}.yml`), lines.join('\n'));
  const build = [
    'build',
    '--format=tar',
    '--arch=amd64',
    `--name=${name}`,
    '--no-lock',
    '--quiet',
    '--no-sbom',
    '--no-provenance',
    '--no-contents',
  ];
  must([slipway, ...build, `${name}.yml`], work);
  must(['tar', '-C', root, '-xf', `${name}.tar`], work);
  await rm(join(work, `${name}.tar`));
  for (const folder of ['data', 'tmp', 'run/dbus', 'root', 'proc', 'dev', 'etc'])
    await mkdir(join(root, folder), { recursive: true });
  await writeFile(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/usr/bin/sh\nmessagebus:x:100:100::/:/bin/false\n',
  );
  await writeFile(join(root, 'etc/group'), 'root:x:0:\nmessagebus:x:100:\n');
  return root;
};

/**
 * Runs a command in a root, with as many open files as the kernel allows the first program of a device.
 *
 * @param binds paths of this machine that it sees too, at the same place
 */
export const bwrap = (
  root: string,
  binds: readonly string[],
  command: readonly string[],
): readonly string[] => [
  'prlimit',
  '--nofile=1024:4096',
  'bwrap',
  '--bind',
  root,
  '/',
  ...binds.flatMap((path) => ['--bind', path, path]),
  '--proc',
  '/proc',
  '--dev',
  '/dev',
  '--unshare-pid',
  '--die-with-parent',
  ...command,
];
