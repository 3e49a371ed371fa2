import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packRepository } from '@slipway/components';

/** Of `slipway build --all`. */
export const CLASSES = 10;

const IMAGE_FILE = `kernel:
  image: deb:kernel
services:
  - name: dhcp
    image: oci:oci/dhcp
  - name: web
    image: oci:oci/web
variables:
  site:
files:
  - path: srv/www/index.html
    mode: '0644'
    contents: |
      <!doctype html>
      <title>\${site}</title>
packages:
  kernel:
    install: ['linux-image-cloud-\${arch}']
    dependencies: ['linux-image-*']
agent:
  enabled: false
`;

const classFile = (name: string, arch: string): string => `name: ${name}
arch: ${arch}
images: [../gate.yml]
variables:
  site: ${name}
drivers: [virtio_pci, virtio_blk, virtio_net]
partitions: { esp: 40M, root: 16M, data: 8M }
`;

export const className = (number: number): string => `gate-${String(number).padStart(2, '0')}`;

/**
 * An image repository with classes that have every component in common, and each a text of its own: the web server and
 * the DHCP client of the demo on Debian's kernel.
 *
 * @param root of the checkout
 * @param dir is emptied
 */
export const makeClassRepository = async (
  root: string,
  dir: string,
  cacheDir: string,
  arch: string,
): Promise<void> => {
  await rm(dir, { recursive: true, force: true });
  const components = join(root, 'infra', 'demo', 'images', 'components');
  await cp(components, join(dir, 'components'), { recursive: true });
  await packRepository(dir, { cacheDir, log: () => undefined });
  await mkdir(join(dir, 'classes'));
  await writeFile(join(dir, 'gate.yml'), IMAGE_FILE);
  for (let number = 1; number <= CLASSES; number += 1) {
    const name = className(number);
    await writeFile(join(dir, 'classes', `${name}.yml`), classFile(name, arch));
  }
};
