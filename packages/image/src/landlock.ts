import type { Landlock } from '@slipway/image-spec';
import type { OciMount } from './container-mounts.ts';

/** Where the program that takes on the rules is, on the device and in a container that has rules. */
export const LANDLOCK_PROGRAM = 'usr/lib/slipway/landlock';
const IN_CONTAINER = '/.slipway-landlock';

export const LANDLOCK_MOUNT: OciMount = {
  destination: IN_CONTAINER,
  type: 'bind',
  source: `/${LANDLOCK_PROGRAM}`,
  options: ['bind', 'ro', 'nosuid', 'nodev'],
};

const ports = (name: 'bind' | 'connect', list: readonly number[] | undefined): string[] =>
  list === undefined ? [] : [name, ...list.map((port) => `${name}=${port}`)];

/** What is started in the place of `command`: the program that takes on the rules and then becomes `command`. */
export const landlockCommand = (
  { read = [], write = [], execute = [], bind, connect }: Landlock,
  command: readonly string[],
): string[] => [
  IN_CONTAINER,
  ...read.map((path) => `read=${path}`),
  // Nothing is there but the devices that the container has.
  ...['/dev', ...write].map((path) => `write=${path}`),
  ...execute.map((path) => `execute=${path}`),
  ...ports('bind', bind),
  ...ports('connect', connect),
  '--',
  ...command,
];
