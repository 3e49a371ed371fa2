import type { Redis } from 'ioredis';
import type { z } from 'zod';

/**
 * Processes of one kind that say that they live. Redis itself forgets one that does not say so again, so clocks of
 * machines need not agree.
 *
 * @param name of the set of them
 */
export const announcements = <S extends z.ZodType<{ readonly id: string }>>(name: string, schema: S) => {
  const keyOf = (id: string): string => `${name}:${id}`;
  return {
    announce: async (redis: Redis, process: z.infer<S>, ttlMs: number): Promise<void> => {
      await redis
        .multi()
        .set(keyOf(process.id), JSON.stringify(process), 'PX', ttlMs)
        .sadd(name, process.id)
        .exec();
    },
    forget: async (redis: Redis, id: string): Promise<void> => {
      await redis.multi().del(keyOf(id)).srem(name, id).exec();
    },
    /** in the order of their names */
    live: async (redis: Redis): Promise<z.infer<S>[]> => {
      const ids = (await redis.smembers(name)).sort();
      if (ids.length === 0) return [];
      const texts = await redis.mget(ids.map(keyOf));
      const gone = ids.filter((_id, at) => texts[at] === null || texts[at] === undefined);
      if (gone.length > 0) await redis.srem(name, ...gone);
      return texts.flatMap((text) => {
        const known = text === null ? undefined : schema.safeParse(JSON.parse(text));
        return known?.success === true ? [known.data] : [];
      });
    },
  };
};
