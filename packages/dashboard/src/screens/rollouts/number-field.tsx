import { NumberInput } from '@mantine/core';
import type { Typed } from './draft.ts';

type NumberFieldProps = {
  readonly label: string;
  readonly value: Typed;
  readonly onChange: (value: Typed) => void;
  /** beside the number, such as `%` or `min` */
  readonly unit?: string;
  readonly description?: string;
  readonly placeholder?: string;
  readonly min?: number;
  readonly max?: number;
  readonly isDecimal?: boolean;
  readonly size?: 'xs' | 'sm';
};

/** A number with its unit, which may be left out. */
export const NumberField = ({
  label,
  value,
  onChange,
  unit,
  description,
  placeholder,
  min = 0,
  max,
  isDecimal = false,
  size = 'sm',
}: NumberFieldProps) => (
  <NumberInput
    label={label}
    description={description}
    placeholder={placeholder}
    value={value}
    onChange={(next) => onChange(next === '' || Number.isNaN(Number(next)) ? '' : Number(next))}
    allowDecimal={isDecimal}
    decimalScale={3}
    allowNegative={false}
    min={min}
    max={max}
    clampBehavior="blur"
    suffix={unit === undefined ? undefined : ` ${unit}`}
    thousandSeparator=","
    hideControls
    size={size}
  />
);
