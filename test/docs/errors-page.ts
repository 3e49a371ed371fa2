import { ERRORS } from '@slipway/protocol';

/** The text of `docs/errors.md`, made from the catalogue of codes. */
export const errorsPage = (): string =>
  [
    '# Errors',
    '',
    'Every code Slipway gives: on the command line (with the exit status), in answers of the API (with the HTTP status),',
    'and in reports of devices. Codes are stable. Written by `npm run docs` from `packages/protocol/src/errors.ts`.',
    '',
    '| Code | Exit | HTTP | What it means | How to mend it |',
    '|---|---|---|---|---|',
    ...Object.entries(ERRORS).map(
      ([code, row]) => `| \`${code}\` | ${row.exit} | ${row.http} | ${row.meaning} | ${row.mend} |`,
    ),
    '',
  ].join('\n');
