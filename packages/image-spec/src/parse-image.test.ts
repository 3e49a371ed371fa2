import { SlipwayError } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { parseImageFiles } from './parse-image.ts';

const thrownBy = (work: () => unknown): SlipwayError => {
  try {
    work();
  } catch (error) {
    if (error instanceof SlipwayError) return error;
    throw error;
  }
  throw new Error('expected an error');
};

const parse = (text: string, name = 'edge.yml') => parseImageFiles([{ name, text }]);
const minimal = "kernel: {image: 'deb:k'}\npackages: {k: {install: [linux]}}\n";

describe('errors point into the file', () => {
  test.each<[string, string, string, object]>([
    [
      'unknown top-level key',
      `${minimal}servces: []\n`,
      'SPEC_INVALID',
      { line: 3, column: 1, key: 'servces', suggestion: 'services' },
    ],
    [
      'unknown key of a service',
      `${minimal}services:\n  - name: a\n    image: deb:k\n    capabilites: []\n`,
      'SPEC_INVALID',
      { line: 6, column: 5, key: 'services[0].capabilites', suggestion: 'capabilities' },
    ],
    [
      'unknown key deep in a service',
      `${minimal}services:\n  - name: a\n    image: deb:k\n    resources: {memory: {limt: 3}}\n`,
      'SPEC_INVALID',
      { line: 6, column: 26, key: 'services[0].resources.memory.limt', suggestion: 'limit' },
    ],
    [
      'wrong type',
      `${minimal}services:\n  - name: a\n    image: deb:k\n    readonly: 'yes'\n`,
      'SPEC_INVALID',
      { line: 6, column: 15, key: 'services[0].readonly' },
    ],
    [
      'a number where a text is due',
      `${minimal}files:\n  - path: etc/x\n    contents: x\n    mode: 0644\n`,
      'SPEC_INVALID',
      { line: 6, column: 11, key: 'files[0].mode' },
    ],
    [
      'a missing key',
      `${minimal}services:\n  - name: a\n`,
      'SPEC_INVALID',
      { line: 4, column: 5, key: 'services[0].image' },
    ],
    [
      'a value outside its list',
      `${minimal}health:\n  probes:\n    - {type: htp, name: a, url: 'http://127.0.0.1/'}\n`,
      'SPEC_INVALID',
      { line: 5, column: 14, key: 'health.probes[0].type' },
    ],
    [
      'a key of another kind of probe',
      `${minimal}health:\n  probes:\n    - {type: tcp, name: a, host: b, port: 1, stats: 200}\n`,
      'SPEC_INVALID',
      {
        line: 5,
        column: 46,
        allowed: ['type', 'name', 'host', 'port', 'timeout', 'interval', 'retries'],
      },
    ],
    [
      'a floor without a unit',
      `${minimal}health:\n  resources: {memory: 32}\n`,
      'SPEC_INVALID',
      { line: 4, column: 23, key: 'health.resources.memory' },
    ],
    [
      'a resource of no known kind',
      `${minimal}health:\n  resources: {disc: 32M}\n`,
      'SPEC_INVALID',
      { line: 4, column: 15, allowed: ['memory', 'disk', 'load', 'temperature'], suggestion: 'disk' },
    ],
    [
      'a probe that never fails',
      `${minimal}health:\n  probes:\n    - {type: tcp, name: a, host: b, port: 1, timeout: 61}\n`,
      'SPEC_INVALID',
      { line: 5, column: 55, key: 'health.probes[0].timeout' },
    ],
    [
      'a link that is neither',
      `${minimal}link: {metered: sometimes}\n`,
      'SPEC_INVALID',
      { line: 3, column: 17, key: 'link.metered', allowed: ['auto', 'always', 'never'] },
    ],
    [
      'a diagnostic named twice',
      `${minimal}diagnostics:\n  - {name: a, command: ['true']}\n  - {name: a, command: ['false']}\n`,
      'SPEC_INVALID',
      { line: 5, column: 12, key: 'diagnostics[1].name' },
    ],
    [
      'a diagnostic that runs nothing',
      `${minimal}diagnostics:\n  - {name: a, command: []}\n`,
      'SPEC_INVALID',
      { line: 4, column: 24, key: 'diagnostics[0].command' },
    ],
    [
      'dependencies of no known form',
      "kernel: {image: 'deb:k'}\npackages: {k: {install: [linux], dependencies: some}}\n",
      'SPEC_INVALID',
      { line: 2, column: 48, key: 'packages.k.dependencies' },
    ],
    ['a key twice', `${minimal}kernel: {image: 'deb:k'}\n`, 'SPEC_SYNTAX', { line: 3, column: 1 }],
    ['broken YAML', `${minimal}files: [\n`, 'SPEC_SYNTAX', { line: 4 }],
    [
      'a reference of no known form',
      `${minimal}init: ['docker.io/X:1']\n`,
      'COMPONENT_REF_INVALID',
      { line: 3, column: 8, key: 'init[0]' },
    ],
    [
      'a layout outside the repository',
      `${minimal}init: ['oci:../../x']\n`,
      'SPEC_INVALID',
      { line: 3, column: 8, key: 'init[0]' },
    ],
    [
      'a source outside the repository',
      `${minimal}files:\n  - {path: etc/x, source: ../../../etc/shadow}\n`,
      'SPEC_INVALID',
      { key: 'files[0].source' },
    ],
    [
      'a package set that is not there',
      `${minimal}init: ['deb:kk']\n`,
      'SPEC_INVALID',
      { key: 'init[0]', allowed: ['k'], suggestion: 'k' },
    ],
    [
      'a service named twice',
      `${minimal}services:\n  - {name: a, image: 'deb:k'}\n  - {name: a, image: 'deb:k'}\n`,
      'SPEC_INVALID',
      { line: 5, key: 'services[1].name' },
    ],
    [
      'a health gate for no service',
      `${minimal}health: {services: [web]}\n`,
      'SPEC_INVALID',
      { key: 'health.services[0]' },
    ],
    [
      'a file that is two things',
      `${minimal}files:\n  - {path: a, contents: x, symlink: y}\n`,
      'SPEC_INVALID',
      { key: 'files[0]' },
    ],
    [
      'a path that climbs',
      `${minimal}files:\n  - {path: a/../../b, contents: x}\n`,
      'SPEC_INVALID',
      { key: 'files[0].path' },
    ],
    ['a list instead of a file', '- a\n', 'SPEC_INVALID', { line: 1, column: 1, key: '' }],
  ])('%s', (_title, text, code, details) => {
    const error = thrownBy(() => parse(text, 'images/edge.yml'));
    expect(error.code).toBe(code);
    expect(error.details).toMatchObject({ file: 'images/edge.yml', ...details });
    expect(error.message).toMatch(/^images\/edge\.yml:\d+:\d+: /);
  });

  test('every problem of a file is told at once', () => {
    const error = thrownBy(() => parse(`${minimal}a: 1\nb: 2\n`));
    expect(error.message.split('\n')).toHaveLength(2);
  });

  test('the message lists what is allowed', () => {
    const error = thrownBy(() => parse(`${minimal}kernl: {}\n`));
    expect(error.message).toBe(
      'edge.yml:3:1: kernl: unknown key; did you mean "kernel"?; allowed: ' +
        'kernel, init, volumes, onboot, onshutdown, services, files, trust, packages, dockerfiles, debian, deviceNodes, agent, modules, health, link, diagnostics, variables',
    );
  });
});

describe('what is left out', () => {
  test('is filled in', () => {
    const image = parse(`${minimal}services: [{name: a, image: 'deb:k'}, {name: b, image: 'deb:k'}]\n`);
    expect(image).toMatchObject({
      kernel: { image: 'deb:k', cmdline: '' },
      agent: { enabled: true, runtime: 'quickjs' },
      modules: [],
      health: { v: 1, deadline: 120, stable: 10, services: ['a', 'b'], broker: true, probes: [] },
      packages: { k: { dependencies: 'full' } },
      link: {},
      diagnostics: [],
    });
    expect(image.health).not.toHaveProperty('resources');
  });
});

test('later files add to lists and override fields', () => {
  const image = parseImageFiles([
    {
      name: 'base/a.yml',
      text: `${minimal}init: ['oci:one']\nservices: [{name: a, image: 'deb:k'}]\nhealth: {deadline: 60}\nlink: {metered: never, maxRate: 1M}\n`,
    },
    {
      name: 'b.yml',
      text: "kernel: {cmdline: quiet}\ninit: ['oci:two:1.2']\nservices: [{name: b, image: 'deb:k'}]\nhealth: {stable: 3, resources: {memory: 32M, load: 4}}\nlink: {maxRate: 64K}\n",
    },
  ]);
  expect(image.kernel).toEqual({ image: 'deb:k', cmdline: 'quiet' });
  expect(image.init).toEqual(['oci:base/one', 'oci:two:1.2']);
  expect(image.services.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(image.health).toMatchObject({ deadline: 60, stable: 3, resources: { memory: 33_554_432, load: 4 } });
  expect(image.link).toEqual({ metered: 'never', maxRate: 65_536 });
});

test('an anchor is merged as YAML 1.1 does', () => {
  const image = parse(
    `${minimal}services:\n  - &a {name: a, image: 'deb:k', readonly: true}\n  - {<<: *a, name: b}\n`,
  );
  expect(image.services[1]).toEqual({ name: 'b', image: 'deb:k', readonly: true });
});
