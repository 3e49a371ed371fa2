import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A class of devices of an instance. Its releases are not tried in QEMU: that takes minutes for each. */
export type ClassOptions = {
  readonly name: string;
  readonly arch?: 'amd64' | 'arm64';
  /** that the class file names, as YAML */
  readonly triggers?: string;
};

const classFile = ({ name, arch = 'amd64', triggers = '[]' }: ClassOptions): string => `name: ${name}
arch: ${arch}
images: [../${name}.yml]
partitions: { esp: 160M, root: 320M, data: 96M }
qualification: off
outputs: []
triggers: ${triggers}
`;

/** As small as an image with a kernel can be: a build of it takes seconds. */
const imageFile = (greeting: string): string => `kernel:
  image: deb:kernel
  cmdline: panic=1
init:
  - deb:base
files:
  - path: etc/motd
    mode: '0644'
    contents: |
      ${greeting}
packages:
  kernel:
    install: ['linux-image-cloud-\${arch}']
    dependencies: ['linux-image-*']
  base:
    install: [netbase]
    dependencies: none
agent:
  enabled: false
`;

/** @returns what writes the image file of a class anew, so that its next build is another, or fails */
export const writeImages = async (folder: string, classes: readonly ClassOptions[]) => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'classes'), { recursive: true });
  const edit = (name: string, greeting: string): Promise<void> =>
    writeFile(join(folder, `${name}.yml`), imageFile(greeting));
  /** the next build of the class fails: it names an image that nobody has */
  const spoil = (name: string): Promise<void> =>
    writeFile(
      join(folder, `${name}.yml`),
      `${imageFile('never seen')}services: [{ name: web, image: 'oci:not-there' }]\n`,
    );
  for (const options of classes) {
    await writeFile(join(folder, 'classes', `${options.name}.yml`), classFile(options));
    await edit(options.name, 'A Slipway device.');
  }
  return { edit, spoil };
};
