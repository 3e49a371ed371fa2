import { SlipwayError } from '@slipway/protocol';

/** The demo's image file in its versions, each an edit of the one before as an operator would make it. */
export type Edit = {
  readonly version: string;
  readonly what: string;
  readonly edit: (text: string) => string;
};

/** Replaces exactly one occurrence; the image file of the repository and the demo must agree. */
const replaceOnce = (text: string, from: string, to: string): string => {
  const parts = text.split(from);
  if (parts.length !== 2) {
    throw new SlipwayError(
      'SPEC_INVALID',
      `expected "${from}" once in the image file of the demo, found it ${parts.length - 1} times`,
    );
  }
  return parts.join(to);
};

export const EDITS: readonly Edit[] = [
  { version: '1.0.0', what: 'as it is in the repository', edit: (text) => text },
  {
    version: '2.0.0',
    what: 'another page',
    edit: (text) => replaceOnce(text, 'version 1.0.0', 'version 2.0.0'),
  },
  {
    version: '3.0.0',
    what: 'another page, and no answer to the health probe',
    edit: (text) =>
      replaceOnce(
        replaceOnce(text, 'version 2.0.0', 'version 3.0.0'),
        'path: srv/www/healthz',
        'path: srv/www/not-healthz',
      ),
  },
];
