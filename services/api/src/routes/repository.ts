import { classFileSchema, imageFileSchema } from '@slipway/image-spec';
import {
  CommitHash,
  RepositoryChange,
  RepositoryCheck,
  RepositoryEdit,
  RepositoryFile,
  RepositoryPath,
  RepositorySave,
  RepositoryText,
  RepositoryValidate,
} from '@slipway/protocol';
import { z } from 'zod';
import { actorOf, personOf } from '../auth.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import { refuseFaulty, refuseOutrun } from '../repository/check-edit.ts';
import { checkText } from '../repository/check-text.ts';
import { kindOf } from '../repository/kinds.ts';
import { makeChanges } from '../repository/make-changes.ts';
import { digestText } from '../repository/repository-files.ts';
import { whole, type App, type Context } from './context.ts';

const tags = ['Image repository'];
const ByPath = z.strictObject({ path: RepositoryPath.describe('One segment: slashes are written as %2F.') });

/** The image repository of the server: read, checked and saved, file by file. */
export const repositoryRoutes = (app: App, context: Context): void => {
  const { files, history, profiles } = context;
  const queue = oneAtATime();
  /** What is compared stays so until it is changed. */
  const alone = <T>(work: () => Promise<T>): Promise<T> => queue('image repository', work);
  app.get(
    '/v1/repository/files',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'List the files of the image repository, and which classes are made of them',
        response: { 200: z.array(RepositoryFile) },
      },
    },
    async () => files.list(),
  );
  app.get(
    '/v1/repository/files/:path',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'Read a file of the image repository; its ETag is what saving it is compared with',
        params: ByPath,
        response: { 200: RepositoryText },
      },
    },
    async ({ params }) => files.read(params.path),
  );
  app.put(
    '/v1/repository/files/:path',
    {
      config: { access: 'release' },
      schema: {
        tags,
        summary:
          'Save a file of the image repository, new or not; class and image files must be without fault. If-Match keeps what another saved, If-None-Match: * any file that is there',
        params: ByPath,
        body: RepositorySave,
        response: { 200: RepositoryText },
      },
    },
    async (request) => {
      const { path } = request.params;
      const { text, message } = request.body;
      await alone(async () => {
        await request.compare?.();
        const changes = [{ path, text }];
        await refuseFaulty(files, changes, profiles.names);
        const before = await files.find(path);
        await makeChanges(context, {
          changes,
          by: { name: personOf(request), message: message ?? `Save ${path}` },
          entry: {
            actor: actorOf(request).name,
            action: 'repository.save',
            subject: path,
            details: {
              from: before === undefined ? null : digestText(before),
              to: digestText(text),
              ...(message === undefined ? {} : { message }),
            },
          },
        });
      });
      return { path, kind: kindOf(path), text, digest: digestText(text) };
    },
  );
  app.post(
    '/v1/repository/edits',
    {
      config: { access: 'release' },
      schema: {
        tags,
        operationId: 'repository.edit',
        summary:
          'Save, add, rename and delete files of the image repository at once; class and image files must be without fault',
        body: RepositoryEdit,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { changes, message } = request.body;
      await alone(async () => {
        await refuseOutrun(files, changes);
        await refuseFaulty(files, changes, profiles.names);
        await makeChanges(context, {
          changes,
          by: {
            name: personOf(request),
            message: message ?? `Change ${changes.map(({ path }) => path).join(', ')}`,
          },
          entry: {
            actor: actorOf(request).name,
            action: 'repository.edit',
            subject: changes[0]?.path ?? '',
            details: {
              changes: changes.map(({ path, was, text }) => ({
                path,
                from: was,
                to: text === null ? null : digestText(text),
              })),
              ...(message === undefined ? {} : { message }),
            },
          },
        });
      });
      return reply.code(204).send(null);
    },
  );
  app.get(
    '/v1/repository/files/:path/changes',
    {
      config: { access: 'read' },
      schema: {
        tags,
        operationId: 'repository.listChanges',
        summary: 'List what was saved of a file over the API, newest first',
        params: ByPath,
        querystring: z.strictObject({ most: whole(1, 1000, 100).describe('How many at most.') }),
        response: { 200: z.array(RepositoryChange) },
      },
    },
    async ({ params, query }) => history.list(params.path, query.most),
  );
  app.get(
    '/v1/repository/files/:path/changes/:commit',
    {
      config: { access: 'read' },
      schema: {
        tags,
        operationId: 'repository.getFileAt',
        summary: 'Read a file of the image repository as it was after a change',
        params: ByPath.extend({ commit: CommitHash }),
        response: { 200: RepositoryText },
      },
    },
    async ({ params: { path, commit } }) => {
      const text = await history.textAt(path, commit);
      return { path, kind: kindOf(path), text, digest: digestText(text) };
    },
  );
  app.post(
    '/v1/repository/validate',
    {
      config: { access: 'read' },
      schema: {
        tags,
        operationId: 'repository.validate',
        summary:
          'Check a text in the place of a file, by itself and with the other files of its classes; nothing is saved',
        body: RepositoryValidate,
        response: { 200: RepositoryCheck },
      },
    },
    async ({ body }) => checkText(body.path, body.text, files.find, await files.classes(), profiles.names),
  );
  app.get(
    '/v1/repository/schemas/:kind',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        operationId: 'repository.getSchema',
        summary: 'Get the JSON Schema of image files or class files, for editors',
        params: z.strictObject({ kind: z.enum(['class', 'image']) }),
        response: { 200: z.record(z.string(), z.unknown()) },
      },
    },
    async ({ params }) => ({ ...(params.kind === 'class' ? classFileSchema() : imageFileSchema()) }),
  );
};
