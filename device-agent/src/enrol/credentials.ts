import type { EnrolWork } from './ask-server.ts';
import {
  deviceKey,
  discardNext,
  promoteNext,
  readNext,
  type Identity,
  type KeyedIdentity,
} from './identity.ts';

/** Tries of a next certificate that the broker refused while it took the present one, before it is given up. */
const MAX_REFUSALS = 3;

/** What the device connects with. After a renewal the next certificate is tried, and the present one kept until it worked. */
export type Credentials = {
  /** the present one */
  readonly identity: () => Identity;
  readonly hasNext: () => Promise<boolean>;
  /** for the connection about to be made */
  readonly offer: () => Promise<KeyedIdentity>;
  /** how the connection with the last offer went */
  readonly tried: (connected: boolean) => Promise<void>;
  /** connections in a row that did not come about */
  readonly failures: () => number;
};

export const credentialsOf = async (work: EnrolWork, identity: Identity): Promise<Credentials> => {
  const { runtime, config } = work;
  let present: KeyedIdentity = { identity, key: await deviceKey(runtime, config) };
  let offered: 'present' | 'next' = 'present';
  let failures = 0;
  /** the next one failed last time; with the network down the present one fails as well */
  let nextFailed = false;
  let refusals = 0;

  return {
    identity: () => present.identity,
    hasNext: async () => (await readNext(work)) !== undefined,
    failures: () => failures,
    offer: async () => {
      const next = await readNext(work);
      // In turn, so that a next one that is no good never costs the connection.
      offered = next !== undefined && !nextFailed ? 'next' : 'present';
      return offered === 'next' && next !== undefined ? next : present;
    },
    tried: async (connected) => {
      failures = connected ? 0 : failures + 1;
      if (offered === 'next') {
        nextFailed = !connected;
        if (!connected) return;
        refusals = 0;
        present = await promoteNext(work);
        runtime.log('the next certificate is in use');
        return;
      }
      if (!nextFailed) return;
      nextFailed = false;
      if (!connected) return;
      refusals += 1;
      runtime.log('the broker refused the next certificate and took the present one');
      if (refusals < MAX_REFUSALS) return;
      refusals = 0;
      await discardNext(work);
    },
  };
};
