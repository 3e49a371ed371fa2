import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProgram } from '@slipway/cli';
import { FORMATS } from '@slipway/image/formats';
import { BootLoader } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { stepsOf } from './examples.ts';

const docs = join(import.meta.dirname, '..', '..', 'docs');
const read = (page: string): string => readFileSync(join(docs, page), 'utf8');
/** What the test of the examples runs, and the files it writes for that. */
const runOf = (page: string): string[] =>
  stepsOf(read(page)).map((step) => (step.type === 'file' ? step.text : step.script));
const linksOf = (page: string): string[] =>
  [...read(page).matchAll(/\]\(([^)#]+)\)/g)].map(([, link = '']) => link);

test.each([...FORMATS, 'bundle'])('format %s has a page, whose example builds it', (format) => {
  const page = `formats/${format.replaceAll('+', '-')}.md`;
  expect(linksOf('README.md')).toContain(page);
  expect(linksOf('outputs.md')).toContain(page);
  const built = runOf(page).flatMap((script) =>
    [...script.matchAll(/--format (\S+)/g)].flatMap(([, formats = '']) => formats.split(',')),
  );
  expect(built).toContain(format);
});

/** In class files, as the pages have them; a Raspberry Pi has one loader, which its board names. */
const BOARDS: Readonly<Record<BootLoader, Readonly<Record<string, RegExp>>>> = {
  'systemd-boot': {
    'pc.md': /^arch: amd64$[^]*^bootLoader: systemd-boot$/m,
    'arm64-uefi.md': /^arch: arm64$/m,
  },
  'u-boot': { 'u-boot.md': /^bootLoader: u-boot$/m },
  grub: { 'grub.md': /^bootLoader: grub$/m },
  tryboot: { 'raspberry-pi.md': /^board: rpi$/m },
};

test.each(BootLoader.options)('what %s starts has a page, whose example checks its class', (loader) => {
  for (const [name, words] of Object.entries(BOARDS[loader])) {
    expect(linksOf('README.md')).toContain(`boards/${name}`);
    const run = runOf(`boards/${name}`);
    expect(run).toContainEqual(expect.stringMatching(words));
    expect(run).toContainEqual(expect.stringContaining('slipway validate'));
  }
});

test('there is no page of a board beside', () => {
  const pages = Object.values(BOARDS).flatMap((boards) => Object.keys(boards));
  expect(readdirSync(join(docs, 'boards')).toSorted()).toEqual(pages.toSorted());
});

const { commands } = createProgram(
  () => {
    throw new Error('nothing is run');
  },
  { out: () => undefined, err: () => undefined },
);
/** Rows of `commands.md`: the commands that a page tells of. */
const rows = read('commands.md')
  .split('\n')
  .filter((line) => line.startsWith('| `slipway '))
  .map((line) => ({
    names: [...line.matchAll(/`slipway ([a-z-]+)`/g)].map(([, name = '']) => name),
    page: /\]\(([^)]+)\)/.exec(line)?.[1] ?? 'commands.md',
  }));

test('commands.md has a row for each command, and none for others', () => {
  // `complete` is asked by the shell alone.
  const names = commands
    .map((command) => command.name())
    .filter((name) => !['complete', 'help'].includes(name));
  expect(rows.flatMap((row) => row.names).toSorted()).toEqual(names.toSorted());
});

const words = commands.map((command) => {
  const names = [command.name(), ...command.aliases()];
  const page = rows.find((row) => row.names.includes(command.name()))?.page ?? 'commands.md';
  return { name: command.name(), page, words: new RegExp(`slipway (?:${names.join('|')})\\b`) };
});

test.each(words)('$page tells of slipway $name', (command) => {
  expect(read(command.page)).toMatch(command.words);
});

/** What an example would change for all the others, what asks a person, and what boots a machine. */
const NOT_RUN =
  'stop resume backup restore status setup login logout session user token virtual-device complete'.split(
    ' ',
  );

test.each(words.filter(({ name }) => !NOT_RUN.includes(name)))(
  'slipway $name is run by an example of $page',
  (command) => {
    expect(runOf(command.page)).toContainEqual(expect.stringMatching(command.words));
  },
);
