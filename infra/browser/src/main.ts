import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { codeOf, ERRORS, messageOf, SlipwayError } from '@slipway/protocol';
import { launchChromium } from './chromium.ts';
import { startInstance } from './instance.ts';
import { CLASSES, liven } from './life.ts';
import { takeScreenshots } from './screenshots.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const HELP = `npm run screenshots -- [options]

Starts a server with simulated devices, has them live for a while, and writes a picture of every screen of the dashboard:
light and dark, wide and narrow.

  --out DIR      where they go (default .slipway/screenshots)
  --only NAME    only screens whose name has it in it
  --stay         go on afterwards, until Ctrl-C, so as to look around
  --help
`;

const readOptions = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        out: { type: 'string', default: join(ROOT, '.slipway', 'screenshots') },
        only: { type: 'string', default: '' },
        stay: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false, short: 'h' },
      },
    }).values;
  } catch (cause) {
    throw new SlipwayError('USAGE', `${messageOf(cause)}\n\n${HELP}`, { cause });
  }
};

const main = async (): Promise<void> => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const asked = new Promise((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  });
  const out = resolve(options.out);
  await mkdir(out, { recursive: true });
  await using undo = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'slipway-screenshots-'));
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  const cacheDir = join(ROOT, '.slipway', 'cache');
  const instance = await startInstance({ folder, cacheDir, classes: CLASSES, say });
  undo.defer(() => instance.close());
  const browser = await launchChromium();
  undo.defer(() => browser.close());
  const written = await takeScreenshots(browser, instance, {
    out,
    only: options.only,
    say,
    liven: async () => {
      const fleets = await liven(instance, say);
      undo.defer(async () => {
        await Promise.all(fleets.map((fleet) => fleet.close()));
      });
    },
  });
  console.log(`${written} pictures in ${out}`);
  if (!options.stay) return;
  say(`${instance.url}, anna, "a sentence nobody guesses"; Ctrl-C ends it`);
  await asked;
};

try {
  await main();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${codeOf(error)}: ${messageOf(error)}\n`);
  process.exit(ERRORS[codeOf(error)].exit);
}
