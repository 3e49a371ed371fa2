/**
 * `npm test`: the static checks, then every vitest project. Ends with one line, `N passed, N failed`, summed over all
 * runners; a check counts as one test each. Arguments go to vitest, and then the checks are left out.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment, pinnedNode } from './npm-packages.mjs';

const CHECKS = [
  { name: 'format', script: 'prettier/bin/prettier.cjs', args: ['--check', '--log-level=warn', '.'] },
  { name: 'types', script: 'typescript/bin/tsc', args: ['--noEmit'] },
  {
    name: 'types of the dashboard',
    script: 'typescript/bin/tsc',
    args: ['--noEmit', '-p', 'packages/dashboard'],
  },
  { name: 'lint', script: 'oxlint/bin/oxlint', args: ['--type-aware', '--deny-warnings'] },
];

/** Side by side: machines in QEMU keep one processor busy and wait much, the other tests wait much for one another. */
const RUNNERS = [
  ['--project', 'unit', '--project', 'integration'],
  ['--project', 'system', '--project', 'browser'],
];

/** @returns exit status */
export const runTests = async (root, args) => {
  const env = environment(root);
  const node = (script, rest) => {
    const child = spawn(pinnedNode(root), [join(root, 'node_modules', script), ...rest], {
      cwd: root,
      env,
      stdio: 'inherit',
    });
    return new Promise((resolve) => {
      child.once('error', (error) => {
        console.error(`${script}: ${error.message}`);
        resolve(1);
      });
      child.once('close', (status) => resolve(status ?? 1));
    });
  };
  let passed = 0;
  let failed = 0;

  for (const check of args.length > 0 ? [] : CHECKS) {
    const ok = (await node(check.script, check.args)) === 0;
    console.log(`${ok ? 'ok' : 'FAILED'}  check ${check.name}`);
    if (ok) passed += 1;
    else failed += 1;
  }

  const folder = mkdtempSync(join(tmpdir(), 'slipway-test-'));
  const vitest = async (rest, index) => {
    const report = join(folder, `vitest-${index}.json`);
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const status = await node('vitest/vitest.mjs', ['run', ...reporters, ...rest]);
    try {
      const counts = JSON.parse(readFileSync(report, 'utf8'));
      passed += counts.numPassedTests;
      failed += counts.numFailedTests;
      // A file that cannot be loaded has no tests that could fail, yet nothing about it passed.
      if (status !== 0 && counts.numFailedTests === 0) failed += 1;
    } catch (error) {
      console.error(`vitest left no report: ${error.message}`);
      failed += 1;
    }
  };
  try {
    await Promise.all((args.length > 0 ? [args] : RUNNERS).map(vitest));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
};
