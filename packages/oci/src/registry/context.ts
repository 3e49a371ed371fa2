import type { Registries } from '../registries.ts';
import type { Endpoint } from './endpoint.ts';

/** One repository, asked for one reference. */
export type RepositoryContext = {
  readonly registries: Registries;
  readonly endpoints: readonly Endpoint[];
  readonly repository: string;
  /** named in errors */
  readonly ref: string;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal | undefined;
};

/** Mirrors are asked less often, because there is somebody else to ask. */
export const attemptsAt = ({ mirror }: Endpoint, { registries }: RepositoryContext): number =>
  mirror ? Math.min(2, registries.retry.attempts) : registries.retry.attempts;
