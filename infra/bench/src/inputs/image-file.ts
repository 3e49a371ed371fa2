import { CHANGED, type Image } from './images.ts';

const ONBOOT = ['sysctl', 'dhcpcd'];
const INIT = ['init', 'runc', 'containerd'];

/**
 * The image file of a version: the same for both builders but for how they name images. LinuxKit finds out what it may
 * take from an earlier tar by the specification inside it, so that is put in.
 */
export const imageFile = (
  images: readonly Image[],
  version: string,
  referenceOf: (image: Image) => string,
): string => {
  const used = images.filter(({ name, tag }) => name !== CHANGED || tag === version);
  const references = new Map(used.map((image) => [image.name, referenceOf(image)]));
  const services = used
    .map(({ name }) => name)
    .filter((name) => ![...INIT, ...ONBOOT, 'kernel'].includes(name));
  const container = (name: string): string => `  - name: ${name}\n    image: ${references.get(name)}\n`;
  return `kernel:
  image: ${references.get('kernel')}
  cmdline: console=ttyS0
init:
${INIT.map((name) => `  - ${references.get(name)}\n`).join('')}onboot:
${ONBOOT.map(container).join('')}services:
${services.map(container).join('')}files:
  - path: etc/bench.conf
    contents: "measured: yes\\n"
    mode: "0644"
  - path: etc/linuxkit.yml
    metadata: yaml
`;
};
