import { SlipwayError, type Source } from '@slipway/protocol';

/** What git says where a branch has moved on since it was fetched. */
const isBehind = (why: string): boolean => /\[rejected\]|non-fast-forward|fetch first/i.test(why);

/**
 * Why a push of what was fetched a moment ago did not go through: somebody else pushed in between, or whoever the
 * credentials are for may not write there.
 */
export const pushRefusal = (
  { id, name, url }: Pick<Source, 'id' | 'name' | 'url'>,
  branch: string,
  why: string,
  cause: unknown,
): SlipwayError =>
  isBehind(why)
    ? new SlipwayError(
        'PRECONDITION_FAILED',
        `Somebody pushed to ${branch} of ${name} in this moment. Read the files again, and save once more.`,
        { cause, details: { source: id, branch } },
      )
    : new SlipwayError(
        'GIT_PUSH_REFUSED',
        `Source ${name} (${url}) did not take the commit on ${branch}: ${why}. Push to another branch, or take the change as a patch.`,
        { cause, details: { source: id, branch } },
      );
