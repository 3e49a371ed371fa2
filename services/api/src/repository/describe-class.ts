import { parseClassImage, type ClassFile, type ClassTexts, type Container } from '@slipway/image-spec';
import { messageOf, type DeviceClass, type DeviceClassDetail } from '@slipway/protocol';

type Texts = () => Promise<{ readonly name: string; readonly text: string }[]>;

/** What a class file and its image files say, for people. */
export const describeClass = async (
  deviceClass: DeviceClass,
  file: ClassFile,
  text: string,
  imageTexts: Texts,
): Promise<DeviceClassDetail> => {
  const { board, bootLoader, partitions, cmdline, drivers, secureBoot, qualification, needs, outputs } = file;
  const { signing, alsoTrusts } = file;
  return {
    ...deviceClass,
    board,
    bootLoader,
    partitions,
    cmdline,
    drivers: drivers ?? null,
    secureBoot,
    signing,
    alsoTrusts,
    qualification,
    needs,
    outputs,
    ...(await composition({ name: deviceClass.file, text }, imageTexts)),
  };
};

const named = (containers: readonly Container[]) =>
  containers.map(({ name, image }) => ({ name, image: image ?? '' }));

const composition = async (
  classFile: ClassTexts['classFile'],
  imageTexts: Texts,
): Promise<Pick<DeviceClassDetail, 'composition' | 'problem'>> => {
  try {
    const image = parseClassImage({ classFile, imageFiles: await imageTexts() }).spec;
    return {
      problem: null,
      composition: {
        kernel: image.kernel?.image ?? null,
        kernelCmdline: image.kernel?.cmdline ?? '',
        init: [...image.init],
        onboot: named(image.onboot),
        services: named(image.services),
        onshutdown: named(image.onshutdown),
        packages: Object.entries(image.packages).map(([name, { install }]) => ({
          name,
          install: [...install],
        })),
        files: image.files.map(({ path }) => path),
        modules: [...image.modules],
        agent: { enabled: image.agent.enabled, runtime: image.agent.runtime },
      },
    };
  } catch (error) {
    return { composition: null, problem: messageOf(error) };
  }
};
