import type { LinkPolicy, LinkReport } from '@slipway/protocol';
import type { AgentConfig } from '../config.ts';
import type { Runtime } from '../runtime/port.ts';
import { defaultInterface } from './default-route.ts';
import { isMetered } from './policy.ts';

export type LinkState = Omit<LinkReport, 'reconnects'>;

/** What link the device has. */
export type LinkMonitor = {
  /** as it was at the last look; before the first: the worst that the policy admits */
  readonly state: () => LinkState;
  /** @returns whether the link is metered where it was not, or the other way round */
  readonly look: () => Promise<boolean>;
};

type Kind = LinkState['kind'];

const KIND_OF_NAME: readonly (readonly [RegExp, Kind])[] = [
  [/^(?:wwan|wwp|ppp)/, 'cellular'],
  [/^wl/, 'wifi'],
  [/^(?:eth|en|end)/, 'ethernet'],
];

const DEVTYPES: Readonly<Record<string, Kind>> = { wwan: 'cellular', wlan: 'wifi' };

export const linkMonitor = (
  runtime: Pick<Runtime, 'files'>,
  config: Pick<AgentConfig, 'procDir' | 'sysDir'>,
  policy: LinkPolicy,
): LinkMonitor => {
  let state: LinkState = { kind: 'none', metered: policy.metered !== 'never' };

  const text = async (path: string): Promise<string> => {
    const bytes = await runtime.files.read(path).catch(() => undefined);
    return new TextDecoder().decode(bytes ?? new Uint8Array());
  };

  const kindOf = async (name: string): Promise<Kind> => {
    const devtype = /^DEVTYPE=(.*)$/m.exec(await text(`${config.sysDir}/class/net/${name}/uevent`))?.[1];
    const known = devtype === undefined ? undefined : DEVTYPES[devtype];
    return known ?? KIND_OF_NAME.find(([pattern]) => pattern.test(name))?.[1] ?? 'other';
  };

  return {
    state: () => state,
    look: async () => {
      const name = defaultInterface(
        await text(`${config.procDir}/net/route`),
        await text(`${config.procDir}/net/ipv6_route`),
      );
      const before = state;
      state =
        name === undefined
          ? { kind: 'none', metered: isMetered(policy, undefined) }
          : { kind: await kindOf(name), interface: name, metered: isMetered(policy, name) };
      return state.metered !== before.metered;
    },
  };
};
