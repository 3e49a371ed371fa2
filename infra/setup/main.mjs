/**
 * Entry of the npm scripts: brings the machine to where Slipway runs, then starts what was asked for on the pinned Node.
 *
 *   node infra/setup/main.mjs demo|test|up|bench|campaign|fleet-sim|screenshots|docs [arguments]
 */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environment, installNpmPackages, pinnedNode } from './npm-packages.mjs';
import { runTests } from './run-tests.mjs';
import { installSystemPackages } from './system-packages.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const [task, ...args] = process.argv.slice(2);

/** What runs for each task, on the pinned Node; the file is TypeScript, run by type stripping. */
const PROGRAMS = {
  demo: 'infra/demo/src/main.ts',
  up: 'infra/local/src/main.ts',
  bench: 'infra/bench/src/main.ts',
  campaign: 'infra/campaign/src/main.ts',
  'fleet-sim': 'infra/fleet-sim/src/main.ts',
  screenshots: 'infra/browser/src/main.ts',
  docs: 'test/docs/write.ts',
};

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(
    `Slipway needs Node 20 or later to start (this is ${process.version}); it then brings the Node that it runs on.`,
  );
  process.exit(69);
}
if (task !== 'test' && PROGRAMS[task] === undefined) {
  console.error(`Say what to run: ${['test', ...Object.keys(PROGRAMS)].join(', ')}.`);
  process.exit(64);
}

const asksForHelp = args.includes('--help') || args.includes('-h');
if (!asksForHelp) installSystemPackages();
installNpmPackages(root);

if (task === 'test') process.exit(await runTests(root, args));

const child = spawn(pinnedNode(root), [join(root, PROGRAMS[task]), ...args], {
  env: environment(root),
  stdio: 'inherit',
});
// The terminal sends Ctrl-C to the whole group; this process only waits for the child to clean up and end.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
