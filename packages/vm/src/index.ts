/**
 * QEMU as the one driver of virtual devices, and what can be seen of a device from outside: its console and its disk
 * file. Used by `slipway run` and `slipway virtual-device`, the API, the demo and the system
 * tests. Nothing here needs root or a kernel module.
 */
export { ConsoleText } from './console.ts';
export { endWithUs, type Call } from './end-with-us.ts';
export { espList, espRead, espWrite } from './esp.ts';
export { freePort } from './free-port.ts';
export { findPartition, readGpt, type Partition } from './gpt.ts';
export { hashPartition } from './hash-partition.ts';
export { offerKeys } from './offer-keys.ts';
export { outputPipe, type OutputPipe } from './output-pipe.ts';
export { findImage, findKernel, type Image, type StartableImage } from './run/find-image.ts';
export { imageArch } from './run/image-arch.ts';
export { unpackImage, untar } from './run/unpack-image.ts';
export {
  copyDisk,
  makeVirtualDevice,
  readVirtualDevice,
  startVirtualDevice,
  virtualDeviceFiles,
  type VirtualDevicePower,
} from './virtual-device.ts';
export {
  requireQemu,
  startVm,
  type ConsoleWait,
  type Forward,
  type Relay,
  type SecureBoot,
  type Vm,
  type VmBoot,
  type VmOptions,
} from './vm.ts';
