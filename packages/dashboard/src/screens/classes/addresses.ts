/** Where a file of the image repository is edited. */
export const editorOf = (path: string): string => `/repository?file=${encodeURIComponent(path)}`;
