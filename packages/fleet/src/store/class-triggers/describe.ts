import { isDeepStrictEqual } from 'node:util';
import type { ClassTrigger, ClassTriggers, PlaceTriggers, Source, Trigger } from '@slipway/protocol';
import type { Database } from '../../database.ts';
import { classTriggerPlaces, type ReadClassFile } from '../../schema.ts';
import { listSources } from '../sources.ts';
import { modeOf, OWN_PLACE, placeOf } from './places.ts';
import { planPlace, type Outcome } from './plan.ts';
import { allTriggers } from './settle.ts';

type Row = typeof classTriggerPlaces.$inferSelect;
type Shown = ClassTriggers['triggers'][number];

const shown = (named: ClassTrigger, outcomes: readonly Outcome[], mode: ClassTriggers['mode']): Shown => {
  const outcome = outcomes.find((one) => isDeepStrictEqual(one.named, named));
  if (outcome === undefined)
    return { on: named, state: mode === 'off' ? 'off' : 'waiting', trigger: null, message: null };
  switch (outcome.state) {
    case 'taken':
      return { on: named, state: 'taken', trigger: outcome.trigger?.id ?? null, message: null };
    case 'covered':
      return {
        on: named,
        state: 'covered',
        trigger: outcome.by.id,
        message: `trigger ${outcome.by.name} does the same`,
      };
    case 'refused':
      return { on: named, state: 'refused', trigger: null, message: outcome.message };
    default:
      return outcome satisfies never;
  }
};

const toClass = (row: Row, file: ReadClassFile, outcomes: readonly Outcome[]): ClassTriggers => {
  const { deviceClass, named, inForce, fault } = file;
  const mode = modeOf(row, deviceClass);
  return {
    deviceClass,
    file: file.file,
    mode,
    triggers: named.map((one) => shown(one, outcomes, mode)),
    leaving: inForce.filter((one) => !named.some((other) => isDeepStrictEqual(one, other))),
    code: fault?.code ?? null,
    message: fault?.message ?? null,
  };
};

const toPlace = (
  source: Source | undefined,
  row: Row | undefined,
  triggers: readonly Trigger[],
): PlaceTriggers => ({
  source: source?.id ?? null,
  name: source?.name ?? OWN_PLACE,
  mode: row?.mode ?? 'taken',
  classes:
    row === undefined
      ? []
      : planPlace({ ...row, url: source?.url ?? null }, triggers)
          .classes.map(({ file, outcomes }) => toClass(row, file, outcomes))
          .filter(
            ({ triggers: named, leaving, code, deviceClass }) =>
              named.length > 0 ||
              leaving.length > 0 ||
              code !== null ||
              (deviceClass !== null && row.modes[deviceClass] !== undefined),
          ),
  at: row?.at ?? null,
  readAt: row?.readAt?.toISOString() ?? null,
  code: row?.code ?? source?.code ?? null,
  message: row?.message ?? source?.message ?? null,
});

/** What class files say of triggers: of the image repository of the server, then of each source by name. */
export const listClassTriggers = async (db: Database): Promise<PlaceTriggers[]> => {
  const [rows, triggers, sources] = await Promise.all([
    db.select().from(classTriggerPlaces),
    allTriggers(db),
    listSources(db, { limit: 10_000, offset: 0 }),
  ]);
  return [undefined, ...sources].map((source) =>
    toPlace(
      source,
      rows.find(({ place }) => place === placeOf(source?.id ?? null)),
      triggers,
    ),
  );
};
