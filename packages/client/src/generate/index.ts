/** Makes `generated.ts` from the OpenAPI document of the API. Development only: nothing of it is in the client. */
import { format, resolveConfig } from 'prettier';
import { clientCode } from './client-code.ts';
import { Document } from './document.ts';

/** @param document as the API describes itself @param file where the source will lie, for its formatting */
export const generateClient = async (document: unknown, file: string): Promise<string> =>
  format(clientCode(Document.parse(document)), { ...(await resolveConfig(file)), filepath: file });
