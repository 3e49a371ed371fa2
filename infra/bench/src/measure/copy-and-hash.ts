/**
 * Copies files once and hashes them, and nothing else: what any builder pays for its output at the least.
 *
 *   node copy-and-hash.ts FOLDER FILE…
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';

const [folder = '', ...files] = process.argv.slice(2);
const buffer = Buffer.allocUnsafe(1 << 20);
for (const file of files) {
  const hash = createHash('sha256');
  const [from, to] = [openSync(file, 'r'), openSync(join(folder, basename(file)), 'w')];
  for (let read = readSync(from, buffer); read > 0; read = readSync(from, buffer)) {
    hash.update(buffer.subarray(0, read));
    writeSync(to, buffer, 0, read);
  }
  closeSync(from);
  closeSync(to);
  console.log(hash.digest('hex'), file);
}
