import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { codeOf, messageOf, type Execution } from '@slipway/protocol';
import type { Cleanup, Report } from '@slipway/demo';
import { makeDevice } from './campaign-device.ts';
import { caseOf, type CaseName, type Place } from './cases.ts';
import type { Built, Ground } from './ground.ts';
import { VERSIONS } from './releases.ts';
import type { Row } from './results.ts';
import { runCase, runUpdate, type Subject } from './run-case.ts';

/** Cases that one device takes one after the other. */
export type Chain = {
  readonly place: Place;
  readonly secureBoot: boolean;
  readonly cases: readonly CaseName[];
  /** ends with a good update */
  readonly update: boolean;
};

const GOOD_UPDATE = 'good-update';

export type ChainTools = {
  readonly ground: Ground;
  readonly folder: string;
  readonly report: Report;
  readonly cleanup: Cleanup;
  readonly onRow: (row: Row) => Promise<void>;
};

const seconds = (since: number) => (performance.now() - since) / 1000;

/**
 * A device whose case did not end as it must is no ground for another case: it is switched off, and a new one goes on.
 */
export const runChain = async (chain: Chain, tools: ChainTools): Promise<void> => {
  const { place, secureBoot, cases, update } = chain;
  const { ground, folder, report, cleanup, onRow } = tools;
  const where = `${place.arch}-${place.slot}${secureBoot ? '-sb' : ''}`;
  let subject: Subject | undefined;
  const run = randomBytes(3).toString('hex');
  let number = 0;
  const attempt = async (
    name: string,
    release: () => Promise<Built>,
    step: (release: Built, subject: Subject) => Promise<Execution | undefined>,
  ) => {
    const base = { case: name, ...place, secureBoot };
    let since = performance.now();
    try {
      subject ??= await makeDevice({
        ground,
        place,
        secureBoot,
        number: `${run}-${++number}`,
        folder,
        cleanup,
      });
      const built = await release();
      since = performance.now();
      const execution = await step(built, subject);
      const row = { ...base, ok: true, code: execution?.code ?? null, seconds: seconds(since) };
      report(where, `${name}: ${row.code ?? 'committed'}`);
      await onRow({ ...row, logLength: execution?.log?.length ?? 0 });
    } catch (error) {
      report(where, `${name}: FAILED ${messageOf(error)}`);
      await onRow({
        ...base,
        ok: false,
        code: codeOf(error) === 'INTERNAL' ? null : codeOf(error),
        seconds: seconds(since),
        logLength: 0,
        error: messageOf(error),
      });
      await subject?.device.dispose();
      subject = undefined;
    }
  };
  for (const name of cases) {
    const known = caseOf(name);
    report(where, `${name}: ${known.what}`);
    await attempt(
      name,
      () => ground.release(place.arch, VERSIONS.bad(name), known.fault),
      (bad, on) => runCase(known, bad, on),
    );
  }
  if (update)
    await attempt(
      secureBoot ? `${GOOD_UPDATE}, secure` : GOOD_UPDATE,
      () => ground.release(place.arch, VERSIONS.last, 'none'),
      async (good, on) => {
        await runUpdate(good, on);
        return undefined;
      },
    );
  if (subject === undefined) return;
  await subject.device.dispose();
  // Of devices that did as they must the console is enough.
  await rm(subject.device.disk, { force: true });
};
