import { sql } from 'drizzle-orm';
import { AlarmName } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { alarmCondition } from '../query/alarms.ts';
import { deviceAlarms, devices, webhooks } from '../schema.ts';

/**
 * Compares the alarms that devices raise with those that were raised at the last look; what is new is told by a trigger.
 * Alarms are found by a condition, some of them by nothing but the time that passes, so somebody has to look. Nobody
 * does while no webhook asks for them: what was raised before is then told once somebody does.
 */
export const tellAlarms = (db: Database, now: Date): Promise<void> =>
  db.transaction(async (tx) => {
    const isAsked = sql`${webhooks.enabled} and (${webhooks.events} = '{}' or 'device.alarm' = any(${webhooks.events}))`;
    const tenants = sql`(select ${webhooks.tenant} from ${webhooks} where ${isAsked})`;
    if ((await tx.$count(webhooks, isAsked)) === 0) {
      await tx.delete(deviceAlarms);
      return;
    }
    // Several servers look; one after the other, so that none tells what another has told.
    await tx.execute(sql`lock table ${deviceAlarms} in share row exclusive mode`);
    const raised = sql.join(
      AlarmName.options.map(
        (name) =>
          sql`select ${devices.tenant}, ${devices.id}, ${name}::text from ${devices} where ${devices.tenant} in ${tenants} and ${alarmCondition([name], now)}`,
      ),
      sql` union all `,
    );
    const at = sql`${now.toISOString()}::timestamptz`;
    await tx.execute(sql`
      with raised(tenant, device, alarm) as materialized (${raised}),
        over as (delete from ${deviceAlarms} where not exists (select from raised where raised.tenant = ${deviceAlarms.tenant}
          and raised.device = ${deviceAlarms.device} and raised.alarm = ${deviceAlarms.alarm}))
      insert into ${deviceAlarms} (tenant, device, alarm, since)
      select tenant, device, alarm, ${at} from raised on conflict do nothing`);
  });
