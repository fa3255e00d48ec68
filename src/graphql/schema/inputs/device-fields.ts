import { Field, ID } from 'type-graphql';

// The fields that the inputs of a device have in common.

/** The field `serialNumber`. */
export function SerialNumberField(): ReturnType<typeof Field> {
  return Field(() => String, {
    nullable: true,
    description: 'Serial number: 1 to 64 printable ASCII characters, stored without blanks around it.',
  });
}

/** The field `mvnoAccount`. */
export function MvnoAccountField(): ReturnType<typeof Field> {
  return Field(() => ID, {
    nullable: true,
    description:
      'Id of the MVNO account that the device is linked to: 24 hex digits in any case. Only for models that take a SIM card.',
  });
}

/** The field `name`. @param more what null means */
export function NameField(more: string): ReturnType<typeof Field> {
  return Field(() => String, {
    nullable: true,
    description: `Name of the device: 1 to 100 characters, at least one that shows; stored composed (Unicode NFC) and without blanks around it. ${more}`,
  });
}

/** The field `notes`. */
export function NotesField(): ReturnType<typeof Field> {
  return Field(() => String, {
    nullable: true,
    description: 'Free text note field: at most 4096 characters.',
  });
}
