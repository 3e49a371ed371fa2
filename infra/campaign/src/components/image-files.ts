/** Where the tunnel leads, as the image of the device says it. */
export type Tunnel = { readonly hubKey: string; readonly hubPort: number };

/** Addresses in the tunnel; the machine that QEMU runs on, as its guest sees it; and ports that need no capability. */
export const NETWORK = {
  device: '10.9.0.2',
  hub: '10.9.0.1',
  host: '10.0.2.2',
  wireguardPort: 51_820,
  timePort: 11_123,
  commandPort: 11_323,
} as const;

const BUSYBOX = '/usr/bin/busybox';
const CONSOLE = { path: '/dev/console', type: 'c', major: 5, minor: 1, mode: '0600' };
const lines = (...all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
const script = (...all: readonly string[]) => [BUSYBOX, 'sh', '-c', lines(...all)];

/** Puts logs on the console, once all containers have been probed, and to whom those turn who look up names. */
const reporter = (names: readonly string[]) => ({
  name: 'reporter',
  image: 'deb:app',
  command: script(
    `for name in ${names.join(' ')}; do`,
    `  until ${BUSYBOX} grep -q 'probe end' /log/$name.log; do ${BUSYBOX} sleep 1; done`,
    `  ${BUSYBOX} sed "s/^/$name: /" /log/$name.log > /dev/console`,
    'done',
    `until ${BUSYBOX} grep obtained /log/dhcp.log; do ${BUSYBOX} sleep 1; done`,
    `for name in chronyd names; do`,
    `  pid=$(${BUSYBOX} pidof $name)`,
    `  ${BUSYBOX} sed "s/^/$name asks: /" /proc/\${pid%% *}/root/etc/resolv.conf > /dev/console`,
    'done',
    'echo all probed > /dev/console',
    `until status=$(${BUSYBOX} adjtimex | ${BUSYBOX} grep status: | ${BUSYBOX} grep -v UNSYNC); do ${BUSYBOX} sleep 1; done`,
    'echo "the clock of the kernel: $status" > /dev/console',
    `exec ${BUSYBOX} sleep 100000`,
  ),
  pid: 'host',
  // Roots of others are seen by who may trace them; the filter lets nobody else ask for the state of the clock.
  capabilities: ['CAP_SYS_PTRACE', 'CAP_SYS_TIME'],
  binds: ['/run/slipway/log:/log:ro'],
  devices: [CONSOLE],
});

/** Beside all components: the probe, who may do everything, and what a fleet would say in an image of its own. */
export const deviceMore = ({ hubKey, hubPort }: Tunnel, names: readonly string[]) => ({
  agent: { enabled: false },
  files: [
    { path: 'srv/probe', source: 'probe', mode: '0755' },
    { path: 'srv/hosts', contents: lines('127.0.0.1 localhost', `${NETWORK.host} hub.example`) },
    { path: 'srv/wireguard/address', contents: lines(`${NETWORK.device}/24`) },
    {
      path: 'srv/wireguard/peers.conf',
      contents: lines(
        '[Peer]',
        `PublicKey = ${hubKey}`,
        `Endpoint = hub.example:${hubPort}`,
        `AllowedIPs = ${NETWORK.hub}/32`,
        'PersistentKeepalive = 5',
      ),
    },
    {
      path: 'srv/chrony/sources.d/hub.sources',
      contents: lines(`server ${NETWORK.hub} port ${NETWORK.timePort} minpoll 0 maxpoll 2`),
    },
    {
      path: 'srv/chrony/conf.d/commands.conf',
      contents: lines(`cmdport ${NETWORK.commandPort}`, 'bindcmdaddress 127.0.0.1'),
    },
  ],
  services: [
    {
      name: 'control',
      image: 'deb:app',
      command: ['/probe', BUSYBOX, 'httpd', '-f', '-p', '8081'],
      binds: ['/srv/probe:/probe:ro'],
      capabilities: ['all'],
      readonly: false,
      noNewPrivileges: false,
    },
    {
      name: 'tracking',
      image: 'deb:chrony',
      net: 'host',
      command: [
        ['/usr/bin/chronyc', '-n', '-h', '127.0.0.1', '-p', String(NETWORK.commandPort), '-m'],
        ['waitsync 0 0 0 1', 'tracking'],
      ].flat(),
    },
    reporter(names),
  ],
});

/** Asks the device over the tunnel until it says what it must, and says so on the console. */
const asking = [
  `ask() { ${BUSYBOX} wget -q -T 10 -O - "http://${NETWORK.device}:$1"; }`,
  'until_said() {',
  `  until said=$(ask "$2" | ${BUSYBOX} grep "$3"); do ${BUSYBOX} sleep 1; done`,
  '  echo "over the tunnel, $1: $said" > /dev/console',
  '}',
  "until_said application 8080/ '<title>'",
  'until_said metrics 9100/metrics \'^node_network_up{device="wg0"}\'',
  `exec ${BUSYBOX} sleep 100000`,
];

/** Beside WireGuard, DHCP and chrony: who gives the time to those in the tunnel, and who asks them. */
export const hubMore = () => ({
  agent: { enabled: false },
  files: [
    {
      path: 'srv/chrony/conf.d/serve.conf',
      contents: lines(`port ${NETWORK.timePort}`, 'allow 10.9.0.0/24', 'local stratum 8'),
    },
  ],
  services: [
    {
      name: 'asking',
      image: 'deb:asking',
      net: 'host',
      command: script(...asking),
      devices: [CONSOLE],
    },
  ],
  packages: { asking: { install: ['busybox-static'], dependencies: 'none' } },
});
