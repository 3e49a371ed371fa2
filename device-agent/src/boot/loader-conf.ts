import type { SlotName } from '@slipway/protocol';
import { ukiName } from './boot-control.ts';

export const LOADER_CONF = 'loader/loader.conf';

/** The entry that `loader.conf` names as default. */
export const confDefault = (conf: string): string | undefined => /^default\s+(\S+)/m.exec(conf)?.[1];

/** `loader.conf` with its `default` line replaced, or added. */
export const withDefault = (conf: string, slot: SlotName): string => {
  const line = `default ${ukiName(slot)}`;
  return /^default\s.*$/m.test(conf) ? conf.replace(/^default\s.*$/m, line) : `${line}\n${conf}`;
};
