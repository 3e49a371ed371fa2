import { setTimeout as delay } from 'node:timers/promises';
import { getBuild } from '@slipway/fleet';
import { BuildEvent, BuildId, isBuildOver, parseLogLine } from '@slipway/protocol';
import { z } from 'zod';
import { openEventStream } from '../event-stream.ts';
import { readLines } from '../log-reader.ts';
import type { App, Context } from './context.ts';

/** The log is read where the worker, which may be on another machine, writes it: in the store. */
const LOOK_MS = 500;

export const buildEventRoutes = (app: App, { db, events, store }: Context): void => {
  app.get(
    '/v1/builds/:id/events',
    {
      config: { access: 'read' },
      schema: {
        tags: ['Builds'],
        summary:
          'Log and steps of a build from its beginning, as server-sent events, until it ends; `data` is a BuildEvent, `event` its kind, `id` an offset in the log to go on from (Last-Event-ID)',
        params: z.strictObject({ id: BuildId }),
        response: { 200: { content: { 'text/event-stream': { schema: BuildEvent } } } },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const first = await getBuild(db, id);
      const last = request.headers['last-event-id'];
      const seen = typeof last === 'string' && /^\d{1,15}$/.test(last) ? Number(last) : 0;
      const path = store.artifactPath(id, 'build.log');

      const stream = openEventStream(reply);
      let offset = 0;
      const send = (event: BuildEvent, at = offset): void =>
        stream.send({ id: at, kind: event.kind, data: event });

      let step: { readonly name: string; readonly startedAt: string } | undefined;
      // Who is cut off after it asks for what follows the line before the next step.
      const endStep = (at: string, before: number): void => {
        if (step !== undefined && offset > seen)
          send({ kind: 'step-end', step: step.name, startedAt: step.startedAt, endedAt: at }, before);
        step = undefined;
      };
      /** Lines that were seen before are read for the step they are in, and not sent. */
      const readOn = async (whole: boolean): Promise<void> => {
        for (const line of await readLines(path, offset, whole)) {
          const before = offset;
          offset = line.next;
          const parsed = parseLogLine(line.text);
          if (parsed.kind === 'step') {
            endStep(parsed.at, before);
            step = { name: parsed.step, startedAt: parsed.at };
            if (offset > seen)
              send({ kind: 'step', step: parsed.step, percent: parsed.percent, startedAt: parsed.at });
          } else if (offset > seen) send({ kind: 'log', at: parsed.at, text: parsed.text });
        }
      };

      let changed = Promise.withResolvers<void>();
      const unsubscribe = events.subscribe((event) => {
        if (event.kind === 'build' && event.build.id === id) changed.resolve();
      });
      try {
        let shown = '';
        for (let build = first; !stream.gone.aborted; build = await getBuild(db, id)) {
          const over = isBuildOver(build);
          await readOn(over);
          const text = JSON.stringify(build);
          if (over) {
            endStep(build.finishedAt ?? new Date().toISOString(), offset);
            send({ kind: 'end', build });
            break;
          }
          if (text !== shown) send({ kind: 'build', build });
          shown = text;
          await Promise.race([
            changed.promise,
            delay(LOOK_MS, undefined, { signal: stream.gone }).catch(() => undefined),
          ]);
          changed = Promise.withResolvers();
        }
      } catch (error) {
        request.log.error({ build: id, err: error }, 'events of a build broke off');
      } finally {
        unsubscribe();
        stream.end();
      }
    },
  );
};
