import { codeOf, messageOf } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { expand } from './expand.ts';
import { parseInstructions } from './instructions.ts';
import { imagesOf, parseDockerfile } from './parse-dockerfile.ts';

const parse = (text: string, args: Record<string, string> = {}) =>
  parseDockerfile(text, { file: 'web/Dockerfile', arch: 'arm64', args });
const images = (text: string, args?: Record<string, string>, target?: string): string[] =>
  imagesOf(parse(text, args), target).map(({ name, arch }) => (arch === 'arm64' ? name : `${name} ${arch}`));

const failure = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return `${codeOf(error)} ${messageOf(error)}`;
  }
  return 'none';
};

describe('instructions', () => {
  test('are told with the lines where they begin', () => {
    const text =
      '# syntax=docker/dockerfile:1\n\nFROM a\r\nRUN one && \\\n  # a comment\n\n  two\ncopy <<EOF /x\nFROM no\nEOF\nrun <<-"A" <<B\n\tFROM no\n\tA\nB\nCMD ["x"]\n';
    expect(parseInstructions(text, 'Dockerfile').map(({ line, keyword }) => [line, keyword])).toEqual([
      [3, 'FROM'],
      [4, 'RUN'],
      [8, 'COPY'],
      [11, 'RUN'],
      [15, 'CMD'],
    ]);
    expect(parseInstructions(text, 'Dockerfile')[1]?.rest.replace(/\s+/g, ' ')).toBe('one && two');
  });

  test('go on after another character where the file says so', () => {
    const text = '# escape=`\nFROM a\nRUN dir c:\\\nRUN one `\n  two\n';
    expect(parseInstructions(text, 'Dockerfile').map(({ rest }) => rest.replace(/\s+/g, ' '))).toEqual([
      'a',
      'dir c:\\',
      'one two',
    ]);
  });

  test('are words', () => {
    expect(failure(() => parseInstructions('FROM a\n{"a": 1}\n', 'D'))).toMatch(/^DOCKERFILE_INVALID D:2: /);
  });
});

test.each([
  ['$A', 'one'],
  ['${A}-$B.', 'one-.'],
  ['${A:-x}${B:-y}${C:-z}', 'oneyz'],
  ['${C-z}${B-z}', 'z'],
  ['${A:+set}${B:+set}${C:+set}${B+set}', 'setset'],
  ['\\$A ${C:-$A}', '$A one'],
])('%s is expanded as Dockerfiles have it', (text, expanded) => {
  const values = new Map([
    ['A', 'one'],
    ['B', ''],
  ]);
  expect(expand(text, values)).toBe(expanded);
});

describe('images that a Dockerfile builds upon', () => {
  test.each<[string, string, string[], Record<string, string>?, string?]>([
    ['one', 'FROM alpine:3', ['alpine:3']],
    ['none', 'FROM scratch\nCOPY a /a', []],
    ['not those of stages', 'FROM a AS One\nFROM one\nCOPY --from=0 /a /a', ['a']],
    ['those of COPY', 'FROM scratch\nCOPY --chown=1 --from=b:1 /a /b', ['b:1']],
    ['those of mounts', 'FROM a\nRUN --mount=type=bind,from=b,target=/b ls', ['a', 'b']],
    ['not those of stages that nobody needs', 'FROM a AS a1\nFROM b AS b1\nFROM a1', ['a']],
    ['those of a target alone', 'FROM a AS one\nFROM b AS two\nFROM c', ['b'], {}, 'TWO'],
    ['those of a numbered target', 'FROM a\nFROM b', ['a'], {}, '0'],
    ['a stage of the same name as its image', 'FROM a AS a\nFROM a', ['a']],
    ['by arguments', 'ARG BASE=a\nARG V=1 W="2 3"\nFROM ${BASE}:$V', ['a:1']],
    ['by arguments of the build', 'ARG BASE=a\nFROM $BASE', ['b'], { BASE: 'b' }],
    ['by the architecture', 'FROM base-$TARGETARCH', ['base-arm64']],
    [
      'of another platform',
      'FROM --platform=linux/amd64 go AS b\nFROM c\nCOPY --from=b / /',
      ['c', 'go amd64'],
    ],
    ['in quotes', 'FROM "a"', ['a']],
  ])('%s', (_what, text, expected, args, target) => {
    expect(images(text, args, target)).toEqual(expected);
  });

  test.each([
    ['RUN x\nFROM a', 'web/Dockerfile:1: expected FROM before RUN'],
    ['', 'web/Dockerfile:1: expected FROM, found no instruction'],
    ['FROM', 'web/Dockerfile:1: expected FROM IMAGE [AS NAME]'],
    ['ARG A\nFROM $A', 'web/Dockerfile:2: expected an image, found FROM $A, which is empty'],
    ['FROM --platform=windows/amd64 a', 'expected a platform of linux/amd64'],
  ])('%j is refused', (text, message) => {
    const found = failure(() => images(text));
    expect(found).toContain('DOCKERFILE_INVALID');
    expect(found).toContain(message);
  });

  test('a target that is not there is refused, and the stages are named', () => {
    expect(failure(() => images('FROM a AS one\nFROM b', {}, 'two'))).toContain(
      'expected a stage two for target, found one',
    );
  });
});
