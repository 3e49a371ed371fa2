import { afterAll, beforeAll, describe } from 'vitest';
import { cancel } from './scenarios/cancel.ts';
import { connection } from './scenarios/connection.ts';
import { day } from './scenarios/day.ts';
import { editor } from './scenarios/editor.ts';
import { everyScreen } from './scenarios/every-screen.ts';
import { keyboard } from './scenarios/keyboard.ts';
import { people } from './scenarios/people.ts';
import { security } from './scenarios/security.ts';
import { session } from './scenarios/session.ts';
import { triggers } from './scenarios/triggers.ts';
import { openWorld, type World } from './world.ts';

let opened: World;
const world = (): World => opened;
beforeAll(async () => {
  opened = await openWorld();
});
afterAll(() => opened.close());

// In this order, in one server: what comes first leaves what the next ones look at.
describe('a day of work', () => {
  day(world);
});
describe('people and devices', () => {
  people(world);
});
describe('triggers', () => {
  triggers(world);
});
describe('a build that is given up', () => {
  cancel(world);
});
describe('the editor', () => {
  editor(world);
});
describe('the session', () => {
  session(world);
});
describe('the connection', () => {
  connection(world);
});
describe('the keyboard', () => {
  keyboard(world);
});
describe('every screen', () => {
  everyScreen(world);
});
describe('what keeps it safe', () => {
  security(world);
});
