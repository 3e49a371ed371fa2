import { assert, property, string } from 'fast-check';
import { codeOf, messageOf } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { parseClassImage } from './parse-class-image.ts';
import { parseImageFiles } from './parse-image.ts';

const classText = (more: string): string => `name: gate\narch: amd64\nimages: [../gate.yml]\n${more}`;
const built = (image: string, more = '') =>
  parseClassImage({
    classFile: { name: 'classes/gate.yml', text: classText(more) },
    imageFiles: [{ name: 'gate.yml', text: image }],
  }).spec;
const refused = (image: string, more = ''): string => {
  try {
    built(image, more);
  } catch (error) {
    expect(codeOf(error)).toBe('SPEC_INVALID');
    return messageOf(error);
  }
  return 'nothing';
};

const IMAGE = `
variables:
  site: nowhere
  deadline: 60
  release:
files:
  - path: etc/site
    contents: 'at \${site}, not $\${site}; $HOME $5 {site}'
services:
  - name: web
    image: oci:layouts/web:\${release}
health: { deadline: '\${deadline}' }
`;

test('variables are what the class says, else what the image file says; a number stays one', () => {
  const image = built(IMAGE, 'variables: { site: "north: #1", release: v2 }\n');
  expect(image.files[0]).toMatchObject({ contents: 'at north: #1, not ${site}; $HOME $5 {site}' });
  expect(image.services[0]?.image).toBe('oci:layouts/web:v2');
  expect(image.health.deadline).toBe(60);
});

test('a file that declares no variables is left to the letter', () => {
  const text = "files: [{ path: run.sh, contents: 'echo ${HOME} $${x} ${site}' }]\n";
  const others = 'variables: { site: here }\nfiles: [{ path: site, contents: "${site}" }]\n';
  const image = parseImageFiles([
    { name: 'linuxkit.yml', text },
    { name: 'site.yml', text: others },
  ]);
  expect(image.files.map((file) => ('contents' in file ? file.contents : ''))).toEqual([
    'echo ${HOME} $${x} ${site}',
    'here',
  ]);
});

test('${arch} is left to package sets', () => {
  const image = built(
    'variables: { kind: cloud }\npackages: { kernel: { install: ["linux-image-${kind}-${arch}"] } }\n',
  );
  expect(image.packages['kernel']?.install).toEqual(['linux-image-cloud-${arch}']);
});

const ONE = 'variables: { site: a }\nfiles: [{ path: a, contents: "${site}" }]\n';
test.each([
  [
    'a variable that is not declared',
    'variables: { site: a }\nfiles: [{ path: a, contents: "${site} ${sit}" }]\n',
    '',
    'gate.yml:2:30: files[0].contents: there is no variable "sit": declare it under variables, or write $${ for the text itself; did you mean "site"?; allowed: site',
  ],
  [
    'one that nothing uses',
    'variables:\n  site: a\n',
    '',
    'gate.yml:2:9: variables.site: is not used: nothing in this file says ${site}',
  ],
  [
    'one without a value',
    'variables: { site: }\nfiles: [{ path: a, contents: "${site}" }]\n',
    '',
    'variables.site: has no value: set it under variables of the class file, or by --set, or give it one here',
  ],
  [
    'one of the class that no image file has',
    ONE,
    'variables: { sites: b }\n',
    'classes/gate.yml:4:21: variables.sites: no image file declares the variable sites; did you mean "site"?; allowed: site',
  ],
  [
    'the name of the architecture',
    'variables: { arch: a }\n',
    '',
    'another name: ${arch} is the architecture in package sets',
  ],
  ['a name with spaces', 'variables: { "a b": a }\n', '', 'a name of letters, digits, - and _'],
  ['a list as value', ONE, 'variables: { site: [b] }\n', 'a text, a number, or true or false'],
  [
    'a value of the wrong kind',
    'variables: { deadline: soon }\nhealth: { deadline: "${deadline}" }\n',
    '',
    'gate.yml:2:21: health.deadline: expected a number, found the text "soon"',
  ],
])('%s is pointed at', (_what, image, more, message) => {
  expect(refused(image, more)).toContain(message);
});

test('a file alone may lack values, until a class uses it', () => {
  const files = [
    { name: 'a.yml', text: 'variables: { site: }\nfiles: [{ path: a, contents: "${site}" }]\n' },
  ];
  expect(parseImageFiles(files, { mayLackValues: true }).files).toHaveLength(1);
  expect(() => parseImageFiles(files)).toThrow(/has no value/);
});

test('values are never read as YAML: whatever a class sets is what the file holds', () => {
  assert(
    property(string(), (value) => {
      const image = built(ONE, `variables: { site: ${JSON.stringify(value)} }\n`);
      expect(image.files[0]).toMatchObject({ contents: value });
    }),
  );
});

test('the overlay comes last, with paths relative to the class file and places in it', () => {
  const base = 'kernel: { image: deb:kernel, cmdline: quiet }\nfiles: [{ path: etc/a, contents: a }]\n';
  const packages = 'packages: { kernel: { install: [linux] } }\n';
  const overlay =
    'overlay:\n  kernel: { cmdline: debug }\n  files:\n    - { path: etc/a, source: overlays/a }\n';
  const image = built(base + packages, overlay);
  expect(image.kernel).toEqual({ image: 'deb:kernel', cmdline: 'debug' });
  expect(image.files).toEqual([
    { path: 'etc/a', contents: 'a' },
    { path: 'etc/a', source: 'classes/overlays/a' },
  ]);
  expect(refused(base + packages, 'overlay:\n  file: []\n')).toContain(
    'classes/gate.yml:5:3: overlay.file: unknown key; did you mean "files"?',
  );
  expect(refused(base + packages, 'overlay:\n  health:\n    services: [web]\n')).toContain(
    'classes/gate.yml:6:16: health.services[0]: there is no service "web"',
  );
});
