import { codeOf, messageOf } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { parseRegistries } from './config.ts';

const parse = (text: string) => parseRegistries(text, '/etc/here/registries.yml');
const refusal = (text: string): string => {
  try {
    parse(text);
  } catch (error) {
    return `${codeOf(error)} ${messageOf(error)}`;
  }
  return 'none';
};

test('every key', () => {
  const config = parse(`
v: 1
registries:
  index.docker.io:
    mirrors: [https://mirror.example.com/hub, http://localhost:5000]
  Registry.example.com:5000:
    ca: [a.pem, /b.pem]
    clientCert: me.pem
    clientKey: me.key
  '[::1]:5000':
    ca: one.pem
`);
  expect([...config.keys()]).toEqual(['docker.io', 'registry.example.com:5000', '[::1]:5000']);
  expect(config.get('docker.io')?.mirrors.map(String)).toEqual([
    'https://mirror.example.com/hub',
    'http://localhost:5000/',
  ]);
  expect(config.get('registry.example.com:5000')).toEqual({
    mirrors: [],
    caFiles: ['/etc/here/a.pem', '/b.pem'],
    clientCert: '/etc/here/me.pem',
    clientKey: '/etc/here/me.key',
  });
  expect(config.get('[::1]:5000')?.caFiles).toEqual(['/etc/here/one.pem']);
});

const entry = (lines: string): string => `v: 1\nregistries:\n  reg.example.com:\n    ${lines}\n`;

test.each([
  ['no YAML', 'v: [', 'REGISTRIES_INVALID /etc/here/registries.yml: '],
  ['another version', 'v: 2\nregistries: {}', 'REGISTRIES_INVALID /etc/here/registries.yml:1:4: v: '],
  ['an unknown key', entry('mirrors: []\n    insecure: true'), ':4:5: registries.reg.example.com: '],
  ['which lists what is allowed', entry('insecure: true'), 'allowed: mirrors, ca, clientCert, clientKey'],
  ['no registries', 'v: 1', 'registries: expected a mapping, found nothing'],
  ['an unknown key of the file', 'v: 1\nregistrys: {}', 'unknown key registrys; allowed: v, registries'],
  ['no host', 'v: 1\nregistries:\n  https://reg.example.com: {}', ':3:'],
  [
    'a mirror that is no address',
    entry('mirrors: [mirror.example.com]'),
    ':4:15: registries.reg.example.com.mirrors.0: ',
  ],
  [
    'a mirror with a password',
    entry('mirrors: [https://a:b@mirror.example.com]'),
    'credentials come from the docker config',
  ],
  ['a key without its certificate', entry('clientKey: me.key'), 'clientCert and clientKey go together'],
  [
    'one registry by two names',
    'v: 1\nregistries:\n  docker.io: {}\n  index.docker.io: {}',
    'docker.io is there twice',
  ],
  [
    'plain http',
    entry('mirrors: ["http://mirror.example.com"]'),
    'REGISTRY_INSECURE /etc/here/registries.yml:4:14: ',
  ],
])('%s is refused', (_what, text, said) => {
  expect(refusal(text)).toContain(said);
});

test('a password in an address is not repeated', () => {
  expect(refusal(entry('mirrors: [https://user:hush@mirror.example.com]'))).not.toContain('hush');
});
