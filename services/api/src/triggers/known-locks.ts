import type { TriggerLocks } from '@slipway/fleet';
import type { ClassName, Trigger, TriggerRule } from '@slipway/protocol';

type Ruled = Pick<Trigger, 'rule' | 'perClass'>;

const ruleOf = ({ rule, perClass }: Ruled, name: ClassName): TriggerRule => perClass[name] ?? rule;

/** What follows a build. */
const outcome = ({ publish, channel, rollout }: TriggerRule): string =>
  JSON.stringify([publish, channel, rollout]);

/**
 * The locks that triggers of a source have resolved for a class last, as long as its repository holds the lock that they
 * were made from.
 *
 * @param from digest of the lock in the repository
 * @returns newest: the next one goes on from it, so that no trigger takes back what another found. seen: what decides
 *   whether something is new; of others only those count after whose builds the same happens, for this trigger would do
 *   nothing that is not done
 */
export const knownLocks = (
  all: readonly TriggerLocks[],
  trigger: Pick<Trigger, 'id'> & Ruled,
  name: ClassName,
  from: string,
): { readonly newest: string | undefined; readonly seen: string | undefined } => {
  const mine = outcome(ruleOf(trigger, name));
  const known = all
    .flatMap((other) => {
      const lock = other.locks[name];
      if (lock === undefined || lock.from !== from) return [];
      const counts = other.id === trigger.id || outcome(ruleOf(other, name)) === mine;
      return [{ at: lock.at ?? '', text: lock.text, counts }];
    })
    .sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  return { newest: known[0]?.text, seen: known.find(({ counts }) => counts)?.text };
};
