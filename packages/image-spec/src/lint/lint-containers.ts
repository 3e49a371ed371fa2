import { capabilityName } from '../capabilities.ts';
import type { Container } from '../container.ts';
import type { Section } from '../image-part.ts';
import { finding, type Finding, type Spot } from './finding.ts';
import type { LintCode } from './rules.ts';

/** How an image is built: as a device class by Slipway's defaults, or to the letter of LinuxKit. */
export type Profile = 'class' | 'linuxkit';

export type LintedContainer = Spot & {
  readonly section: Section;
  /** what holds: the label of its image, overridden by the image file */
  readonly value: Container;
  /** the user that its image names, if that is known */
  readonly imageUser?: string | undefined;
};

/** With any of these the rest does not matter. */
const POWERFUL: readonly string[] = [
  'CAP_SYS_ADMIN',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_PTRACE',
  'CAP_SYS_BOOT',
  'CAP_DAC_READ_SEARCH',
  'CAP_MAC_ADMIN',
  'CAP_MAC_OVERRIDE',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
];

/** Places of the machine from which it can be taken over; what ends with `/` stands for everything below it, too. */
const POWERFUL_PLACES: readonly string[] = [
  '/bin/',
  '/boot/',
  '/containers/',
  '/data/slipway/',
  '/dev',
  '/etc/',
  '/lib/',
  '/proc/',
  '/run',
  '/run/containerd/',
  '/run/docker.sock',
  '/run/slipway/',
  '/sbin/',
  '/sys/',
  '/usr/',
  '/var/run',
];

/** Memory, kernel memory and ports, by their numbers under major 1. */
const MEMORY_MINORS: readonly number[] = [1, 2, 4];
const MEMORY_PATHS: readonly string[] = ['/dev/mem', '/dev/kmem', '/dev/port'];

const isPowerfulPlace = (path: string): boolean => {
  const place = path.replace(/\/+$/, '');
  return (
    place === '' ||
    POWERFUL_PLACES.some((one) =>
      one.endsWith('/') ? `${place}/`.startsWith(one) : place === one.replace(/\/$/, ''),
    )
  );
};

type Report = (code: LintCode, key: readonly (string | number)[], message: string) => void;
type Check = (container: LintedContainer, profile: Profile, report: Report) => void;

const capabilitiesOf = ({ capabilities = [], ambient = [] }: Container): string[] => [
  ...new Set([...capabilities, ...ambient].map((name) => capabilityName(name) ?? name.toLowerCase())),
];

const capabilities: Check = ({ value }, _profile, report) => {
  const names = capabilitiesOf(value);
  if (names.includes('all')) report('CAPABILITIES_ALL', ['capabilities'], 'has all capabilities');
  const powerful = names.filter((name) => POWERFUL.includes(name));
  if (powerful.length > 0) report('CAPABILITY_POWERFUL', ['capabilities'], `has ${powerful.join(', ')}`);
};

const root: Check = ({ value }, profile, report) => {
  if (profile === 'class' ? value.readonly === false : value.readonly !== true)
    report('ROOT_WRITABLE', ['readonly'], 'has a writable root');
};

const isHost = (namespace: string | undefined): boolean =>
  namespace === undefined || namespace === '' || namespace === 'host';

const namespaces: Check = ({ value, section }, _profile, report) => {
  if (value.pid === 'host') report('HOST_PID', ['pid'], 'has the process namespace of the machine');
  // What runs in sequence before the services is there to set the machine up.
  if (section !== 'services') return;
  if (isHost(value.net)) report('HOST_NETWORK', ['net'], 'has the network of the machine');
  if (isHost(value.ipc)) report('HOST_IPC', ['ipc'], 'has the ipc namespace of the machine');
  if (isHost(value.uts) && value.hostname === undefined)
    report('HOST_UTS', ['uts'], 'has the host name of the machine');
};

const privileges: Check = ({ value }, profile, report) => {
  const gains = profile === 'class' ? value.noNewPrivileges === false : value.noNewPrivileges !== true;
  if (gains) report('PRIVILEGES_GAINABLE', ['noNewPrivileges'], 'may gain privileges');
};

/** Whoever administers the machine could unmask it anyway. */
const masks: Check = ({ value }, profile, report) => {
  const names = capabilitiesOf(value);
  if (names.includes('all') || names.includes('CAP_SYS_ADMIN')) return;
  const masked = value.maskedPaths ?? (profile === 'class' ? ['/proc/kcore'] : []);
  if (!masked.includes('/proc/kcore')) report('PROC_UNMASKED', ['maskedPaths'], 'sees all of /proc');
};

const user: Check = ({ value, section, imageUser }, _profile, report) => {
  if (section !== 'services') return;
  const written = value.uid === undefined ? (imageUser ?? '').split(':')[0] : String(value.uid);
  if (written === undefined || ['', '0', 'root'].includes(written))
    report('USER_ROOT', ['uid'], 'runs as root');
};

const devices: Check = ({ value }, _profile, report) => {
  for (const [index, { path, major, minor = -1 }] of (value.devices ?? []).entries())
    if (path === 'all') report('DEVICES_ALL', ['devices', index], 'may use every device');
    else if (MEMORY_PATHS.includes(path) || (major === 1 && MEMORY_MINORS.includes(minor)))
      report('DEVICE_POWERFUL', ['devices', index], `has the device ${path}`);
};

const binds: Check = ({ value }, _profile, report) => {
  for (const [index, text] of (value.binds ?? []).entries()) {
    const [source = '', , options = ''] = text.split(':');
    if (source.startsWith('/') && !options.split(',').includes('ro') && isPowerfulPlace(source))
      report('BIND_POWERFUL', ['binds', index], `may write to ${source} of the machine`);
  }
  for (const [index, { type = 'bind', source = '', options = [] }] of (value.mounts ?? []).entries())
    if (type === 'bind' && source.startsWith('/') && !options.includes('ro') && isPowerfulPlace(source))
      report('BIND_POWERFUL', ['mounts', index], `may write to ${source} of the machine`);
};

const tmpfs: Check = ({ value }, _profile, report) => {
  for (const [index, text] of (value.tmpfs ?? []).entries()) {
    const options = (text.split(':')[1] ?? '').split(',');
    const lacks = ['nosuid', 'nodev', 'noexec'].filter((option) => !options.includes(option));
    if (lacks.length > 0)
      report('TMPFS_OPEN', ['tmpfs', index], `has ${text.split(':')[0] ?? ''} without ${lacks.join(', ')}`);
  }
};

const propagation: Check = ({ value }, _profile, report) => {
  if (/^r?shared$/.test(value.rootfsPropagation ?? ''))
    report('PROPAGATION_SHARED', ['rootfsPropagation'], 'shares its mounts with the machine');
};

const limits: Check = ({ value: { resources }, section }, _profile, report) => {
  if (section !== 'services') return;
  if ((resources?.memory?.limit ?? 0) <= 0)
    report('MEMORY_UNLIMITED', ['resources', 'memory', 'limit'], 'has no limit of memory');
  if ((resources?.pids?.limit ?? 0) <= 0)
    report('PROCESSES_UNLIMITED', ['resources', 'pids', 'limit'], 'has no limit of processes');
};

/** LinuxKit has none; that all is unfiltered there is told once. */
const landlock: Check = ({ value, section }, profile, report) => {
  if (profile === 'class' && section === 'services' && value.landlock === undefined)
    report('LANDLOCK_MISSING', ['landlock'], 'does not say which files it needs');
};

const SECRET_NAME = /(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY)$/i;

const environment: Check = ({ value }, _profile, report) => {
  for (const [index, assignment] of (value.env ?? []).entries()) {
    const [name = '', text = ''] = assignment.split(/=(.*)/s);
    // A path tells where the secret is, and is none.
    if (SECRET_NAME.test(name) && text !== '' && !text.startsWith('/'))
      report('SECRET_IN_IMAGE', ['env', index], `has a secret in its environment: ${name}`);
  }
};

const CHECKS: readonly Check[] = [
  capabilities,
  root,
  namespaces,
  privileges,
  masks,
  user,
  devices,
  binds,
  tmpfs,
  propagation,
  limits,
  landlock,
  environment,
];

/** What a container may do that it should not. */
export const lintContainer = (container: LintedContainer, profile: Profile): Finding[] => {
  const found: Finding[] = [];
  const { doc, path, section, value } = container;
  const report: Report = (code, key, message) =>
    found.push(
      finding(
        code,
        { doc, path: [...path, ...key] },
        `${section}.${value.name}`,
        `${section} ${value.name} ${message}`,
      ),
    );
  for (const check of CHECKS) check(container, profile, report);
  return found;
};

/** Without a class nothing is filtered; that is one fault of the image, not one of each container. */
export const lintSeccomp = (containers: readonly LintedContainer[], profile: Profile): Finding[] => {
  const [first] = containers;
  if (profile === 'class' || first === undefined) return [];
  return [
    finding(
      'SECCOMP_MISSING',
      { doc: first.doc, path: first.path.slice(0, 1) },
      'image',
      `${containers.length} ${containers.length === 1 ? 'container has' : 'containers have'} no seccomp filter`,
    ),
  ];
};
