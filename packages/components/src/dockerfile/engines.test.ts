import { expect, test } from 'vitest';
import { buildahArgs, ulimits } from './buildah.ts';
import { buildxArgs } from './buildkit.ts';
import { openBuildx } from './buildx.ts';
import { isHandled, parseHandler } from './emulation.ts';
import type { EngineJob } from './engine.ts';
import { parseDockerfile } from './parse-dockerfile.ts';

const job: EngineJob = {
  work: '/cache/work',
  arch: 'arm64',
  build: { target: 'run', args: { A: 'b c' }, network: 'none' },
  dockerfile: parseDockerfile('FROM a', { file: 'D', arch: 'arm64', args: {} }),
  bases: [{ name: 'docker.io/library/debian:latest', folder: 'bases/0', index: 'sha256:00' }],
  wantsEpoch: true,
};
const LIMITS =
  'Limit                     Soft Limit           Hard Limit           Units\n' +
  'Max processes             96365                96365                processes\n' +
  'Max open files            1024                 20000                files\n';

test('buildah asks for the limits that hold', () => {
  expect(ulimits(LIMITS)).toEqual(['--ulimit=nofile=20000:20000', '--ulimit=nproc=96365:96365']);
  expect(ulimits(LIMITS.replaceAll('20000', 'unlimited'))[0]).toBe('--ulimit=nofile=1048576:1048576');
  expect(ulimits('')[1]).toBe('--ulimit=nproc=1048576:1048576');
});

test('buildah fetches no image, and gives every file the same time', () => {
  const args = buildahArgs(job, LIMITS);
  expect(args).toEqual(
    expect.arrayContaining([
      '--pull-never',
      '--isolation=chroot',
      '--timestamp=0',
      '--arch=arm64',
      '--target=run',
      '--build-arg=A=b c',
      '--build-arg=SOURCE_DATE_EPOCH=0',
      '--build-context=docker.io/library/debian:latest=docker-image://oci:/work/bases/0:base',
    ]),
  );
  expect(args.at(-1)).toBe('/work/context');
  expect(buildahArgs({ ...job, wantsEpoch: false }, LIMITS).join(' ')).not.toContain('EPOCH');
});

test('BuildKit is given base images as layouts, by the names it looks for', () => {
  const args = buildxArgs(job);
  expect(args).toEqual(
    expect.arrayContaining([
      '--no-cache',
      '--platform=linux/arm64',
      '--target=run',
      '--network=none',
      '--build-arg=A=b c',
      '--build-context=debian=oci-layout:///cache/work/bases/0@sha256:00',
      '--output=type=oci,tar=false,dest=/cache/work/out,rewrite-timestamp=true',
    ]),
  );
  expect(args.at(-1)).toBe('/cache/work/context');
});

test.each(['buildkit.example', 'http://buildkit.example', 'docker+', 'docker+ssh://x', 'tcp://'])(
  'an address that BuildKit has none of is refused: %s',
  async (address) => {
    await expect(openBuildx({ address }, '/nowhere')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  },
);

test('a handler counts if it is on, is for the architecture, and reaches into other roots', () => {
  const handler = parseHandler(':qemu-x:M::\\x7fEL\\x02:\\xff\\xff:/usr/bin/qemu-x:OPF');
  expect(handler).toEqual({ name: 'qemu-x', magic: '7f454c02' });
  const entry = 'enabled\ninterpreter /usr/bin/qemu-x\nflags: OPF\noffset 0\nmagic 7f454c02\nmask ffff\n';
  expect(isHandled(entry, '7f454c02')).toBe(true);
  expect(isHandled(entry, '7f454c03')).toBe(false);
  expect(isHandled(entry.replace('OPF', 'OP'), '7f454c02')).toBe(false);
  expect(isHandled(entry.replace('enabled', 'disabled'), '7f454c02')).toBe(false);
  expect(parseHandler('# nothing')).toBeUndefined();
});
