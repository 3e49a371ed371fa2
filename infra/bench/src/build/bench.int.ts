import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { benchBuild } from './bench.ts';
import { BuildBench } from './result.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const TINY = ['--scale', '0.01', '--runs', '2', '--arch', 'amd64', '--no-classes'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const bench = async (...args: string[]): Promise<{ status: number; printed: string }> => {
  const lines: string[] = [];
  const status = await benchBuild(root, [...TINY, '--dir', join(folder, 'bench'), ...args], (line) =>
    lines.push(line),
  );
  return { status, printed: lines.join('\n') };
};
const resultOf = (file: string): BuildBench => BuildBench.parse(JSON.parse(readFileSync(file, 'utf8')));

test('without linuxkit its figures are recorded ones, and nothing is put in proportion to them', async () => {
  vi.stubEnv('PATH', '/usr/bin:/bin');
  const { status, printed } = await bench('--keep');
  expect(status).toBe(0);
  const result = resultOf(join(folder, 'bench', 'build.json'));
  expect(result.inputs?.images).toBe(11);
  expect(result.classes).toEqual([]);
  expect(result.measures.map((measure) => `${measure.output} ${measure.case}`)).toEqual([
    'kernel+initrd first',
    'kernel+initrd warm',
    'tar first',
    'tar warm',
    'tar described',
    'tar rebuild',
  ]);
  for (const { cpuSeconds, peakRssBytes, bytesOut, identical, ratio, copy } of result.measures) {
    expect(cpuSeconds.median).toBeGreaterThan(0);
    expect(peakRssBytes.median).toBeGreaterThan(10 * 1024 * 1024);
    expect(bytesOut).toBeGreaterThan(100_000);
    expect(copy.cpuSeconds.median).toBeGreaterThan(0);
    expect(identical).toBe(true);
    expect(ratio).toBeNull();
  }
  expect(result.measures.map(({ peer }) => peer?.source)).toEqual([
    undefined,
    'recorded',
    undefined,
    'recorded',
    undefined,
    'recorded',
  ]);
  expect(printed).toMatch(/linuxkit +5\.6 recorded +6\.2 recorded +600 recorded/);
  expect(printed).not.toMatch(/ratio/);
  expect(readdirSync(join(folder, 'bench', 'work', 'out'))).toContain('bench.tar');
});

/** Stands in for LinuxKit: says what it is asked for and writes something. */
const LINUXKIT = `#!/bin/sh
echo "$LINUXKIT_CACHE $*" >> '@log@'
case $1 in
version) echo 'linuxkit version v0-test' ;;
build) for word; do case $word in --dir=*) dir=\${word#--dir=} ;; esac; done; echo image > "$dir/bench.tar" ;;
esac
`;

test('with linuxkit on the PATH it builds the same layouts, and both are put in proportion', async () => {
  const log = join(folder, 'linuxkit.log');
  writeFileSync(join(folder, 'linuxkit'), LINUXKIT.replace('@log@', log));
  chmodSync(join(folder, 'linuxkit'), 0o755);
  vi.stubEnv('PATH', [folder, '/usr/bin', '/bin'].join(delimiter));
  const { status, printed } = await bench('--runs', '1', '--json', join(folder, 'result.json'));
  expect(status).toBe(0);
  const { measures } = resultOf(join(folder, 'result.json'));
  for (const { peer, ratio } of measures.filter(({ goal }) => goal !== null)) {
    expect(peer).toMatchObject({ source: 'measured', version: 'v0-test' });
    expect(ratio?.cpu).toBeGreaterThan(0);
  }
  expect(printed).toMatch(/ratio/);
  const said = readFileSync(log, 'utf8').trim().split('\n');
  const layouts = readdirSync(join(folder, 'bench', 'inputs', 'layouts'));
  expect(said.filter((line) => / cache import /.test(line))).toHaveLength(layouts.length);
  const rebuild = said.find((line) => line.includes('linuxkit-2.yml'));
  expect(rebuild).toMatch(/ build --format=tar .* --no-sbom --input-tar=\S+\.tar linuxkit-2\.yml$/);
  expect(
    said.every(
      (line) => line.startsWith(join(folder, 'bench', 'work', 'linuxkit-cache')) || line.endsWith('version'),
    ),
  ).toBe(true);
  expect(existsSync(join(folder, 'bench', 'work'))).toBe(false);
});
