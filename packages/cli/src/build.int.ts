import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeOciLayout, type Tree } from '@slipway/components';
import { sarifProblems } from '@slipway/image-spec/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { callIn } from './testing/call.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
let folder: string;
let call: ReturnType<typeof callIn>;
const path = (name: string): string => join(folder, name);

const files = (names: Readonly<Record<string, string>>): Tree =>
  new Map(
    Object.entries(names).map(([name, text]) => [
      name,
      {
        path: name,
        type: 'file',
        mode: 0o644,
        uid: 0,
        gid: 0,
        mtime: 0,
        source: 'test',
        content: Buffer.from(text),
      } as const,
    ]),
  );

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-build-'));
  call = callIn(folder, { HOME: folder, SLIPWAY_CACHE: 'cache' });
  mkdirSync(path('images'));
  const layout = (name: string, layer: Tree): Promise<void> =>
    writeOciLayout(path(`images/${name}`), {
      tag: '1',
      platforms: [{ arch: 'amd64', layers: [layer], config: { Entrypoint: ['/start'] } }],
    });
  await layout('kernel', files({ kernel: 'a kernel' }));
  await layout('web', files({ start: 'a program' }));
  await layout('big', files({ big: 'some data '.repeat(300_000) }));
  writeFileSync(path('images/edge.yml'), 'services: [{name: web, image: "oci:web"}]\n');
  writeFileSync(path('kernel.yml'), 'kernel: {image: "oci:images/kernel", cmdline: quiet, tar: none}\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Nothing but the image. */
const BARE = ['--no-sbom', '--no-provenance', '--no-contents'];
const build = (...words: string[]) => call('build', '--arch', 'amd64', ...BARE, ...words);
const spawn = (words: readonly string[], input: string) =>
  spawnSync(process.execPath, [main, 'build', '--arch', 'amd64', ...BARE, ...words], {
    cwd: folder,
    env: { HOME: folder, PATH: process.env['PATH'], SLIPWAY_CACHE: 'cache' },
    input,
  });

test('variables are what the command line says, which the provenance tells; one that no file declares is refused', async () => {
  writeFileSync(path('site.yml'), 'variables: {site: }\nfiles: [{path: etc/site, contents: "at ${site}"}]\n');
  const words = ['build', '--arch', 'amd64', '--format', 'tar', '--name', 'site', 'kernel.yml', 'site.yml'];
  expect((await call(...words, '--set', 'site=north')).status).toBe(0);
  const Statement = z.object({
    predicate: z.object({ buildDefinition: z.object({ externalParameters: z.unknown() }) }),
  });
  const { predicate } = Statement.parse(JSON.parse(readFileSync(path('site.provenance.json'), 'utf8')));
  expect(predicate.buildDefinition.externalParameters).toMatchObject({
    parameters: { variables: { site: 'north' } },
  });
  const contents = (await call('build', '--dry-run', 'kernel.yml', 'site.yml', '--set', 'site=7')).out;
  expect(contents).toContain('contents: at 7');
  const wrong = await call(...words, '--set', 'sit=north');
  expect([wrong.status, wrong.err]).toEqual([64, expect.stringContaining('did you mean "site"?')]);
  expect((await call(...words)).err).toContain('has no value');
});

test('without options it is kernel+initrd, called as the last file, here', async () => {
  const before = readdirSync(folder);
  const { status, out } = await build('images/edge.yml', 'kernel.yml');
  expect(status).toBe(0);
  expect(readdirSync(folder).filter((name) => !before.includes(name) && name !== 'cache')).toEqual([
    'kernel-cmdline',
    'kernel-initrd.img',
    'kernel-kernel',
  ]);
  expect(out).toMatch(/^kernel-initrd\.img +\S+ KiB +sha256:[0-9a-f]{64}$/m);
});

test('programs get every file with its place', async () => {
  const { out } = await build(
    '--json',
    '--format',
    'tar,oci',
    '--dir',
    'out',
    '--name',
    'n',
    'images/edge.yml',
  );
  expect(JSON.parse(out)).toMatchObject({
    name: 'n',
    arch: 'amd64',
    files: [
      { format: 'tar', name: 'n.tar', path: path('out/n.tar') },
      { format: 'oci', name: 'n.oci.tar', path: path('out/n.oci.tar') },
    ],
    components: [{ digest: expect.stringMatching(/^sha256:/) }],
  });
  expect(readdirSync(path('out'))).toEqual(['n.oci.tar', 'n.tar']);
});

test('--output is the whole path, and nothing else is left beside it', async () => {
  expect((await build('--output', 'one/image', 'images/edge.yml')).status).toBe(0);
  expect(readdirSync(path('one'))).toEqual(['image']);
});

test('from standard input to standard output', () => {
  const piped = spawn(['-o', '-', '-'], 'services: [{name: web, image: "oci:images/web"}]\n');
  expect(piped).toMatchObject({ status: 0, stderr: Buffer.alloc(0) });
  const listing = spawnSync('tar', ['-t'], { input: piped.stdout, encoding: 'utf8' });
  expect(listing.stdout).toContain('containers/services/web/lower/start');
  const failed = spawn(['-o', '-', '-'], 'services: [{name: web, image: "oci:images/none"}]\n');
  expect(failed).toMatchObject({ status: 66, stdout: Buffer.alloc(0) });
});

test('steps are told where a terminal is, or if asked for', async () => {
  const words = ['--format', 'tar', '--dir', 'out', 'images/edge.yml'] as const;
  expect((await build(...words)).err).toBe('');
  expect((await build('--progress', 'plain', ...words)).err).toMatch(/^ +0 % .*\n(?:.*\n)*100 % /);
  expect(await build('--quiet', '--progress', 'plain', ...words)).toEqual({ status: 0, out: '', err: '' });
});

test('--dry-run prints an image file of everything, and builds nothing', async () => {
  const { status, out } = await build('--dry-run', '--dir', 'dry', 'images/edge.yml', 'kernel.yml');
  expect(status).toBe(0);
  expect(existsSync(path('dry'))).toBe(false);
  writeFileSync(path('merged.yml'), out);
  expect((await build('--dir', 'm', '--name', 'x', 'merged.yml')).status).toBe(0);
  expect((await build('--dir', 'p', '--name', 'x', 'images/edge.yml', 'kernel.yml')).status).toBe(0);
  expect(readFileSync(path('m/x-initrd.img')).equals(readFileSync(path('p/x-initrd.img')))).toBe(true);
  const json = await build('--dry-run', '--json', 'kernel.yml');
  expect(JSON.parse(json.out)).toMatchObject({ kernel: { cmdline: 'quiet' } });
});

test('what goes wrong is told by its code, and earlier outputs stay', async () => {
  expect(await build('none.yml')).toMatchObject({
    status: 66,
    err: expect.stringMatching(/^NOT_FOUND: none\.yml/),
  });
  expect(await build('--format', 'floppy', 'kernel.yml')).toMatchObject({ status: 65 });
  expect((await build('--format', 'tar', '--dir', 'keep', '--name', 'k', 'kernel.yml')).status).toBe(0);
  writeFileSync(path('broken.yml'), 'services: [{name: web, image: "oci:images/none"}]\n');
  const failed = await build(
    '--format',
    'tar,oci',
    '--dir',
    'keep',
    '--name',
    'k',
    'kernel.yml',
    'broken.yml',
  );
  expect(failed).toMatchObject({ status: 66, err: expect.stringMatching(/^COMPONENT_NOT_FOUND: /) });
  expect(readdirSync(path('keep'))).toEqual(['k.tar']);
});

test('--output leaves a folder of that name alone, and removes what killed builds left beside it', async () => {
  mkdirSync(path('taken/image/precious'), { recursive: true });
  const killed = `999999999-${readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')}-abcdef`;
  mkdirSync(path(`taken/.slipway-output-${killed}/.slipway-build-${killed}`), { recursive: true });
  expect(await build('-o', 'taken/image', 'images/edge.yml')).toMatchObject({
    status: 73,
    err: expect.stringMatching(/^NOT_WRITABLE: .*taken\/image/),
  });
  expect((await build('-o', 'taken/other', 'images/edge.yml')).status).toBe(0);
  expect(readdirSync(path('taken'))).toEqual(['image', 'other']);
  expect(readdirSync(path('taken/image'))).toEqual(['precious']);
});

test('a file in the place of a folder is told as such', async () => {
  writeFileSync(path('in-the-way'), '');
  const words = ['--format', 'tar', 'images/edge.yml'] as const;
  for (const place of ['in-the-way', 'in-the-way/below'])
    expect(await build('--dir', place, ...words)).toMatchObject({
      status: 73,
      err: expect.stringMatching(/^NOT_WRITABLE: .*in-the-way/),
    });
  expect(await build('--cache', 'in-the-way/cache', '--dir', 'unmade', ...words)).toMatchObject({
    status: 73,
  });
});

test('a pipe is no archive, and nobody waits for it', async () => {
  spawnSync('mkfifo', [path('images/pipe')]);
  for (const type of ['oci-archive', 'docker-archive']) {
    writeFileSync(path('images/pipe.yml'), `services: [{name: web, image: "${type}:pipe"}]\n`);
    expect(await build('--format', 'tar', 'images/pipe.yml')).toMatchObject({ status: 66 });
  }
});

test.each(['cache', 'outputs'])('a full disk under the %s has its own code, and no file is left', (what) => {
  // A file system of 1 MiB that only this command sees.
  const script = `mount -t tmpfs -o size=1m tmpfs small && "$@"; status=$?; find small -type f; exit $status`;
  mkdirSync(path('small'), { recursive: true });
  writeFileSync(path('images/big.yml'), 'init: ["oci:big"]\nfiles: [{path: big, source: data}]\n');
  writeFileSync(path('data'), Buffer.alloc(3 * 1024 * 1024, 'some data '));
  const places = what === 'cache' ? ['--cache', 'small/cache', '--dir', 'full'] : ['--dir', 'small/out'];
  const words = ['--format', 'tar', ...BARE, 'images/big.yml', ...places];
  const full = spawnSync(
    'unshare',
    ['-rm', 'sh', '-c', script, 'sh', process.execPath, main, 'build', '--arch', 'amd64', ...words],
    {
      cwd: folder,
      env: { HOME: folder, PATH: process.env['PATH'], SLIPWAY_CACHE: 'cache' },
      encoding: 'utf8',
    },
  );
  expect(full).toMatchObject({
    status: 74,
    stdout: '',
    stderr: expect.stringMatching(/^DISK_FULL: .*small/),
  });
  expect(existsSync(path('full')) ? readdirSync(path('full')) : []).toEqual([]);
});

test('an image file without an end is not read for ever', async () => {
  expect(await build('--format', 'tar', '/dev/zero')).toMatchObject({ status: 65 });
});

test('what is asked for last counts: an SBOM after all', async () => {
  // The helper says --no-sbom first.
  const words = ['--sbom', 'cyclonedx', '--format', 'tar', '--dir', 'after-all', 'images/edge.yml'] as const;
  expect((await build(...words)).status).toBe(0);
  expect(readdirSync(path('after-all'))).toContain('edge.cdx.json');
});

test('lint reads labels of images and the configuration of the kernel, and ends with 1 on what it finds', async () => {
  const label = { 'org.mobyproject.config': '{"capabilities": ["all"]}' };
  const layout = (name: string, layer: Tree, Labels: Readonly<Record<string, string>>): Promise<void> =>
    writeOciLayout(path(`lint/${name}`), {
      tag: '1',
      platforms: [{ arch: 'amd64', layers: [layer], config: { Entrypoint: ['/start'], Labels } }],
    });
  mkdirSync(path('lint/classes'), { recursive: true });
  await layout('labelled', files({ start: 'a program' }), label);
  await layout('kernel', files({ kernel: 'a kernel', kernel_config: 'CONFIG_BUG=y\nCONFIG_DEVMEM=y\n' }), {});
  writeFileSync(
    path('lint/edge.yml'),
    'kernel: {image: "oci:kernel"}\nservices: [{name: web, image: "oci:labelled", readonly: false}]\n',
  );
  const write = (allow: string) =>
    writeFileSync(
      path('lint/classes/edge.yml'),
      `name: edge\narch: amd64\nimages: [../edge.yml]\nlint: {allow: [${allow}]}\n`,
    );
  write('{code: HOST_NETWORK, reason: it serves}');
  const found = await call('lint', '--json', 'lint/classes/edge.yml');
  expect(found.status).toBe(1);
  const all = z.array(z.looseObject({ code: z.string(), subject: z.string() })).parse(JSON.parse(found.out));
  const of = (code: string, subject: string) =>
    all.find((one) => one.code === code && one.subject === subject);
  expect(of('CAPABILITIES_ALL', 'services.web')).toMatchObject({ file: 'lint/edge.yml', line: 2 });
  expect(of('KERNEL_OPTION_RISKY', 'CONFIG_DEVMEM')).toMatchObject({ file: 'lint/edge.yml', line: 1 });
  expect(of('HOST_NETWORK', 'services.web')).toMatchObject({ allowed: 'it serves' });
  expect(all.some(({ subject }) => subject === 'CONFIG_BUG')).toBe(false);

  const alone = await call('lint', '--json', '--no-images', 'lint/classes/edge.yml');
  expect(alone.out).not.toMatch(/CAPABILITIES_ALL|KERNEL_/);
  const shown = await call('lint', '--no-images', 'lint/classes/edge.yml');
  expect(shown.out).toMatch(/^warning ROOT_WRITABLE\n.*\n {2}lint\/edge\.yml:2:57 {2}services web .*$/m);
  expect(shown.out).toMatch(/; 1 let pass$/);

  const words = ['lint', '--baseline', 'lint/known.json', 'lint/classes/edge.yml', '--fail-on'];
  expect((await call('lint', '--write-baseline', 'lint/known.json', 'lint/classes/edge.yml')).status).toBe(0);
  expect((await call(...words, 'note')).status).toBe(0);
  write('');
  expect((await call(...words, 'note')).status).toBe(1);
  expect((await call(...words, 'error')).status).toBe(0);
  const sarif = await call('lint', '--sarif', '-', '--fail-on', 'never', 'lint/classes/edge.yml');
  expect(sarif).toMatchObject({ status: 0, err: '' });
  const log: unknown = JSON.parse(sarif.out);
  expect(log).toMatchObject({ version: '2.1.0' });
  expect(sarif.out).toContain('"ruleId"');
  expect(sarifProblems(log)).toEqual([]);
});

test('lint takes the configuration of a kernel by name, and refuses a baseline that is none', async () => {
  writeFileSync(path('config'), 'CONFIG_HIBERNATION=y\n');
  writeFileSync(path('known.json'), '{"v": 1, "findings": [{"code": 7}]}');
  const found = await call('lint', '--no-images', '--kernel-config', 'config', '--json', 'kernel.yml');
  expect(found.out).toContain('"CONFIG_HIBERNATION"');
  expect(await call('lint', '--no-images', '--baseline', 'known.json', 'kernel.yml')).toMatchObject({
    status: 65,
    err: expect.stringMatching(/^SPEC_INVALID: known\.json:1:\d+: /),
  });
  expect((await call('lint')).err).toMatch(/^USAGE: name the image files to check/);
});

test('why tells of a file its component and layer, what it replaced, and who took away what is not there', async () => {
  const layers = [
    files({ 'etc/a': 'lower', 'etc/b': 'gone', 'usr/bin/tool': 'a tool' }),
    files({ 'etc/a': 'upper one', 'etc/.wh.b': '' }),
  ];
  await writeOciLayout(path('images/layered'), {
    tag: '1',
    platforms: [{ arch: 'amd64', layers, config: { Entrypoint: ['/usr/bin/tool'] } }],
  });
  writeFileSync(
    path('images/why.yml'),
    `init: ["oci:layered"]
services: [{name: web, image: "oci:web"}]
files:
  - {path: bin, symlink: usr/bin}
  - {path: start, contents: by hand}
`,
  );
  const words = ['--contents', '--format', 'tar,oci', '--dir', 'why', 'images/why.yml'];
  expect(await build(...words)).toMatchObject({ status: 0 });
  expect(readdirSync(path('why'))).toEqual(['why.contents.jsonl.gz', 'why.oci.tar', 'why.tar']);
  const told = await call('why', '/etc/a', 'why/why.tar');
  expect(told.out.replaceAll(/sha256:\w+/g, 'DIGEST')).toBe(
    `path          /etc/a
what          a file, mode 644, 9 B
digest        DIGEST
put there by  oci:layered, layer 2 of 2
layer         DIGEST
asked for by  init[0]
replaced      a file of 5 B from oci:layered, layer 1 of 2`,
  );
  const taken = await call('why', 'etc/b', 'why');
  expect(taken.status).toBe(0);
  expect(taken.out).toMatch(/^taken away by +oci:layered, layer 2 of 2: \/etc\/b$/m);
  expect(taken.out).toMatch(/^was +a file of 4 B from oci:layered, layer 1 of 2$/m);
  const linked = await call('why', '--json', '/bin/tool', 'why/why.contents.jsonl.gz');
  expect(JSON.parse(linked.out)).toMatchObject({
    path: 'usr/bin/tool',
    links: [{ path: 'bin', target: 'usr/bin', origin: { location: 'files[0]' } }],
    found: { origin: { component: 'oci:layered', layer: { number: 1, of: 2 } } },
  });
  const container = await call('why', 'containers/services/web/lower/start', 'why');
  expect(container.out).toMatch(/^put there by +oci:web, layer 1 of 1$/m);
  expect(container.out).toMatch(/^asked for by +services\[0\]$/m);
  expect((await call('why', 'containers/services', 'why')).out).toMatch(/^holds .* of /m);
  expect(await call('why', 'usr/start', 'why')).toMatchObject({
    status: 66,
    err: expect.stringMatching(/^NOT_FOUND: .*\/start, \/containers\/services\/web\/lower\/start\./),
  });
});

test('diff tells files, packages, configuration and sizes of two images, and ends with 1 where they differ', async () => {
  await writeOciLayout(path('images/web-next'), {
    tag: '1',
    platforms: [
      {
        arch: 'amd64',
        layers: [files({ start: 'a longer program', new: 'x' })],
        config: { Entrypoint: ['/start'] },
      },
    ],
  });
  writeFileSync(path('images/next.yml'), 'services: [{name: web, image: "oci:web-next"}]\n');
  const made = ['--contents', '--sbom', 'cyclonedx', '--format', 'tar', '--dir'] as const;
  expect((await build(...made, 'was', 'images/edge.yml')).status).toBe(0);
  expect((await build(...made, 'is', '--report', 'is.html', 'images/next.yml')).status).toBe(0);
  expect(await call('diff', 'was', 'was/edge.tar')).toEqual({ status: 0, out: 'no differences', err: '' });
  const { status, out } = await call('diff', 'was', 'is/next.tar');
  expect(status).toBe(1);
  expect(out).toMatch(/^sizes\nCOMPONENT +FROM +TO +GROWTH$/m);
  expect(out).toMatch(/^- +image: oci:web$/m);
  expect(out).toMatch(/^added +- +1 B +\+1 B +oci:web-next +\/containers\/services\/web\/lower\/new$/m);
  expect(out).toMatch(
    /^changed +9 B +16 B +\+7 B +oci:web-next +\/containers\/services\/web\/lower\/start$/m,
  );
  const short = await call('diff', '--files', '1', 'was', 'is');
  expect(short.out).toMatch(/… \d more; --files 0 shows all$/);
  expect(JSON.parse((await call('diff', '--json', 'was', 'is')).out)).toMatchObject({
    from: 'was',
    to: 'is',
    files: { added: 1 },
    packages: { components: { added: ['oci:web-next'], removed: ['oci:web'] } },
  });
  expect((await call('diff', 'was', 'images')).err).toMatch(
    /^NOT_FOUND: images: expected the list of its files/,
  );

  // The report of a build and that of what it left are one.
  expect((await call('report', '-o', 'again.html', 'is/next.tar')).out).toBe('again.html');
  const page = readFileSync(path('is.html'), 'utf8');
  expect(page).toContain('/containers/services/web/lower/start');
  expect(readFileSync(path('again.html'), 'utf8').replaceAll('next.tar', 'next')).toBe(page);
  expect(await build('--report', 'x.html', 'images/edge.yml')).toMatchObject({ status: 64 });
});

test('a layer that is refused is told by component, number, digest and path, with the mend', async () => {
  const device = {
    path: 'dev/mem',
    mode: 0o600,
    uid: 0,
    gid: 0,
    mtime: 0,
    source: 'test',
    major: 1,
    minor: 1,
  };
  const unsafe: Tree = new Map([['dev/mem', { ...device, type: 'char' }]]);
  await writeOciLayout(path('images/unsafe'), {
    tag: '1',
    platforms: [
      { arch: 'amd64', layers: [files({ start: '' }), unsafe], config: { Entrypoint: ['/start'] } },
    ],
  });
  writeFileSync(path('images/unsafe.yml'), 'services: [{name: web, image: "oci:unsafe"}]\n');
  const { err } = await build('--format', 'tar', '--dir', 'unsafe', 'images/unsafe.yml');
  expect(err).toMatch(
    /^LAYER_UNSAFE: oci:unsafe, layer 2 of 2 \(sha256:[0-9a-f]{64}\): "dev\/mem": .*; if this one does, list it under deviceNodes/,
  );
});

test('lint looks at the files of a built image where it is named', async () => {
  writeFileSync(path('images/open.yml'), 'files: [{path: tmp/all, contents: x, mode: "0666"}]\n');
  expect((await build('--contents', '--format', 'tar', '--dir', 'open', 'images/open.yml')).status).toBe(0);
  const words = ['lint', '--no-images', '--json', '--fail-on', 'never', 'images/edge.yml', '--built'];
  expect((await call(...words, 'open/open.tar')).out).toContain('"/tmp/all has the mode 666"');
  expect((await call(...words, 'open/none.tar')).status).toBe(66);
});

test('a class that fails does not keep others from being tried; each is told, and the first gives the status', async () => {
  mkdirSync(path('repository/classes'), { recursive: true });
  const put = (name: string, text: string) => writeFileSync(path(`repository/${name}`), text);
  put('classes/b.yml', 'name: b\narch: amd64\nimages: [../gone.yml]\n');
  put('classes/c.yml', 'name: c\narch: amd64\nimages: []\n');
  put('classes/d.yml', 'name: d\narch: amd64\nimages: [../d.yml]\nvariables: { site: north }\n');
  put(
    'd.yml',
    'kernel: { image: "oci:../images/kernel" }\nvariables: { site: }\nfiles: [{ path: site, contents: "${site}" }]\n',
  );
  const all = await call('build', '--all', '--repository', 'repository', '--jobs', '1', '--json');
  const outcomes = z
    .array(z.object({ class: z.string(), status: z.string(), code: z.string().optional() }))
    .parse(JSON.parse(all.out));
  expect(outcomes).toEqual([
    { class: 'b', status: 'failed', code: 'NOT_FOUND' },
    { class: 'c', status: 'failed', code: 'SPEC_INVALID' },
    { class: 'd', status: 'failed', code: 'SPEC_INVALID' },
  ]);
  expect(all.status).toBe(66);
  expect(existsSync(path('out/d'))).toBe(false);
  const fast = await call('build', '--all', '--repository', 'repository', '--jobs', '1', '--fail-fast');
  expect(fast.out).toMatch(/^b +NOT_FOUND\nc +stopped\nd +stopped$/m);
  expect(fast.err).toMatch(/^b: NOT_FOUND: .*gone.yml cannot be read/m);
  put(
    'd.yml',
    'kernel: { image: "oci:images/kernel" }\nvariables: { site: }\nfiles: [{ path: site, contents: "${site}" }]\n',
  );
  const shown = await call('build', '--class', 'd', '--repository', 'repository', '--dry-run');
  expect(shown.out).toContain('contents: north');
  const set = ['build', '--class', 'd', '--repository', 'repository', '--dry-run', '--set'];
  expect((await call(...set, 'site=south')).out).toContain('contents: south');
  expect((await call(...set, 'side=south')).status).toBe(64);
});
