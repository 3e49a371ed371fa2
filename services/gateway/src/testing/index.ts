/** Devices, and a server for them, for integration tests of others. */
export { runGateway } from './running-gateway.ts';
export { connectDevice, type ScriptedDevice } from './scripted-device.ts';
