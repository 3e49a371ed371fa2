/** Gives a text to whoever looks, as a file of that name. */
export const saveText = (name: string, text: string | readonly string[], type: string): void => {
  const address = URL.createObjectURL(new Blob(typeof text === 'string' ? [text] : [...text], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
};
