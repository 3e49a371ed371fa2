import {
  classTriggerPlace,
  listSources,
  recordClassFiles,
  recordUnread,
  settleClassTriggers,
  takeLook,
  type Database,
} from '@slipway/fleet';
import { codeOf, messageOf, type Source } from '@slipway/protocol';
import type { Logger } from 'pino';
import type { RepositoryFiles } from '../repository/repository-files.ts';
import type { Sources } from '../sources.ts';
import { backOff } from './back-off.ts';
import { repeated } from './repeated.ts';
import { nextAt } from './next-at.ts';
import { digestOfTexts, readClassFiles } from './read-class-files.ts';

type Needs = {
  readonly db: Database;
  /** the image repository of the server */
  readonly files: RepositoryFiles;
  readonly sources: Sources;
  readonly logger: Logger;
  /** how often branches of sources are fetched; 0: only where something else fetches them */
  readonly fetchEveryMs: number;
  /** triggers were set off */
  readonly onRead: () => void;
};

export type ClassTriggerWatch = { readonly look: () => void; readonly close: () => Promise<void> };

const LOOK_MS = 2000;
const MOST_SOURCES = 10_000;
/** What fails goes on failing as a rule: it is tried less and less often. */
const MOST_WAIT_MS = 60_000;
const OWN = '-';

/**
 * Looks at class files for the triggers that they name: in the image repository of the server, and on the branch of each
 * source, never on another one. Of several servers that look one does each thing.
 */
export const openClassTriggerWatch = (needs: Needs): ClassTriggerWatch => {
  const { db, files, sources, logger, fetchEveryMs } = needs;
  const stop = new AbortController();
  const onError = (error: unknown): void => {
    if (!stop.signal.aborted) logger.error({ err: error }, 'looking at class files failed');
  };

  const waits = backOff(LOOK_MS * 2, MOST_WAIT_MS);

  const lookAtOwn = async (): Promise<void> => {
    if (waits.isWaiting(OWN, OWN, Date.now())) return;
    try {
      const texts = await files.classes();
      const at = digestOfTexts(texts);
      const known = await classTriggerPlace(db, null);
      if (known?.at === at && known.code === null) return;
      await recordClassFiles(
        db,
        { source: null, branch: null, at },
        readClassFiles(texts),
        nextAt,
        new Date(),
      );
      waits.forget(OWN);
    } catch (error) {
      waits.failed(OWN, OWN, Date.now());
      await recordUnread(db, null, { code: codeOf(error), message: messageOf(error) });
    }
  };

  /** What was fetched last, whoever fetched it. */
  const lookAt = async ({ id: source, branch, commit }: Source): Promise<void> => {
    if (commit === null) return;
    const known = await classTriggerPlace(db, source);
    if (known?.at === commit && known.branch === branch && known.code === null) return;
    const of = `${branch} ${commit}`;
    if (waits.isWaiting(source, of, Date.now())) return;
    try {
      const texts = await (await sources.filesAt(source, { commit })).files.classes();
      await recordClassFiles(db, { source, branch, at: commit }, readClassFiles(texts), nextAt, new Date());
      waits.forget(source);
      needs.onRead();
    } catch (error) {
      waits.failed(source, of, Date.now());
      await recordUnread(db, source, { code: codeOf(error), message: messageOf(error) });
    }
  };

  const fetching = new Map<string, Promise<void>>();
  const fetchDue = async ({ id, updatedAt }: Source): Promise<void> => {
    if (fetchEveryMs === 0 || fetching.has(id)) return;
    if (!(await takeLook(db, id, new Date(updatedAt), fetchEveryMs, new Date()))) return;
    const fetched = sources
      .fetch(id)
      // The source tells why.
      .catch(() => undefined)
      .then(() => {
        fetching.delete(id);
        // It may have brought what was missing.
        waits.forget(id);
        work.begin();
      });
    fetching.set(id, fetched);
  };

  const work = repeated(async () => {
    await lookAtOwn();
    for (const source of await listSources(db, { limit: MOST_SOURCES, offset: 0 })) {
      if (stop.signal.aborted) return;
      await fetchDue(source);
      await lookAt(source).catch(onError);
    }
    await settleClassTriggers(db, nextAt, new Date());
  }, onError);

  const look = (): void => {
    if (!stop.signal.aborted) work.begin();
  };
  const timer = setInterval(look, LOOK_MS);
  look();
  return {
    look,
    close: async () => {
      stop.abort(new Error('the API ends'));
      clearInterval(timer);
      await Promise.all([work.ended(), ...fetching.values()]);
      await work.ended();
    },
  };
};
