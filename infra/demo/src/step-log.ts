import { codeOf, messageOf } from '@slipway/protocol';
import type { Report } from './report.ts';
import type { Step } from './summary.ts';

export type Evidence = Step['evidence'];

/** Runs the steps of one device in order and writes down what was seen of each; after a failure nothing more runs. */
export type StepLog = {
  readonly steps: readonly Step[];
  readonly ok: () => boolean;
  /** @param work gives what was observed, or throws where something expected was not */
  readonly run: (name: Step['name'], version: string, work: () => Promise<Evidence>) => Promise<void>;
};

export class StepFailed extends Error {}

export const createStepLog = (subject: string, beganAt: number, report: Report): StepLog => {
  const steps: Step[] = [];
  const seconds = (since: number) => (performance.now() - since) / 1000;
  return {
    steps,
    ok: () => steps.length > 0 && steps.every((step) => step.ok),
    run: async (name, version, work) => {
      const start = performance.now();
      const base = { name, version, startedAt: seconds(beganAt) };
      try {
        const evidence = await work();
        steps.push({ ...base, ok: true, seconds: seconds(start), evidence });
        report(subject, `✓ ${name} ${version} (${seconds(start).toFixed(1)} s)`);
      } catch (error) {
        const failure = { code: codeOf(error), message: messageOf(error) };
        steps.push({ ...base, ok: false, seconds: seconds(start), evidence: {}, error: failure });
        report(subject, `✗ ${name} ${version}: ${failure.message}`);
        throw new StepFailed(`${subject}: ${name} ${version}: ${failure.message}`, { cause: error });
      }
    },
  };
};

/** @throws where what was seen is not what was expected */
export const expectSeen = (what: string, found: unknown, expected: unknown): void => {
  if (found !== expected) throw new Error(`${what}: expected ${String(expected)}, found ${String(found)}`);
};
