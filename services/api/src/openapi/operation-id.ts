import { camelCase, pascalCase, singular } from './words.ts';

/** What a GET gives, which is what its name begins with. */
export type Answers = 'one' | 'many' | 'stream';

const VERBS: Readonly<Record<string, string>> = { PUT: 'replace', PATCH: 'update', DELETE: 'delete' };
const GETS = { one: 'get', many: 'list', stream: 'stream' } as const;

/**
 * The name of a route, from its method and path alone: `GROUP.VERB` or `GROUP.VERBNOUN`, where the client has it as
 * `client.GROUP.VERBNOUN(…)`.
 *
 * - `GET /v1/builds` → `builds.list`, `GET /v1/builds/{id}` → `builds.get`, `GET /v1/builds/{id}/log` → `builds.getLog`
 * - `POST /v1/builds` → `builds.create`, `POST /v1/devices/{id}/commands` → `devices.createCommand`
 * - `POST /v1/releases/{id}/publish` → `releases.publish`: what is no plural is something to do
 * - PUT replaces, PATCH updates, DELETE deletes
 */
export const operationId = (method: string, path: string, answers: Answers): string => {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== 'v1');
  const names = segments.filter((segment) => !isParameter(segment));
  const [group = 'root', ...below] = names;
  const last = below.at(-1);
  const owners = below.slice(0, -1).map(singular);
  const isItem = isParameter(segments.at(-1) ?? '');
  const noun = (words: readonly string[]): string => words.map(pascalCase).join('');
  const owned = (name: string): string => noun([...owners, name]);

  const name = (): string => {
    if (method === 'GET') {
      const verb = GETS[answers];
      if (last === undefined) return verb;
      return verb + owned(isItem ? singular(last) : last);
    }
    if (method === 'POST') {
      if (last === undefined) return 'create';
      const one = singular(last);
      return one === last ? camelCase(last) + noun(owners) : `create${owned(one)}`;
    }
    const verb = VERBS[method] ?? method.toLowerCase();
    if (last === undefined) return verb;
    return verb + owned(isItem ? singular(last) : last);
  };
  return `${camelCase(group)}.${name()}`;
};

const isParameter = (segment: string): boolean => segment.startsWith('{') || segment.startsWith(':');
