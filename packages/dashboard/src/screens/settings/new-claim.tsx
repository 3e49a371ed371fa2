import { Checkbox, Group, NumberInput, Select, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { ClaimCreate, type ClaimToken } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api.ts';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { useAction } from '../../parts/use-action.ts';

const LIVES = [
  { value: '3600', label: 'an hour' },
  { value: '86400', label: 'a day' },
  { value: '604800', label: 'a week' },
  { value: '2592000', label: '30 days' },
  { value: '31536000', label: 'a year' },
];

type Values = {
  deviceClass: string;
  uses: number;
  deviceId: string;
  idPattern: string;
  approval: boolean;
  registeredOnly: boolean;
  note: string;
  ttl: string;
};
const EMPTY: Values = {
  deviceClass: '',
  uses: 1,
  deviceId: '',
  idPattern: '',
  approval: false,
  registeredOnly: false,
  note: '',
  ttl: '86400',
};

const toBody = (values: Values) => ({
  deviceClass: values.deviceClass,
  uses: values.uses,
  ttl: Number(values.ttl),
  approval: values.approval ? ('required' as const) : ('none' as const),
  registeredOnly: values.registeredOnly,
  ...(values.uses === 1 && values.deviceId !== '' ? { deviceId: values.deviceId } : {}),
  ...(values.uses > 1 && values.idPattern !== '' ? { idPattern: values.idPattern } : {}),
  ...(values.note === '' ? {} : { note: values.note }),
});

type NewClaimProps = {
  readonly isOpen: boolean;
  readonly close: () => void;
  /** with its token, told this once */
  readonly made: (claim: ClaimToken) => void;
};

export const NewClaim = ({ isOpen, close, made }: NewClaimProps) => {
  const classes = useQuery({
    queryKey: ['classes', 'list'],
    queryFn: ({ signal }) => api.deviceClasses.list({ signal }),
    enabled: isOpen,
  });
  const form = useForm<Values>({
    initialValues: EMPTY,
    validate: (values) => {
      const { error } = ClaimCreate.safeParse(toBody(values));
      return Object.fromEntries((error?.issues ?? []).map(({ path, message }) => [String(path[0]), message]));
    },
  });
  const make = useAction({
    run: (values: Values) => api.claims.create(toBody(values)),
    stale: ['claims'],
    onDone: (claim) => {
      form.reset();
      close();
      made(claim);
    },
  });
  return (
    <FormDialog
      title="New claim token"
      isOpen={isOpen}
      close={close}
      onSubmit={form.onSubmit((values) => make.mutate(values))}
      action="Make the token"
      isBusy={make.isPending}
      size="lg"
    >
      <Select
        label="Device class"
        required
        data={classes.data?.map(({ name, arch }) => ({ value: name, label: `${name} (${arch})` })) ?? []}
        data-autofocus
        {...form.getInputProps('deviceClass')}
      />
      <Group grow align="flex-start">
        <NumberInput
          label="For how many devices"
          min={1}
          max={100_000}
          allowDecimal={false}
          {...form.getInputProps('uses')}
        />
        <Select label="Good for" data={LIVES} allowDeselect={false} {...form.getInputProps('ttl')} />
      </Group>
      {form.values.uses === 1 ? (
        <TextInput
          label="Id of the device"
          description="Empty: the server makes one. That of a device which is there lets it enrol anew, with a new key."
          placeholder="gate-17"
          {...form.getInputProps('deviceId')}
        />
      ) : (
        <TextInput
          label="What ids look like"
          description="Empty: random ones. {serial} is the serial number, {n:4} counts."
          placeholder="gw-{serial}"
          {...form.getInputProps('idPattern')}
        />
      )}
      <Checkbox
        label="Devices wait until an operator accepts them"
        {...form.getInputProps('approval', { type: 'checkbox' })}
      />
      <Checkbox
        label="Only devices that were registered before"
        description="By serial number or key, such as a list from the production line"
        {...form.getInputProps('registeredOnly', { type: 'checkbox' })}
      />
      <TextInput label="What it is for" placeholder="lot 7" {...form.getInputProps('note')} />
    </FormDialog>
  );
};
