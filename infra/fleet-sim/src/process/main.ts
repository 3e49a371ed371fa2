import { openFleet, type ProcessFleet } from './fleet.ts';
import type { FromProcess, ToProcess } from './messages.ts';

const TELL_MS = 200;

/** A process of devices; whoever started it says which, and it ends with them. */
let fleet: ProcessFleet | undefined;

const tell = (message: FromProcess): void => {
  process.send?.(message);
};

process.on('message', (message: ToProcess) => {
  if (message.kind === 'start') {
    fleet = openFleet(message.options, message.part);
    setInterval(() => {
      if (fleet !== undefined) tell({ kind: 'seen', seen: fleet.seen() });
    }, TELL_MS);
  } else tell({ kind: 'acknowledged', reports: fleet?.acknowledged() ?? [] });
});
process.on('disconnect', () => process.exit(0));
// Ctrl-C is for the whole group; the one who started it says when.
process.on('SIGINT', () => undefined);
