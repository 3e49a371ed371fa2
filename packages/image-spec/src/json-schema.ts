import { z } from 'zod';
import { ClassFile } from './class-file.ts';
import { ImageFileText } from './image-file.ts';

/** JSON Schemas for editors, written from the schemas that check; made when asked for, which is seldom. */
export const imageFileSchema = () => ({
  title: 'Slipway image file',
  ...z.toJSONSchema(ImageFileText, { io: 'input' }),
});
export const classFileSchema = () => ({
  title: 'Slipway device class',
  ...z.toJSONSchema(ClassFile, { io: 'input' }),
});
