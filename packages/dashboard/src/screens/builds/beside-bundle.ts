/**
 * What a build makes of the image beside the bundle, which it makes always, in words. Other formats of a disk are made of the
 * disk, so it is there with any of them.
 *
 * @param outputs of the class, or of the build
 */
export const besideBundle = (outputs: readonly string[]): string => {
  const disks = outputs.filter((output) => output !== 'bundle');
  if (disks.length === 0) return 'nothing';
  return ['disk', ...disks.filter((output) => output !== 'disk')].join(', ');
};
