import { recordAudit } from '@slipway/fleet';
import {
  BranchName,
  codeOf,
  CommitId,
  RepositoryChange,
  RepositoryCheck,
  RepositoryPath,
  RepositoryText,
  RepositoryValidate,
  SlipwayError,
  SourceEdit,
  SourceEdited,
  SourceFiles,
  SourceId,
  SourceName,
  SourcePatch,
} from '@slipway/protocol';
import { z } from 'zod';
import { actorOf, personOf } from '../auth.ts';
import { checkText } from '../repository/check-text.ts';
import { kindOf } from '../repository/kinds.ts';
import { digestText } from '../repository/repository-files.ts';
import { whole, type App, type Context } from './context.ts';

const tags = ['Sources'];
const ByName = z.strictObject({ id: z.union([SourceId, SourceName]).describe('id or name') });
const ByPath = ByName.extend({
  path: RepositoryPath.describe('One segment: slashes are written as %2F.'),
});
const At = z.strictObject({
  branch: BranchName.optional().describe('Absent: that of the source.'),
  commit: CommitId.optional().describe(
    'One that was fetched; absent: the newest of the branch, which is fetched for that.',
  ),
});
const config = { access: 'release' } as const;

/** Files of git sources: read out of the mirror, and changed by commits that are pushed to where they came from. */
export const sourceFileRoutes = (app: App, { db, sources, profiles }: Context): void => {
  app.get(
    '/v1/sources/:id/files',
    {
      config,
      schema: {
        tags,
        operationId: 'sources.listFiles',
        summary: 'List the files on a branch of a source, and which classes are made of them',
        params: ByName,
        querystring: At,
        response: { 200: SourceFiles },
      },
    },
    async ({ params, query }) => {
      const { branch, commit, files } = await sources.filesAt(params.id, query);
      return { branch, commit, files: await files.list() };
    },
  );
  app.get(
    '/v1/sources/:id/files/:path',
    {
      config,
      schema: {
        tags,
        summary: 'Read a file on a branch of a source',
        params: ByPath,
        querystring: At,
        response: { 200: RepositoryText },
      },
    },
    async ({ params: { id, path }, query }) => {
      const { files, commit } = await sources.filesAt(id, query);
      const text = await files.find(path);
      if (text !== undefined) return { path, kind: kindOf(path), text, digest: digestText(text) };
      throw new SlipwayError('NOT_FOUND', `There is no file ${path} in source ${id} at ${commit}.`, {
        details: { kind: 'file', id: path },
      });
    },
  );
  app.get(
    '/v1/sources/:id/files/:path/changes',
    {
      config,
      schema: {
        tags,
        operationId: 'sources.listChanges',
        summary: 'List the commits that changed a file of a source, newest first',
        params: ByPath,
        querystring: At.extend({ most: whole(1, 1000, 100).describe('How many at most.') }),
        response: { 200: z.array(RepositoryChange) },
      },
    },
    async ({ params: { id, path }, query: { most, ...at } }) =>
      (await sources.filesAt(id, at)).files.changes(path, most),
  );
  app.post(
    '/v1/sources/:id/validate',
    {
      config,
      schema: {
        tags,
        operationId: 'sources.validate',
        summary:
          'Check a text in the place of a file of a source, by itself and with the other files of its classes; nothing is saved',
        params: ByName,
        body: RepositoryValidate.extend(At.shape),
        response: { 200: RepositoryCheck },
      },
    },
    async ({ params, body: { path, text, ...at } }) => {
      const { files } = await sources.filesAt(params.id, at);
      return checkText(path, text, files.find, await files.classes(), profiles.names);
    },
  );
  app.post(
    '/v1/sources/:id/edits',
    {
      config,
      schema: {
        tags,
        operationId: 'sources.edit',
        summary:
          'Commit changes of files to a branch of a source and push it, never by force; class and image files must be without fault',
        params: ByName,
        body: SourceEdit,
        response: { 200: SourceEdited },
      },
    },
    async (request) => {
      const { changes, message } = request.body;
      const { source, branch, commit, push } = await sources.prepareEdit(
        request.params.id,
        request.body,
        personOf(request),
      );
      const note = (action: string, details: Record<string, unknown>) =>
        recordAudit(db, {
          actor: actorOf(request).name,
          action,
          subject: source.id,
          details: { branch, commit, ...details },
        });
      // Before it can be seen; a database is not held up for as long as a push may take.
      await note('source.edit', {
        changes: changes.map(({ path, was, text }) => ({
          path,
          from: was,
          to: text === null ? null : digestText(text),
        })),
        ...(message === undefined ? {} : { message }),
      });
      try {
        await push();
      } catch (error) {
        const code = codeOf(error);
        await note(code === 'GIT_UNREACHABLE' ? 'source.edit-unknown' : 'source.edit-refused', { code });
        throw error;
      }
      return { branch, commit };
    },
  );
  app.post(
    '/v1/sources/:id/patches',
    {
      config,
      schema: {
        tags,
        operationId: 'sources.patch',
        summary:
          'Give the same changes as a patch for git am, where the server may not push; nothing is changed',
        params: ByName,
        body: SourceEdit,
        response: { 200: SourcePatch },
      },
    },
    async (request) => {
      const edit = await sources.prepareEdit(request.params.id, request.body, personOf(request));
      return edit.patch();
    },
  );
};
