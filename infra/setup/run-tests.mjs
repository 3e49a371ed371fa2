/**
 * `npm test`: the static checks, then every vitest project. Ends with one line, `N passed, N failed`, summed over all
 * runners; a check counts as one test each. Arguments go to vitest, and then the checks are left out.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment, pinnedNode } from './npm-packages.mjs';

const CHECKS = [
  { name: 'format', script: 'prettier/bin/prettier.cjs', args: ['--check', '--log-level=warn', '.'] },
  { name: 'types', script: 'typescript/bin/tsc', args: ['--noEmit'] },
  { name: 'lint', script: 'oxlint/bin/oxlint', args: ['--type-aware', '--deny-warnings'] },
];

/** @returns exit status */
export const runTests = (root, args) => {
  const env = environment(root);
  const node = (script, rest) =>
    spawnSync(pinnedNode(root), [join(root, 'node_modules', script), ...rest], {
      cwd: root,
      env,
      stdio: 'inherit',
    });
  let passed = 0;
  let failed = 0;

  for (const check of args.length > 0 ? [] : CHECKS) {
    const ok = node(check.script, check.args).status === 0;
    console.log(`${ok ? 'ok' : 'FAILED'}  check ${check.name}`);
    if (ok) passed += 1;
    else failed += 1;
  }

  const folder = mkdtempSync(join(tmpdir(), 'slipway-test-'));
  try {
    const report = join(folder, 'vitest.json');
    const run = node('vitest/vitest.mjs', [
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ]);
    const counts = JSON.parse(readFileSync(report, 'utf8'));
    passed += counts.numPassedTests;
    failed += counts.numFailedTests;
    // A file that cannot be loaded has no tests that could fail, yet nothing about it passed.
    if (run.status !== 0 && counts.numFailedTests === 0) failed += 1;
  } catch (error) {
    console.error(`vitest left no report: ${error.message}`);
    failed += 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
};
