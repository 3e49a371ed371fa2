import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemPackages } from '@slipway/image';
import { parseClassFile, parseImageParts, mergeParts, parseSpecDocument } from '@slipway/image-spec';
import { lintImage, mergedContainers } from '@slipway/image-spec/lint';
import { applyLock, LOCK_FILE, readLock } from '@slipway/lock';
import { expect, test } from 'vitest';

const folder = join(import.meta.dirname, '..', 'infra', 'components');
const textOf = (name: string): string => readFileSync(join(folder, name), 'utf8');

test.each(['classes/gateway-x86.yml', 'classes/gateway-arm64.yml'])(
  '%s: the lock pins every package, and no container asks for more than it must',
  async (name) => {
    const value = parseClassFile(textOf(name), name);
    const parts = parseImageParts(value.images.map((image) => ({ name: image, text: textOf(image) })));
    const spec = mergeParts(parts);
    const { arch } = value;
    const lock = await readLock(join(folder, LOCK_FILE), LOCK_FILE);
    if (lock === undefined) throw new Error('the components have no lock');
    const own = { packages: systemPackages(spec), npm: false };
    const { lockedPackages } = applyLock(lock, spec, {
      arch,
      baseDir: folder,
      lockDir: folder,
      file: LOCK_FILE,
      own,
    });
    expect([...lockedPackages.keys()]).toEqual(expect.arrayContaining(Object.keys(spec.packages)));
    const found = lintImage({
      parts,
      containers: await mergedContainers(parts, () => Promise.resolve(undefined)),
      isLocked: true,
      deviceClass: { doc: parseSpecDocument(textOf(name), name), value },
    });
    // A VPN, an address, a shell, a clock and what is served are the network of the machine.
    expect(new Set(found.map(({ code }) => code))).toEqual(
      new Set(['HOST_NETWORK', 'USER_ROOT', 'SECURE_BOOT_OFF']),
    );
  },
);
