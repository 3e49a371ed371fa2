import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callIn } from './testing/call.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-completion-'));
  for (const name of ['edge.yml', 'extra.yml']) writeFileSync(join(folder, name), '');
  const { out } = await callIn(folder)('completion', 'bash');
  const ask = 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _slipway; printf "%s\\n" "${COMPREPLY[@]}"';
  // What asks the server is tried against one where there is one.
  const server = `slipway() { [[ "$1" == complete ]] && printf '%s\\n' "$2-1" "$2-2" other; }`;
  writeFileSync(join(folder, 'complete.sh'), `${out}\n${server}\n${ask}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  [['sb'], ['sbom']],
  [
    ['cache', ''],
    ['path', 'ls', 'prune', 'export', 'import'],
  ],
  [['cache', 'prune', '--o'], ['--older-than']],
  [
    ['sbom', 'diff', '--'],
    ['--exit-code', '--json', '--help'],
  ],
  [['groups', 're'], ['remove']],
  [
    ['groups', 'add', 'g'],
    ['group-1', 'group-2'],
  ],
  [
    ['group', 'add', 'cellar', 'gate-1', 'd'],
    ['device-1', 'device-2'],
  ],
  [
    ['devices', 'tag', 'e'],
    ['edge.yml', 'extra.yml'],
  ],
  [['context', 'add', 'ex'], ['extra.yml']],
  [
    ['device', 're'],
    ['rename', 'reject', 'revoke', 'reboot', 'rebirth'],
  ],
  [['licenses', '--n'], ['--notices']],
  [
    ['completion', ''],
    ['bash', 'zsh'],
  ],
  [
    ['build', 'e'],
    ['edge.yml', 'extra.yml'],
  ],
  [
    ['build', '--format', 'tar'],
    ['tar', 'tar-kernel-initrd'],
  ],
  [
    ['lock', '--arch', 'ar'],
    ['arm64', 'arm/v7'],
  ],
  [['build', '--sbom', 's'], ['spdx']],
  [['build', '--progress', 'p'], ['plain']],
  [
    ['lint', '--fail-on', 'n'],
    ['note', 'never'],
  ],
])('bash completes %j', (words, expected) => {
  const found = execFileSync('bash', ['complete.sh', 'slipway', ...words], { cwd: folder, encoding: 'utf8' });
  expect(found.trim().split('\n')).toEqual(expected);
});
