import type { WholeChainArch } from '@slipway/protocol';

/**
 * What a release does wrong, by its own image file. `none` is a good one; what is done to it from outside is said
 * elsewhere.
 */
export type Fault =
  'none' | 'panic' | 'initramfs' | 'hang' | 'no-network' | 'service-crash' | 'failing-probe';

export const IMAGE_FILE = 'campaign.yml';
export const deviceClass = (arch: WholeChainArch): string => `bad-slot-${arch}`;

const NETWORK = `
  - name: network
    image: deb:base
    net: host
    capabilities: [CAP_NET_ADMIN]
    command:
      - /usr/bin/busybox
      - sh
      - -c
      - /usr/bin/busybox ip link set eth0 up && /usr/bin/busybox ip addr add 10.0.2.15/24 dev eth0`;

/** A driver that brings the kernel down, a moment after the device is up. */
const PANIC = `
  - name: driver
    image: deb:base
    command: [/usr/bin/busybox, sh, -c, '/usr/bin/busybox sleep 1; echo c > /machine/sysrq-trigger']
    binds: ['/proc:/machine']`;

const CRASHING = `
  - name: worker
    image: deb:base
    command: [/usr/bin/busybox, 'false']`;

/** Everything that should start after it waits for ever. */
const HANG = `
  - name: endless
    image: deb:base
    command: [/usr/bin/busybox, sleep, infinity]`;

/** A kernel command line that keeps the root from being verified. */
const NO_VERITY = ' module_blacklist=dm_verity';

/**
 * As little as makes a device that serves a page, and one fault. Where nothing but the deadline ends a trial it is short; where a
 * trial is to go well, or to end otherwise, a busy host has time.
 */
export const imageFile = (version: string, fault: Fault): string => `kernel:
  image: deb:kernel
  cmdline: panic=1${fault === 'initramfs' ? NO_VERITY : ''}
init: [deb:base]
onboot:${fault === 'no-network' ? ' []' : NETWORK}${fault === 'hang' ? HANG : ''}
services:
  - name: web
    image: deb:base
    command: [/usr/bin/busybox, httpd, -f, -p, '80', -h, /srv/www]
    net: host
    capabilities: [CAP_NET_BIND_SERVICE]
    binds: ['/srv/www:/srv/www:ro']
    readonly: true${fault === 'panic' ? PANIC : ''}${fault === 'service-crash' ? CRASHING : ''}
files:
  - { path: srv/www/index.html, mode: '0644', contents: 'version ${version}' }
  - { path: srv/www/${fault === 'failing-probe' ? 'unhealthy' : 'healthz'}, mode: '0644', contents: ok }
agent: { runtime: quickjs }
packages:
  kernel:
    install: ['linux-image-cloud-\${arch}']
    dependencies: ['linux-image-*']
  base:
    install: [busybox-static, netbase]
    dependencies: none
health:
  deadline: ${fault === 'no-network' || fault === 'failing-probe' ? 30 : 180}
  stable: 5
  services: [web${fault === 'service-crash' ? ', worker' : ''}]
  probes:
    - { type: http, name: page, url: http://127.0.0.1/healthz, status: 200, contains: ok }
`;

/** All releases are signed for Secure Boot; devices without it start them as well. */
export const classFile = (arch: WholeChainArch, withDisk: boolean): string => `name: ${deviceClass(arch)}
arch: ${arch}
board: uefi
secureBoot: true
qualification: off
images: [../${IMAGE_FILE}]
partitions: { esp: 160M, root: 256M, data: 128M }
cmdline: console=${arch === 'amd64' ? 'ttyS0' : 'ttyAMA0'}
${withDisk ? '' : 'outputs: []\n'}`;
