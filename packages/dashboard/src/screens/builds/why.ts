import { BranchName, SourceName, type Build } from '@slipway/protocol';

const TRIGGERED: Readonly<Record<Build['causes'][number]['kind'], string>> = {
  manual: 'by hand',
  webhook: 'a push',
  registry: 'an image was pushed',
  schedule: 'it was time',
  upstream: 'packages changed upstream',
  release: 'a release of another class',
};

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Why there is a build, in a few words: `by ann`, `a push: main 4f2c91d`. */
export const whyBuilt = ({ causes }: Pick<Build, 'causes'>): string => {
  const [first] = causes;
  if (first === undefined) return 'unknown';
  const { kind, id, cause } = first;
  const branch = text(cause['branch']);
  const commit = text(cause['commit'])?.slice(0, 7);
  const facts = [branch, commit].filter((fact) => fact !== undefined).join(' ');
  const who = kind === 'manual' ? `by ${id ?? 'hand'}` : TRIGGERED[kind];
  return facts === '' ? who : `${who}: ${facts}`;
};

/** The git source and branch that it was built from; nothing of the image repository of the server. */
export const placeOf = ({
  causes,
}: Pick<Build, 'causes'>): { readonly source?: SourceName; readonly branch?: BranchName } => {
  const source = SourceName.safeParse(causes[0]?.cause['source']);
  const branch = BranchName.safeParse(causes[0]?.cause['branch']);
  if (!source.success) return {};
  return { source: source.data, ...(branch.success ? { branch: branch.data } : {}) };
};

/** From its beginning to its end, or to now; undefined: no worker has begun. */
export const durationMs = (
  { startedAt, finishedAt }: Pick<Build, 'startedAt' | 'finishedAt'>,
  now: number,
): number | undefined =>
  startedAt === null
    ? undefined
    : (finishedAt === null ? now : Date.parse(finishedAt)) - Date.parse(startedAt);
