import { setTimeout as delay } from 'node:timers/promises';
import type { Acknowledged } from '@slipway/fleet-sim';
import { TERMINAL_STATES, type DeviceId, type RolloutId } from '@slipway/protocol';
import { Client, type QueryResultRow } from 'pg';
import { aboveLimits, type Facts, type Limits, type WaveCount } from './judge.ts';

const TRY_AGAIN_MS = 200;
const LOOK_MS = 100;

/** Asks the database itself, which may be away: the same again, until there is an answer. */
const asking = (url: string) => {
  /** one for all who ask at the same time: a server that stops waits for every client */
  let connection: Promise<Client> | undefined;
  const connect = async (): Promise<Client> => {
    const made = new Client({ connectionString: url });
    // What it says of a server that is killed is said once more by the query.
    made.on('error', () => undefined);
    await made.connect();
    return made;
  };
  const leave = async (from: Promise<Client> | undefined): Promise<void> => {
    await from?.then(async (client) => client.end()).catch(() => undefined);
  };
  return {
    ask: async <T extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<T[]> => {
      for (;;) {
        const mine = (connection ??= connect());
        try {
          return (await (await mine).query<T>(text, [...values])).rows;
        } catch {
          if (connection === mine) connection = undefined;
          await leave(mine);
          await delay(TRY_AGAIN_MS);
        }
      }
    },
    close: async () => leave(connection),
  };
};

const isUnderWay = `state not in (${TERMINAL_STATES.map((state) => `'${state}'`).join(', ')})`;

/** What the database says of a rollout, while it runs and once it is over. */
export const openServerView = (url: string, rollout: RolloutId, devices: readonly DeviceId[]) => {
  const { ask, close } = asking(url);
  return {
    /** Looks until `signal` comes. @returns what was above its limit, each once */
    watch: async (limits: Limits, signal: AbortSignal): Promise<readonly string[]> => {
      const above = new Set<string>();
      while (!signal.aborted) {
        const waves = await ask<WaveCount>(
          `select wave::int as wave, count(*)::int as begun, (count(*) filter (where ${isUnderWay}))::int as open
          from executions where rollout = $1 group by wave order by wave`,
          [rollout],
        );
        aboveLimits(waves, limits).forEach((what) => above.add(what));
        await delay(LOOK_MS);
      }
      return [...above];
    },
    settled: async (): Promise<number> => {
      const [row] = await ask<{ count: number }>(
        `select count(*)::int as count from executions where rollout = $1 and not (${isUnderWay})`,
        [rollout],
      );
      return row?.count ?? 0;
    },
    facts: async (): Promise<Pick<Facts, 'recorded' | 'executions' | 'history' | 'versions'>> => {
      const versions = await ask<{ id: DeviceId; version: string | null }>(
        'select id, version from devices where id = any($1)',
        [devices],
      );
      return {
        recorded: await ask<Acknowledged>(
          `select device, seq::int as seq, report->>'execution' as execution, report->>'state' as state
          from device_reports where device = any($1)`,
          [devices],
        ),
        executions: await ask<Facts['executions'][number]>(
          'select id, device, state from executions where rollout = $1',
          [rollout],
        ),
        history: await ask<Facts['history'][number]>(
          `select h.execution, h.state, count(*)::int as times from execution_history h
          join executions e on e.id = h.execution
          where e.rollout = $1 and h.state in ('REBOOTING', 'TRIAL', 'COMMITTED', 'ROLLED_BACK', 'REJECTED')
          group by h.execution, h.state`,
          [rollout],
        ),
        versions: new Map(versions.map(({ id, version }) => [id, version])),
      };
    },
    close,
  };
};
