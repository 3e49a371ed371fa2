import { codeOf, messageOf } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { thrownBy } from './fixture/thrown-by.ts';
import { formatSpec } from './format-spec.ts';
import { parseImageFiles } from './parse-image.ts';

const parse = (text: string, name = 'images/edge.yml') => parseImageFiles([{ name, text }]);
const service = (text: string): string => `services:\n  - ${text}\n`;

describe('a component with build', () => {
  test('is a reference to what dockerfiles says, with paths relative to the repository', () => {
    const image = parse(
      service(
        "{name: web, build: {context: ../web, args: {A: '1'}, contexts: {base: 'oci:../layouts/base:1'}}}",
      ),
    );
    const [[name, build] = ['']] = Object.entries(image.dockerfiles);
    expect(name).toMatch(/^web-[0-9a-f]{8}$/);
    expect(build).toEqual({ context: 'web', args: { A: '1' }, contexts: { base: 'oci:layouts/base:1' } });
    expect(image.services).toEqual([{ name: 'web', image: `dockerfile:${name}` }]);
  });

  test('may be a folder, and stand for kernel, volumes and containers; init takes it by name', () => {
    const image = parse(
      'kernel: {build: ./k}\ninit: [dockerfile:own]\nvolumes: [{name: v, build: ./v}]\n' +
        'onboot: [{name: a, build: ./k}]\ndockerfiles: {own: {context: own}}\n',
      'edge.yml',
    );
    expect(Object.values(image.dockerfiles)).toEqual([
      { context: 'own' },
      { context: 'k' },
      { context: 'v' },
    ]);
    expect(image.kernel?.image).toBe(image.onboot[0]?.image);
    expect(image.volumes[0]).toEqual({ name: 'v', image: expect.stringMatching(/^dockerfile:v-/) });
  });

  test('of the same words is one component, of others another', () => {
    const names = (a: string, b: string): number =>
      Object.keys(parse(`services: [{name: a, build: ${a}}, {name: b, build: ${b}}]\n`).dockerfiles).length;
    expect(names('./web', '{context: web, dockerfile: Dockerfile, network: host}')).toBe(1);
    expect(names("{context: web, args: {A: '1', B: '2'}}", "{context: web, args: {B: '2', A: '1'}}")).toBe(1);
    for (const other of ['{context: web, target: t}', "{context: web, args: {A: ''}}", './other/web'])
      expect(names('./web', other)).toBe(2);
  });

  test('is printed as an image file that says the same', () => {
    const text =
      'services: [{name: web, build: {context: web, target: run, network: none}}]\ndebian: [{suites: [trixie]}]\n';
    const image = parse(text, 'edge.yml');
    expect(parse(formatSpec(image), 'edge.yml')).toEqual(image);
  });
});

describe('what is refused', () => {
  test.each([
    ['neither', '{name: web}', 'services[0].image: is missing: expected a text, or build instead'],
    [
      'both',
      '{name: web, image: alpine, build: ./web}',
      'services[0].build: expected image or build, found both',
    ],
    [
      'another type',
      '{name: web, build: 5}',
      'services[0].build: expected the path of a folder, or a mapping of',
    ],
    [
      'an unknown key',
      '{name: web, build: {contxt: web, context: web}}',
      'services[0].build.contxt: unknown key; did you mean "context"?; allowed: context, dockerfile, target',
    ],
    [
      'no context',
      '{name: web, build: {target: a}}',
      'services[0].build.context: is missing: expected a text',
    ],
    [
      'a number as argument',
      '{name: web, build: {context: web, args: {A: 1}}}',
      'expected a text (put it in quotes)',
    ],
    [
      'a way out',
      '{name: web, build: ../../web}',
      'expected a path inside the image repository, found ../../web',
    ],
    [
      'a Dockerfile outside',
      '{name: web, build: {context: web, dockerfile: ../D}}',
      'expected a path within the context',
    ],
    [
      'a base that is not declared',
      "{name: web, build: {context: w, contexts: {b: 'deb:x'}}}",
      'packages has no "x"',
    ],
    ['a name that is not declared', '{name: web, image: dockerfile:x}', 'dockerfiles has no "x"'],
  ])('%s', (_what, text, message) => {
    const error = thrownBy(() => parse(service(text)));
    expect(codeOf(error)).toBe('SPEC_INVALID');
    expect(messageOf(error)).toContain(message);
  });

  test('Dockerfiles that build upon one another in a circle', () => {
    const error = thrownBy(() =>
      parse(
        'dockerfiles:\n' +
          "  a: {context: a, contexts: {b: 'dockerfile:b'}}\n" +
          "  b: {context: b, contexts: {a: 'dockerfile:a'}}\n" +
          "  c: {context: c, contexts: {a: 'dockerfile:a'}}\n",
      ),
    );
    expect(messageOf(error)).toContain('dockerfile:a is built upon itself');
    expect(messageOf(error)).toContain('dockerfile:b is built upon itself');
    expect(messageOf(error)).not.toContain('dockerfile:c is built');
  });
});
