import type { Release, ReleaseUse } from '@slipway/protocol';
import { counted } from '../../parts/numbers.ts';

const names = (list: readonly { readonly name: string }[]): string => list.map(({ name }) => name).join(', ');

/** What deprecating a release would do. */
export const deprecateLines = ({ version }: Release, use: ReleaseUse): string[] => [
  `No new rollout of ${version} begins, unless somebody says that it may although it is deprecated.`,
  use.rollouts.length === 0
    ? 'No rollout of it is under way.'
    : `${counted(use.rollouts.length, 'rollout')} of it under way ${use.rollouts.length === 1 ? 'goes' : 'go'} on to the end.`,
  `${counted(use.devices, 'device')} that ${use.devices === 1 ? 'runs' : 'run'} it ${use.devices === 1 ? 'stays' : 'stay'} on it.`,
  ...(use.channels.length === 0 ? [] : [`It stays the current release of ${names(use.channels)}.`]),
  'It can be published again.',
];

/** What withdrawing it would do. */
export const withdrawLines = ({ version }: Release, use: ReleaseUse): string[] => [
  `${version} is offered to nobody again, for good.`,
  `${counted(use.devices, 'device')} that ${use.devices === 1 ? 'runs' : 'run'} it ${use.devices === 1 ? 'stays' : 'stay'} on it: withdrawing takes nothing back. Roll a newer release out, or roll its rollout back.`,
  ...use.channels.map(
    ({ name, devices }) =>
      `Channel ${name} is left without a release; ${counted(devices, 'device')} follow it.`,
  ),
  ...(use.steppingStoneOf.length === 0
    ? []
    : [
        `Devices that have not passed it wait: it is a stepping stone of ${use.steppingStoneOf.join(', ')}. Name another one there.`,
      ]),
  'Its bundle and other artifacts are removed after a while.',
];

/** What stands against withdrawing it; undefined: nothing. */
export const withdrawObstacle = ({ rollouts }: ReleaseUse): string | undefined =>
  rollouts.length === 0
    ? undefined
    : `${counted(rollouts.length, 'rollout')} of it still ${rollouts.length === 1 ? 'runs' : 'run'}. Abort ${rollouts.length === 1 ? 'it' : 'them'} first.`;
