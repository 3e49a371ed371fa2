import { writeFile } from 'node:fs/promises';
import { ERRORS, TERMINAL_STATES, codeOf, messageOf } from '@slipway/protocol';
import { runEnrol } from './enrol-command.ts';
import { HELP, parseOptions } from './parse-options.ts';
import { renderLine, resultOf } from './render.ts';
import type { Seen } from './seen.ts';
import { startFleetSim } from './start.ts';

/** A line for each on a terminal, else one in a while. */
const LINE_MS = process.stderr.isTTY ? 1_000 : 10_000;
const FOREVER_MS = 2 ** 31 - 1;

const isSettled = ({ inState, acknowledged, made }: Seen, count: number): boolean => {
  const over = TERMINAL_STATES.reduce((sum, state) => sum + (inState[state] ?? 0), 0);
  return over >= count && acknowledged === Object.values(made).reduce((sum, one) => sum + one, 0);
};

/** @returns exit status */
const main = async (args: readonly string[]): Promise<number> => {
  if (args[0] === 'enrol') return runEnrol(args.slice(1), console.log);
  const { help, sim: options, seconds, settled, json } = parseOptions(args);
  if (help) {
    console.log(HELP);
    return 0;
  }
  const sim = startFleetSim(options);
  let isAsked = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (isAsked = true));
  let before = sim.seen();
  const timer = setInterval(() => {
    const now = sim.seen();
    process.stderr.write(`${renderLine(now, before, LINE_MS / 1000)}\n`);
    before = now;
  }, LINE_MS);
  const end = performance.now() + (seconds === undefined ? FOREVER_MS : seconds * 1000);
  const isOver = (seen: Seen): boolean =>
    isAsked || performance.now() > end || (settled !== undefined && isSettled(seen, settled));
  try {
    const seen = await sim.until('the end', isOver, FOREVER_MS);
    const text = `${JSON.stringify(resultOf(seen), null, 2)}\n`;
    if (json !== undefined && json !== '-') await writeFile(json, text);
    else if (json === '-') process.stdout.write(text);
    else console.log(renderLine(seen, before, LINE_MS / 1000));
    return seen.doubleInstalls + seen.doubleArms === 0 ? 0 : 1;
  } finally {
    clearInterval(timer);
    await sim.close();
  }
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const code = codeOf(error);
  console.error(`${code}: ${messageOf(error)}`);
  process.exitCode = ERRORS[code].exit;
}
