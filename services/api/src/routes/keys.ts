import { classesByProfile, getKey, keyRotations, listKeys } from '@slipway/fleet';
import {
  Key,
  KeyPurpose,
  KeyState,
  MIN_KEY_PREFIX,
  RotationProgress,
  SigningProfile,
  SigningProfileUse,
} from '@slipway/protocol';
import { z } from 'zod';
import { actorOf } from '../auth.ts';
import { PageQuery, type App, type Context } from './context.ts';

const tags = ['Keys'];
const ByPrefix = z.strictObject({
  id: z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${MIN_KEY_PREFIX},64}$`), `at least ${MIN_KEY_PREFIX} hexadecimal digits`)
    .describe('The whole id, or its beginning where no other key has it.'),
});

export const keyRoutes = (app: App, { db, profiles }: Context): void => {
  app.get(
    '/v1/keys',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        summary: 'List what this instance signs with and is trusted by',
        querystring: PageQuery.extend({
          purpose: KeyPurpose.optional(),
          profile: SigningProfile.optional(),
          state: KeyState.optional(),
        }),
        response: { 200: z.array(Key) },
      },
    },
    async (request) => listKeys(db, actorOf(request).tenant, request.query, new Date()),
  );
  app.get(
    '/v1/keys/rotations',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'Show how far each authority is in giving its place to the next',
        response: { 200: z.array(RotationProgress) },
      },
    },
    async (request) => keyRotations(db, actorOf(request).tenant),
  );
  app.get(
    '/v1/keys/profiles',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        summary: 'List the signing profiles, and the classes that have releases by each',
        response: { 200: z.array(SigningProfileUse) },
      },
    },
    async () => {
      const classes = await classesByProfile(db);
      return profiles.names.map((name) => ({
        name,
        root: profiles.keyOf(name) ?? null,
        classes: [...(classes.get(name) ?? [])],
      }));
    },
  );
  app.get(
    '/v1/keys/:id',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        summary: 'Show a key, and how many releases it signed',
        params: ByPrefix,
        response: { 200: Key },
      },
    },
    async (request) => getKey(db, actorOf(request).tenant, request.params.id, new Date()),
  );
};
