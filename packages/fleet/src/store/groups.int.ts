import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase, type Database, type OpenDatabase } from '../database.ts';
import { newGroupId } from '../new-id.ts';
import { groupMembers, groups } from '../schema.ts';
import { startTestPostgres } from '../testing/postgres.ts';
import { seedDevice } from '../testing/seed.ts';
import { openTestDatabase } from '../testing/test-database.ts';
import { deviceIsInGroups } from './groups.ts';

const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());
const engines: [string, () => Promise<OpenDatabase>][] = [['PGlite', openTestDatabase]];
if (postgres !== undefined) engines.push(['PostgreSQL', () => openDatabase({ url: postgres.url })]);

describe.each(engines)('on %s', (_name, open) => {
  let database: OpenDatabase;
  let db: Database;
  beforeAll(async () => {
    database = await open();
    db = database.db;
    console.info(database.engine);
  });
  afterAll(() => database.close());

  test('a device belongs to the groups that list it', async () => {
    const [inside, outside] = [await seedDevice(db, 'inside'), await seedDevice(db, 'outside')];
    const [berlin, madrid] = [newGroupId(), newGroupId()];
    await db.insert(groups).values([
      { id: berlin, name: 'berlin' },
      { id: madrid, name: 'madrid' },
    ]);
    await db.insert(groupMembers).values({ group: berlin, device: inside.id });
    expect(await deviceIsInGroups(db, inside.id, [madrid, berlin])).toBe(true);
    expect(await deviceIsInGroups(db, inside.id, ['berlin'])).toBe(true);
    expect(await deviceIsInGroups(db, inside.id, [madrid, 'nowhere'])).toBe(false);
    expect(await deviceIsInGroups(db, outside.id, [berlin, madrid])).toBe(false);
    expect(await deviceIsInGroups(db, inside.id, [])).toBe(false);
  });
});
