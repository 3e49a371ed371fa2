import { RepositoryText } from '@slipway/protocol';
import { api } from '../../api.ts';

/** A file with the tag that saving it is compared with; undefined: it is not there. */
export type OpenFile = { readonly file: RepositoryText; readonly etag: string };

/** The client has no headers of answers, so the tag is asked for apart. */
export const readFile = async (
  path: string,
  signal: AbortSignal | null = null,
): Promise<OpenFile | undefined> => {
  const answer = await fetch(`/v1/repository/files/${encodeURIComponent(path)}`, { signal });
  if (answer.status === 404) return undefined;
  // What else is refused is told by the client, with its code.
  if (!answer.ok) return { file: await api.repository.getFile(path), etag: '' };
  return { file: RepositoryText.parse(await answer.json()), etag: answer.headers.get('etag') ?? '' };
};
