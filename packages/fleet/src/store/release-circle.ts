import type { ClassName, Trigger } from '@slipway/protocol';

type Link = Pick<Trigger, 'on' | 'classes'>;

/** Whether releases would make builds that make releases … without end, were `own` beside the others. */
export const closesCircle = (own: Link, others: readonly Link[]): boolean => {
  if (own.on.kind !== 'release') return false;
  const reached = new Set<ClassName>(own.classes ?? []);
  for (let size = -1; size !== reached.size;) {
    size = reached.size;
    for (const { on, classes } of others)
      if (on.kind === 'release' && reached.has(on.deviceClass))
        for (const name of classes ?? []) reached.add(name);
  }
  return reached.has(own.on.deviceClass);
};
