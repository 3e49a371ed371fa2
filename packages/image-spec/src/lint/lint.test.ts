import type { ContentsEntry } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { parseClassFile } from '../parse-class.ts';
import { parseImageParts } from '../parse-image.ts';
import { parseSpecDocument } from '../document.ts';
import { baselineOf, letPassBaseline } from './let-pass.ts';
import { lintBuilt } from './lint-built.ts';
import { lintImage, mergeFindings } from './lint-image.ts';
import { KERNEL_OPTIONS } from './kernel-options.ts';
import { parseKernelConfig } from './lint-kernel.ts';
import { mergedContainers, type ImageFacts } from './merged-containers.ts';
import { LINT_RULES } from './rules.ts';

type Setting = {
  /** of the class file; absent: an image of its own */
  readonly deviceClass?: string;
  readonly facts?: ImageFacts;
  readonly isLocked?: boolean;
  readonly config?: string;
};

const CLASS = 'name: edge\narch: amd64\nimages: [../edge.yml]\n';

const lint = async (image: string, { deviceClass, facts, isLocked = true, config }: Setting = {}) => {
  const parts = parseImageParts([{ name: 'edge.yml', text: image }]);
  const file = 'classes/edge.yml';
  return lintImage({
    parts,
    containers: await mergedContainers(parts, () => Promise.resolve(facts)),
    isLocked,
    ...(deviceClass === undefined
      ? {}
      : {
          deviceClass: {
            doc: parseSpecDocument(deviceClass, file),
            value: parseClassFile(deviceClass, file),
          },
        }),
    ...(config === undefined
      ? {}
      : {
          kernel: {
            arch: 'amd64' as const,
            config: config === '' ? undefined : parseKernelConfig(config),
          },
        }),
  });
};

/** A service in which there is nothing to find, in a class build. */
const LIMITS = 'memory: {limit: 1000000}, pids: {limit: 9}';
const TIGHT = `net: new, ipc: new, uts: new, readonly: true, uid: 1000, landlock: {}, resources: {${LIMITS}}`;
const service = (more: string): string => `services:\n  - {name: web, image: "oci:web", ${more}}\n`;
const tight = (more: string): string => service(`${TIGHT}, ${more}`);
const SAFE = `${CLASS}secureBoot: true\n`;

/** Every code, by the least that gives it: key, image file, how it is built. */
const CASES: readonly (readonly [keyof typeof LINT_RULES, string, string, Setting?])[] = [
  ['CAPABILITIES_ALL', 'services[0].capabilities', tight('capabilities: [all]')],
  ['CAPABILITY_POWERFUL', 'services[0].capabilities', tight('capabilities: [sys_admin, CAP_NET_RAW]')],
  ['ROOT_WRITABLE', 'services[0].readonly', tight('readonly: false').replace('readonly: true, ', '')],
  ['HOST_PID', 'services[0].pid', tight('pid: host')],
  ['HOST_NETWORK', 'services[0].net', service(TIGHT.replace('net: new', 'net: host'))],
  ['HOST_IPC', 'services[0].ipc', service(TIGHT.replace('ipc: new, ', ''))],
  ['HOST_UTS', 'services[0].uts', service(TIGHT.replace('uts: new', 'uts: ""'))],
  ['PRIVILEGES_GAINABLE', 'services[0].noNewPrivileges', tight('noNewPrivileges: false')],
  [
    'SECCOMP_MISSING',
    'services',
    tight('noNewPrivileges: true, maskedPaths: [/proc/kcore]'),
    { deviceClass: '' },
  ],
  ['PROC_UNMASKED', 'services[0].maskedPaths', tight('maskedPaths: [/proc/keys]')],
  ['USER_ROOT', 'services[0].uid', service(TIGHT.replace('uid: 1000', 'uid: root'))],
  ['DEVICES_ALL', 'services[0].devices[0]', tight('devices: [{path: all}]')],
  [
    'DEVICE_POWERFUL',
    'services[0].devices[1]',
    tight(
      'devices: [{path: /dev/null, major: 1, minor: 3, mode: "0666"}, {path: /x, major: 1, minor: 1, mode: "0600"}]',
    ),
  ],
  ['BIND_POWERFUL', 'services[0].binds[1]', tight('binds: ["/etc/motd:/motd:ro", "/etc/ssl:/ssl"]')],
  ['TMPFS_OPEN', 'services[0].tmpfs[0]', tight('tmpfs: ["/tmp:nosuid,nodev"]')],
  ['PROPAGATION_SHARED', 'services[0].rootfsPropagation', tight('rootfsPropagation: rshared')],
  ['MEMORY_UNLIMITED', 'services[0].resources.memory.limit', service(TIGHT.replace(/memory: .*}, p/, 'p'))],
  ['PROCESSES_UNLIMITED', 'services[0].resources.pids.limit', service(TIGHT.replace(/, pids: .*/, '}'))],
  ['LANDLOCK_MISSING', 'services[0].landlock', service(TIGHT.replace('landlock: {}, ', ''))],
  ['IMAGE_UNPINNED', 'init[0]', 'init: ["edge/init:1"]\n', { isLocked: false, deviceClass: SAFE }],
  [
    'PACKAGES_UNPINNED',
    'init[0]',
    'init: [deb:base]\npackages: {base: {install: [busybox]}}\n',
    { isLocked: false, deviceClass: SAFE },
  ],
  ['DOCKERFILE_BUILT', 'services[0].build', tight('build: ./web').replace(/image: [^,}]*, /, '')],
  ['SECRET_IN_IMAGE', 'services[0].env[1]', tight('env: ["TOKEN_FILE=/run/t", "API_TOKEN=abc"]')],
  [
    'PASSWORD_DEFAULT',
    'files[0].contents',
    'files: [{path: /etc/shadow, contents: "root:$6$abc:1::::::\\nbin:*:1::::::\\n"}]\n',
  ],
  ['FILE_WRITABLE_BY_ALL', 'files[0].mode', 'files: [{path: etc/x, contents: "", mode: "0666"}]\n'],
  ['FILE_SET_USER_ID', 'files[0].mode', 'files: [{path: bin/x, contents: "", mode: "04755"}]\n'],
  ['CMDLINE_WEAKENS', 'kernel.cmdline', 'kernel: {image: "oci:k", cmdline: "quiet mitigations=off"}\n'],
  ['KERNEL_CONFIG_UNKNOWN', 'kernel.image', 'kernel: {image: "oci:k"}\n', { config: '', deviceClass: SAFE }],
  ['SECURE_BOOT_OFF', 'secureBoot', '{}', { deviceClass: CLASS }],
  ['QUALIFICATION_OFF', 'qualification', '{}', { deviceClass: `${SAFE}qualification: "off"\n` }],
  [
    'ALLOWANCE_UNUSED',
    'lint.allow[0]',
    '{}',
    { deviceClass: `${SAFE}lint: {allow: [{code: HOST_PID, reason: it was so}]}\n` },
  ],
];

const settingOf = (setting: Setting | undefined): Setting => {
  if (setting === undefined) return { deviceClass: SAFE };
  const { deviceClass, ...rest } = setting;
  return deviceClass === '' ? rest : setting;
};

test.each(CASES.map((row) => [row[0], row] as const))('%s', async (code, [, key, image, setting]) => {
  const found = await lint(image, settingOf(setting));
  expect(found.map((one) => [one.code, one.key, one.severity, one.mend])).toEqual([
    [code, key, LINT_RULES[code].severity, LINT_RULES[code].mend],
  ]);
});

test('a service that has been tightened, its inputs locked, gives nothing in a class build', async () => {
  expect(await lint(service(TIGHT), { deviceClass: SAFE })).toEqual([]);
});

test('what a key lacks is pointed at by the container that lacks it', async () => {
  const [found] = await lint(`# a comment\n${service(TIGHT.replace('ipc: new, ', ''))}`, {
    deviceClass: SAFE,
  });
  expect(found).toMatchObject({ code: 'HOST_IPC', file: 'edge.yml', line: 3, column: 5 });
});

test('the label of an image counts, and the image file counts more', async () => {
  const facts = { Labels: { 'org.mobyproject.config': '{"readonly": true, "pid": "host"}' }, User: '1000' };
  const settings = TIGHT.replace('readonly: true, ', '').replace('uid: 1000, ', '');
  const codes = async (more: string) =>
    (await lint(service(`${settings}${more}`), { deviceClass: SAFE, facts })).map(({ code }) => code);
  expect(await codes('')).toEqual(['HOST_PID']);
  expect(await codes(', pid: new, readonly: false')).toEqual(['ROOT_WRITABLE']);
});

test('built to the letter of LinuxKit, what is left out is what LinuxKit makes of it', async () => {
  const codes = (await lint(service(TIGHT))).map(({ code }) => code);
  expect(codes).toEqual(['SECCOMP_MISSING', 'PRIVILEGES_GAINABLE', 'PROC_UNMASKED']);
});

test('what runs once sets the machine up: its namespaces are no finding', async () => {
  const found = await lint('onboot: [{name: setup, image: "oci:setup", readonly: true}]\n', {
    deviceClass: SAFE,
  });
  expect(found).toEqual([]);
});

test.each([
  ['/', true],
  ['/etc', true],
  ['/etc/ssl', true],
  ['/dev', true],
  ['/dev/dri', false],
  ['/run', true],
  ['/run/app', false],
  ['/data', false],
  ['/data/slipway/state.a', true],
  ['/var/lib/app', false],
  ['volume', false],
])('a bind of %s that may be written is a finding: %s', async (source, isFound) => {
  const found = await lint(`volumes: [{name: volume}]\n${tight(`binds: ["${source}:/x"]`)}`, {
    deviceClass: SAFE,
  });
  expect(found.some(({ code }) => code === 'BIND_POWERFUL')).toBe(isFound);
  const readOnly = await lint(`volumes: [{name: volume}]\n${tight(`binds: ["${source}:/x:ro"]`)}`, {
    deviceClass: SAFE,
  });
  expect(readOnly).toEqual([]);
});

test('what is pinned by a digest, a snapshot, the repository or a lock is pinned', async () => {
  const image = (ref: string) => `init: ["${ref}"]\n`;
  const digest = `sha256:${'a'.repeat(64)}`;
  const codes = async (text: string, isLocked = false) =>
    (await lint(text, { isLocked, deviceClass: SAFE })).map(({ code }) => code);
  expect(await codes(image('edge/init:1'))).toEqual(['IMAGE_UNPINNED']);
  expect(await codes(image('edge/init:1'), true)).toEqual([]);
  expect(await codes(image(`edge/init:1@${digest}`))).toEqual([]);
  expect(await codes(image('oci:init:1'))).toEqual([]);
  const packages = 'init: [deb:base]\npackages: {base: {install: [busybox]}}\n';
  expect(await codes(packages)).toEqual(['PACKAGES_UNPINNED']);
  expect(await codes(`${packages}debian: [{suites: [trixie], snapshot: "20261101T000000Z"}]\n`)).toEqual([]);
  expect(await codes(`${packages}debian: [{suites: [trixie]}]\n`)).toEqual(['PACKAGES_UNPINNED']);
});

describe('the kernel', () => {
  /** As the project recommends it for amd64. */
  const good = KERNEL_OPTIONS.filter(({ wanted, arch }) => wanted !== 'n' && arch !== 'arm64')
    .map(({ name, wanted }) => `CONFIG_${name}=${wanted === 'y' ? 'y' : wanted}\n`)
    .join('');
  const kernel = (cmdline = '') => `kernel: {image: "oci:k", cmdline: "${cmdline}"}\n`;
  const subjects = async (config: string, cmdline?: string, deviceClass = SAFE) =>
    (await lint(kernel(cmdline), { config, deviceClass })).map(({ code, subject }) => `${code} ${subject}`);

  test('with all options gives nothing', async () => expect(await subjects(good)).toEqual([]));

  test.each(
    KERNEL_OPTIONS.filter(({ arch }) => arch !== 'arm64').map((option) => [option.name, option] as const),
  )('%s is told where it is wrong', async (name, { wanted, or }) => {
    const without = good.replace(new RegExp(`^CONFIG_${name}=.*\n`, 'm'), '# CONFIG_X is not set\n');
    const wrong =
      wanted === 'n'
        ? `${good}CONFIG_${name}=m\n`
        : or === undefined
          ? without
          : `${without}CONFIG_DEVMEM=y\nCONFIG_MODULES=y\n`;
    const code = wanted === 'n' ? 'KERNEL_OPTION_RISKY' : 'KERNEL_OPTION_MISSING';
    expect(await subjects(wrong)).toContain(`${code} CONFIG_${name}`);
  });

  test.each(
    KERNEL_OPTIONS.flatMap(({ name, word, wanted }) =>
      word === undefined ? [] : [[name, word, wanted] as const],
    ),
  )('the command line does for %s what the option would: %s', async (name, word, wanted) => {
    const without = good.replace(new RegExp(`^CONFIG_${name}=.*\n`, 'm'), '');
    const wrong = wanted === 'n' ? `${good}CONFIG_${name}=y\n` : `${without}CONFIG_MODULES=y\n`;
    expect(await subjects(wrong)).toHaveLength(1);
    expect(await subjects(wrong, word)).toEqual([]);
    expect(await subjects(wrong, '', `${SAFE}cmdline: ${word}\n`)).toEqual([]);
  });

  test('options of another architecture are not asked for', async () => {
    expect((await subjects(good)).filter((text) => text.includes('ARM64'))).toEqual([]);
  });

  test('a bound is a least', async () => {
    const low = good.replace('MIN_ADDR=32768', 'MIN_ADDR=4096');
    expect(await subjects(low)).toEqual(['KERNEL_OPTION_MISSING CONFIG_DEFAULT_MMAP_MIN_ADDR']);
    expect(await subjects(good.replace('MIN_ADDR=32768', 'MIN_ADDR=65536'))).toEqual([]);
  });
});

describe('what is let pass', () => {
  const allow = (...entries: string[]) =>
    `${SAFE}lint:\n  allow:\n${entries.map((one) => `    - {${one}}\n`).join('')}`;
  const image = `services:
  - {name: a, image: "oci:a", ${TIGHT.replace('net: new', 'net: host')}}
  - {name: b, image: "oci:b", ${TIGHT.replace('net: new', 'net: host')}}
`;

  test('is marked with its reason, of one subject or of all', async () => {
    const reasons = async (...entries: string[]) =>
      (await lint(image, { deviceClass: allow(...entries) })).map(({ code, allowed }) => [code, allowed]);
    expect(await reasons('code: HOST_NETWORK, subject: services.a, reason: it serves')).toEqual([
      ['HOST_NETWORK', 'it serves'],
      ['HOST_NETWORK', undefined],
    ]);
    expect(await reasons('code: HOST_NETWORK, reason: all serve')).toEqual([
      ['HOST_NETWORK', 'all serve'],
      ['HOST_NETWORK', 'all serve'],
    ]);
  });

  test.each([
    ['code: NO_SUCH_CODE, reason: why not', 6],
    ['code: HOST_NETWORK, reason: " "', 6],
    ['code: HOST_NETWORK', 6],
  ])('{%s} is refused, with its line', async (entry, line) => {
    await expect(lint(image, { deviceClass: allow(entry) })).rejects.toMatchObject({
      code: 'SPEC_INVALID',
      details: { file: 'classes/edge.yml', line: line + 1 },
    });
  });

  test('by a baseline is what was there before, and nothing new', async () => {
    const [first, second] = await lint(image, { deviceClass: SAFE });
    if (first === undefined || second === undefined) throw new Error('expected two findings');
    const baseline = baselineOf([first, { ...first, line: 99 }]);
    expect(baseline.findings).toEqual([{ code: 'HOST_NETWORK', subject: 'services.a' }]);
    const marked = letPassBaseline([first, second], baseline);
    expect(marked.map(({ allowed }) => allowed)).toEqual(['in the baseline', undefined]);
    // Written again it holds what it held.
    expect(baselineOf(marked).findings).toHaveLength(2);
  });

  test('by one class and not by another is not let pass', async () => {
    const passed = await lint(image, { deviceClass: allow('code: HOST_NETWORK, reason: all serve') });
    const open = await lint(image, { deviceClass: SAFE });
    expect(mergeFindings([passed, open])).toEqual(open);
    expect(mergeFindings([open, passed])).toEqual(open);
    expect(mergeFindings([passed, passed])).toEqual(passed);
  });
});

test('every code is tried here, and says what it means and how to mend it', () => {
  const tried = new Set<string>([
    ...CASES.map(([code]) => code),
    'KERNEL_OPTION_MISSING',
    'KERNEL_OPTION_RISKY',
  ]);
  expect(Object.keys(LINT_RULES).filter((code) => !tried.has(code))).toEqual([]);
  for (const [code, { meaning, mend }] of Object.entries(LINT_RULES)) {
    expect(code).toMatch(/^[A-Z]+(?:_[A-Z]+)*$/);
    expect(meaning).toMatch(/\.$/);
    expect(mend).toMatch(/\.$/);
  }
});

describe('a built image', () => {
  const entry = (path: string, type: ContentsEntry['type'], mode: string): ContentsEntry => ({
    path,
    type,
    mode,
    from: 0,
  });

  test.each([
    ['a set-user-id file', entry('bin/su', 'file', '4755'), ['FILE_SET_USER_ID']],
    [
      'a file everybody may write, set-group-id',
      entry('x', 'file', '2777'),
      ['FILE_WRITABLE_BY_ALL', 'FILE_SET_USER_ID'],
    ],
    ['a folder everybody may write', entry('x', 'directory', '777'), ['FILE_WRITABLE_BY_ALL']],
    ['a folder with the sticky bit', entry('tmp', 'directory', '1777'), []],
    ['a set-group-id folder', entry('x', 'directory', '2755'), []],
    ['a link, whose mode means nothing', entry('x', 'symlink', '777'), []],
    ['an ordinary file', entry('x', 'file', '755'), []],
  ])('%s', (_what, one, codes) => {
    expect(lintBuilt([one], 'edge.tar').map(({ code }) => code)).toEqual(codes);
  });

  test('what it shows is let pass by the class file like the rest', () => {
    const deviceClass = `${SAFE}lint: {allow: [{code: FILE_SET_USER_ID, subject: files.bin/su, reason: people log in}]}\n`;
    const findings = lintImage({
      parts: [],
      containers: [],
      isLocked: true,
      deviceClass: {
        doc: parseSpecDocument(deviceClass, 'classes/edge.yml'),
        value: parseClassFile(deviceClass, 'classes/edge.yml'),
      },
      built: lintBuilt([entry('bin/su', 'file', '4755')], 'edge.tar'),
    });
    expect(findings).toMatchObject([{ file: 'edge.tar', subject: 'files.bin/su', allowed: 'people log in' }]);
  });
});
