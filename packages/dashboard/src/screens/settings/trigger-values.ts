import type { Forge, RegistrySender, TriggerKind } from '@slipway/protocol';

/** What the form for a trigger holds; of the fields of kinds only those of the chosen one count. */
export type TriggerValues = {
  name: string;
  kind: TriggerKind;
  /** empty: the image repository */
  source: string;
  classes: string[];
  forge: Forge;
  repository: string;
  sender: RegistrySender;
  schedule: string;
  timeZone: string;
  everyMinutes: number;
  ofClass: string;
  publish: boolean;
  channel: string;
};

const on = (values: TriggerValues) => {
  const { kind, forge, repository, sender, schedule, timeZone, everyMinutes, ofClass } = values;
  switch (kind) {
    case 'push':
      return { kind, forge, ...(repository === '' ? {} : { repository }) };
    case 'registry':
      return { kind, sender };
    case 'cron':
      return { kind, schedule, timeZone };
    case 'upstream':
      return { kind, everyMinutes };
    case 'release':
      return { kind, deviceClass: ofClass };
    default:
      return kind satisfies never;
  }
};

/** The trigger that is asked for. */
export const toTrigger = (values: TriggerValues) => ({
  name: values.name,
  source: values.source === '' ? null : values.source,
  classes: values.classes.length === 0 ? null : values.classes,
  on: on(values),
  rule: {
    publish: values.publish,
    ...(values.publish && values.channel !== '' ? { channel: values.channel } : {}),
  },
});
