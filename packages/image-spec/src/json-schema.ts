import { z } from 'zod';
import { ClassFile } from './class-file.ts';
import { ImageFileText } from './image-file.ts';

/** JSON Schemas for editors, written from the schemas that check. */
export const imageFileSchema = z.toJSONSchema(ImageFileText, { io: 'input' });
export const classFileSchema = z.toJSONSchema(ClassFile, { io: 'input' });
