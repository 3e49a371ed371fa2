import { createHash } from 'node:crypto';
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { packRepository } from '@slipway/components';
import { buildAgent } from '@slipway/device-agent/build-agent';
import { buildImage } from '@slipway/image';
import { BuildRequest, Digest, type WholeChainArch, type BuildResult } from '@slipway/protocol';

/**
 * Says on the console when it runs, by the clock of the guest, with how long that was idle (seconds) and how long it waited for
 * its disk (hundredths), which does not count as idle; and becomes the program of the service.
 */
const announced = (name: string, command: string): string => `
    command: [/usr/bin/busybox, sh, -c, 'read -r up idle < /proc/uptime; read -r _ _ _ _ _ wait _ < /proc/stat; echo "bench: ${name} runs $up $idle $wait" > /dev/console; exec ${command}']
    devices: [{ path: /dev/console, type: c, major: 5, minor: 1, mode: "0600" }]`;

const DHCP = '/usr/bin/busybox udhcpc --foreground --interface=eth0 --script=/usr/share/udhcpc/configure';
const WEB = '/usr/bin/busybox httpd -f -v -p 80 -h /srv/www';

/** The web server and the DHCP client of the demo's image repository, and nothing besides. */
const imageFile = (hasAgent: boolean, announce: boolean): string => `kernel:
  image: deb:kernel
services:
  - name: dhcp
    image: oci:oci/dhcp${announce ? announced('dhcp', DHCP) : ''}
  - name: web
    image: oci:oci/web${announce ? announced('web', WEB) : ''}
files:
  - path: srv/www/index.html
    mode: '0644'
    contents: |
      <!doctype html>
      <title>Slipway</title>
packages:
  kernel:
    install: ['linux-image-cloud-\${arch}']
    dependencies: ['linux-image-*']
agent:
  enabled: ${hasAgent}
  runtime: quickjs
`;

const CONSOLES = { amd64: 'console=ttyS0 no_timer_check', arm64: 'console=ttyAMA0' } as const;

/** A machine as QEMU has it: a class knows the drivers of its devices. */
const classFile = (arch: WholeChainArch, hasDisk: boolean): string => `name: reference-${arch}
arch: ${arch}
images: [../reference.yml]
drivers: [virtio_pci, virtio_blk, virtio_net]
outputs: [${hasDisk ? 'disk' : ''}]
cmdline: ${CONSOLES[arch]}
`;

export type ReferenceBuilder = (
  arch: WholeChainArch,
  hasAgent: boolean,
) => Promise<{
  readonly result: BuildResult;
  readonly folder: string;
}>;

/** Stands for certificates of a server, which have this length and are as hard to compress. */
const CERTIFICATE = createHash('sha512').update('certificate').digest('base64').repeat(10);

/**
 * Makes a copy of the demo's image repository and what builds the reference image from it.
 *
 * @param root of the checkout
 * @param dir is emptied
 * @param announce whether services say on the console when they run, and a disk is made that boots
 */
export const openReferenceBuilder = async (
  root: string,
  dir: string,
  cacheDir: string,
  announce: boolean,
): Promise<ReferenceBuilder> => {
  await rm(dir, { recursive: true, force: true });
  const images = join(dir, 'images');
  await cp(join(root, 'infra', 'demo', 'images'), images, { recursive: true });
  await packRepository(images, { cacheDir, log: () => undefined });
  const bundle = join(dir, 'quickjs.mjs');
  await buildAgent('quickjs', bundle);
  return async (arch, hasAgent) => {
    const folder = join(dir, `${arch}${hasAgent ? '' : '-without-agent'}`);
    const request = BuildRequest.parse({
      v: 1,
      build: 'bld_0000000000000000',
      release: 'rel_0000000000000000',
      version: '1.0.0',
      counter: 1,
      deviceClass: `reference-${arch}`,
      timeFloor: 1_790_000_000,
      classFile: { name: 'classes/reference.yml', text: classFile(arch, announce) },
      imageFiles: [{ name: 'reference.yml', text: imageFile(hasAgent, announce) }],
      deployment: {
        enrolUrl: 'https://slipway.example:8443',
        serverCa: CERTIFICATE,
        releaseRoot: CERTIFICATE,
      },
    });
    const result = await buildImage({
      request,
      requestDigest: Digest.parse(`sha256:${'0'.repeat(64)}`),
      sourceDir: images,
      cacheDir,
      workDir: join(folder, 'work'),
      outDir: folder,
      agentBundles: { quickjs: await readFile(bundle) },
      progress: () => undefined,
      log: () => undefined,
    });
    return { result, folder };
  };
};
