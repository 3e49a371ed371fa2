/** Devices for integration tests of others. */
export { connectDevice, type ScriptedDevice } from './scripted-device.ts';
