import { entry, type ErrorEntry } from './entry.ts';

/** Of any program, before it does anything of its own. */
export const PROGRAMS = {
  INTERNAL: entry(70, 500, 'A fault in Slipway itself.', 'Report it with the log around it.'),
  CONFIG_INVALID: entry(
    78,
    500,
    'A setting in the environment is missing or wrong.',
    'Mend the settings named.',
  ),
  USAGE: entry(64, 400, 'The words of a command are off.', 'See --help.'),
  TOOL_MISSING: entry(
    69,
    503,
    'A system program that is needed is not installed.',
    'Install the package named.',
  ),
  TOOL_FAILED: entry(
    70,
    500,
    'A system program ended with an error.',
    'Read its output, which the message quotes.',
  ),
  NODE_TOO_OLD: entry(
    69,
    500,
    'The program runs on a Node older than 24.',
    'Start it by npm or npx from the checkout.',
  ),
} as const satisfies Record<string, ErrorEntry>;
