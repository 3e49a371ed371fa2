import type { WholeChainArch } from '@slipway/protocol';

/** The releases of a campaign, by what becomes of them. */
export type ReleaseName = 'first' | 'good' | 'bad';

export const VERSIONS = { first: '1.0.0', good: '2.0.0', bad: '3.0.0' } as const satisfies Record<
  ReleaseName,
  string
>;

/** As little as makes a device: the less it does, the more boots a campaign has time for. */
export const imageFile = (name: ReleaseName): string => `kernel:
  image: deb:kernel
  cmdline: panic=1
init: [deb:base]
onboot:
  - name: network
    image: deb:base
    net: host
    capabilities: [CAP_NET_ADMIN]
    command:
      - /usr/bin/busybox
      - sh
      - -c
      - /usr/bin/busybox ip link set eth0 up && /usr/bin/busybox ip addr add 10.0.2.15/24 dev eth0
services: []
agent:
  runtime: quickjs
files:
  - path: etc/campaign
    mode: '0644'
    contents: ${VERSIONS[name]}
packages:
  kernel:
    install: ['linux-image-cloud-\${arch}']
    dependencies: ['linux-image-*']
  base:
    install: [busybox-static, netbase]
    dependencies: none
health:
  # A busy host is slow; what is good waits for it, what is bad does not.
  deadline: ${name === 'bad' ? 5 : 120}
  stable: 1
  probes:
    - type: exec
      name: campaign
      command: ['${name === 'bad' ? 'false' : 'true'}']
`;

export const deviceClass = (arch: WholeChainArch): string => `campaign-${arch}`;

export const classFile = (arch: WholeChainArch): string => `name: ${deviceClass(arch)}
arch: ${arch}
board: uefi
images: [../campaign.yml]
partitions:
  esp: 128M
  root: 64M
  data: 80M
cmdline: console=${arch === 'amd64' ? 'ttyS0' : 'ttyAMA0'}
`;
