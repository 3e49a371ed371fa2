import type { Client } from '@slipway/client';
import { isQualificationOver, SlipwayError, type Build, type Qualification } from '@slipway/protocol';
import type { Context } from '../context.ts';
import { table } from '../table.ts';
import { totalSeconds, untilQualified } from './qualifications.ts';

/**
 * How the releases of builds do in virtual devices, followed to the end where somebody is there to try them. Those that
 * were skipped at once, as their class wants it, are left out.
 */
export const followQualifications = async (
  context: Context,
  client: Client,
  builds: readonly Build[],
): Promise<Qualification[]> => {
  const found: Qualification[] = [];
  for (const { release, state } of builds) {
    if (state !== 'succeeded') continue;
    const known = await client.releases.getQualification(release);
    if (known.state === 'skipped') continue;
    const isWaitedFor = !isQualificationOver(known) && (await client.qualifiers.list()).length > 0;
    const out = (line: string): void => context.err(`${release}  qualification ${line}`);
    found.push(isWaitedFor ? await untilQualified({ ...context, out }, client, release) : known);
  }
  return found;
};

export const qualificationTable = (
  qualifications: readonly Qualification[],
  columns: number | undefined,
): string =>
  table(
    ['release', 'qualification', 'took', ''],
    qualifications.map(({ release, state, step, steps, code, message, reason }) => [
      release,
      state,
      steps.length === 0 ? '' : totalSeconds(steps),
      isQualificationOver({ state })
        ? [code === null ? null : `${code}: ${message ?? ''}`, reason]
            .filter((part) => part !== null)
            .join('; ')
        : `${step ?? 'no qualifier runs'}; slipway releases qualify ${release} --watch`,
    ]),
    columns,
  );

/** @throws {SlipwayError} QUALIFICATION_FAILED for the first release that did not prove itself */
export const refuseUnqualified = (qualifications: readonly Qualification[]): void => {
  for (const { release, state, code, message } of qualifications)
    if (state === 'failed')
      throw new SlipwayError(
        'QUALIFICATION_FAILED',
        `Release ${release} did not prove itself in a virtual device: ${message ?? code ?? 'nothing was said'}. ` +
          `Read \`slipway releases console ${release}\`.`,
        { details: { release, code } },
      );
};
