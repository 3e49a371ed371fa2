/** npm packages by the lock file, the pinned Node among them. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const stamp = (root) => join(root, 'node_modules', '.slipway-lock');
const lockDigest = (root) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');

export const pinnedNode = (root) => join(root, 'node_modules', 'node', 'bin', 'node');

const isCurrent = (root) =>
  existsSync(pinnedNode(root)) &&
  existsSync(stamp(root)) &&
  readFileSync(stamp(root), 'utf8') === lockDigest(root);

export const installNpmPackages = (root) => {
  if (isCurrent(root)) return;
  console.log('Installing npm packages from package-lock.json, among them the Node that Slipway runs on …');
  const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (done.status !== 0) {
    console.error('\nnpm ci failed; its output above says why. Run it again once that is mended.');
    process.exit(69);
  }
  if (!existsSync(pinnedNode(root))) {
    console.error(
      '\nThe npm package "node" is installed, but its install script did not run, so the Node that Slipway needs is missing.\n' +
        'Allow that script (npm 12 reads "allowScripts" of package.json; check "npm config get ignore-scripts") and run again.',
    );
    process.exit(69);
  }
  writeFileSync(stamp(root), lockDigest(root));
};

/** Environment in which `node` is the pinned one, also for programs that look it up on the PATH. */
export const environment = (root) => ({
  ...process.env,
  PATH: [
    join(root, 'node_modules', 'node', 'bin'),
    join(root, 'node_modules', '.bin'),
    process.env.PATH,
    '/usr/sbin',
    '/sbin',
  ].join(delimiter),
});
