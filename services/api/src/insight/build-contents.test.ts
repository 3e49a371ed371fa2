import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Build, codeOf, CONTENTS_NAME } from '@slipway/protocol';
import { afterAll, expect, test } from 'vitest';
import { contentsOf } from '@slipway/sbom/testing';
import { openContentsReader } from './build-contents.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-contents-'));
afterAll(() => rmSync(folder, { recursive: true }));

const bytes = contentsOf({ 'etc/motd': 'oci:web' });
writeFileSync(join(folder, CONTENTS_NAME), bytes);
const reader = () => openContentsReader({ artifactPath: (_build, name) => join(folder, name) });
const digest = (of: Uint8Array): string => `sha256:${createHash('sha256').update(of).digest('hex')}`;
const build = (state: Build['state'], artifacts: readonly object[]): Build =>
  Build.parse({
    id: 'bld_0000000000000000',
    release: 'rel_0000000000000000',
    deviceClass: 'edge',
    version: '1.0.0',
    counter: 1,
    state,
    step: '',
    percent: 0,
    code: null,
    message: null,
    artifacts,
    priority: 'normal',
    causes: [],
    inputDigest: null,
    source: null,
    arch: 'amd64',
    needs: [],
    queue: null,
    attempts: 1,
    worker: null,
    retryOf: null,
    createdAt: new Date(0).toISOString(),
    startedAt: null,
    cancelledAt: null,
    finishedAt: null,
  });
const artifact = (of: Uint8Array) => ({ name: CONTENTS_NAME, size: of.length, digest: digest(of) });

test('the list of a build is read if it is the one that was built', async () => {
  expect(await reader().read(build('succeeded', [artifact(bytes)]))).toMatchObject({ files: 1 });
  const other = build('succeeded', [artifact(contentsOf({}))]);
  expect(await reader().read(other).catch(codeOf)).toBe('CONTENTS_INVALID');
});

test('a build without one says why', async () => {
  await expect(reader().read(build('succeeded', []))).rejects.toThrow(/of before. Build again/);
  await expect(reader().read(build('queued', []))).rejects.toThrow(/known once it is built/);
});
