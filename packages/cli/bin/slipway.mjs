#!/usr/bin/env node
/**
 * The `slipway` command: starts it on the Node that Slipway pins, whatever Node runs this file (18 or later).
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = join(dirname(fileURLToPath(import.meta.url)), '..', 'src', 'main.ts');

/** npm puts dependencies beside the package or into any folder above it. */
const findPinnedNode = () => {
  for (let folder = dirname(main); ; folder = dirname(folder)) {
    const node = join(folder, 'node_modules', 'node', 'bin', 'node');
    if (existsSync(node)) return node;
    if (folder === dirname(folder)) return undefined;
  }
};

const node = findPinnedNode();
if (node === undefined) {
  console.error(
    'NODE_TOO_OLD: Slipway runs on a Node of its own, which is not installed (this is ' +
      `${process.version}). Run "npm install" in the checkout; with npm 12 or later also "npm approve-scripts node".`,
  );
  process.exit(69);
}

const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
// The terminal sends Ctrl-C to both; this process only waits for the other to clean up.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(
    `NODE_TOO_OLD: ${node} does not start: ${error.message}. Run "npm install" in the checkout again.`,
  );
  process.exit(69);
});
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
