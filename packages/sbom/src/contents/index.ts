/**
 * The files of an image: which component and layer put each there, what it replaced, how two images differ, and how
 * their sizes are laid out. Called by the API and the CLI; what it reads comes from a build and is checked.
 */
export {
  contentsTree,
  filesOf,
  findInContents,
  lookInto,
  nodeAt,
  parseContents,
  type TreeNode,
} from './contents-tree.ts';
export { differenceOfFiles } from './diff-files.ts';
export {
  explainPath,
  type ContentsOrigin,
  type Explanation,
  type Placed,
  type Replaced,
} from './explain-path.ts';
export { diffLines, showDiff, type DiffLine } from './line-diff.ts';
export { readContents, type Contents } from './read-contents.ts';
export { diffContents, diffSizes, type ContentsDiff, type SizeChange } from './diff-images.ts';
export { makeReport, type ReportInput } from './report.ts';
